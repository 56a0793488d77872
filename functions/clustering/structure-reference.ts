import type { Matrix } from '../arrow/matrix.ts';
import type { Random } from '../stats/random.ts';

/** Draws one table without clusters, of the shape of the data. */
export type Reference = (random: Random) => Matrix;

/**
 * Uniform rows in the smallest box around the data along its principal axes: of all shapes without clusters the one
 * that looks most clustered (Tibshirani, Walther & Hastie 2001, reference b).
 */
export function uniformReference({ nSamples, nFeatures, values }: Matrix): Reference {
  const mean = new Float64Array(nFeatures);
  for (let at = 0; at < values.length; at++) mean[at % nFeatures]! += values[at]! / nSamples;
  const axes = principalAxes(covariance({ nSamples, nFeatures, values }, mean), nFeatures);
  const low = new Float64Array(nFeatures).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(nFeatures).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < nSamples; row++) {
    for (let axis = 0; axis < nFeatures; axis++) {
      let along = 0;
      for (let j = 0; j < nFeatures; j++) {
        along += (values[row * nFeatures + j]! - mean[j]!) * axes[j * nFeatures + axis]!;
      }
      low[axis] = Math.min(low[axis]!, along);
      high[axis] = Math.max(high[axis]!, along);
    }
  }
  return (random) => {
    const drawn = new Float32Array(values.length);
    const along = new Float64Array(nFeatures);
    for (let row = 0; row < nSamples; row++) {
      for (let axis = 0; axis < nFeatures; axis++) {
        along[axis] = low[axis]! + random.uniform() * (high[axis]! - low[axis]!);
      }
      for (let j = 0; j < nFeatures; j++) {
        let value = mean[j]!;
        for (let axis = 0; axis < nFeatures; axis++) value += along[axis]! * axes[j * nFeatures + axis]!;
        drawn[row * nFeatures + j] = value;
      }
    }
    return { nSamples, nFeatures, values: drawn };
  };
}

/** The data with every column shuffled by itself: each keeps its shape, and nothing ties them together. */
export function independentReference({ nSamples, nFeatures, values }: Matrix): Reference {
  return (random) => {
    const drawn = new Float32Array(values.length);
    for (let j = 0; j < nFeatures; j++) {
      const order = random.fork(j).shuffle(Int32Array.from({ length: nSamples }, (_, row) => row));
      for (let row = 0; row < nSamples; row++) {
        drawn[row * nFeatures + j] = values[order[row]! * nFeatures + j]!;
      }
    }
    return { nSamples, nFeatures, values: drawn };
  };
}

function covariance({ nSamples, nFeatures, values }: Matrix, mean: Float64Array): Float64Array {
  const products = new Float64Array(nFeatures ** 2);
  for (let row = 0; row < nSamples; row++) {
    for (let a = 0; a < nFeatures; a++) {
      const deviation = values[row * nFeatures + a]! - mean[a]!;
      for (let b = a; b < nFeatures; b++) {
        products[a * nFeatures + b]! += deviation * (values[row * nFeatures + b]! - mean[b]!);
      }
    }
  }
  for (let a = 0; a < nFeatures; a++) {
    for (let b = 0; b < a; b++) products[a * nFeatures + b] = products[b * nFeatures + a]!;
  }
  return products;
}

/** Sweeps over all pairs of axes; each squares the error, so few are needed. */
const SWEEPS = 30;

/**
 * Eigenvectors of a symmetric matrix, one per column, by cyclic Jacobi rotations (Golub & Van Loan, "Matrix
 * computations", §8.5).
 */
export function principalAxes(symmetric: Float64Array, n: number): Float64Array {
  const a = symmetric.slice();
  const axes = new Float64Array(n * n);
  for (let i = 0; i < n; i++) axes[i * n + i] = 1;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const off = a[p * n + q]!;
        if (Math.abs(off) <= 1e-15 * Math.sqrt(Math.abs(a[p * n + p]! * a[q * n + q]!))) continue;
        rotated = true;
        const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * off);
        const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const cosine = 1 / Math.sqrt(tangent * tangent + 1);
        const sine = tangent * cosine;
        for (let k = 0; k < n; k++) rotate(a, k * n + p, k * n + q, cosine, sine);
        for (let k = 0; k < n; k++) rotate(a, p * n + k, q * n + k, cosine, sine);
        for (let k = 0; k < n; k++) rotate(axes, k * n + p, k * n + q, cosine, sine);
      }
    }
    if (!rotated) break;
  }
  return axes;
}

function rotate(values: Float64Array, p: number, q: number, cosine: number, sine: number): void {
  const x = values[p]!;
  const y = values[q]!;
  values[p] = cosine * x - sine * y;
  values[q] = sine * x + cosine * y;
}
