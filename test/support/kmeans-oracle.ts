import type { Matrix } from '../../functions/arrow/matrix.ts';

/** Nearest center in float64, lowest index of equal distances. */
export function nearest(data: Matrix, row: number, centers: Float64Array): { label: number; square: number } {
  const d = data.nFeatures;
  let label = 0;
  let square = Number.POSITIVE_INFINITY;
  for (let c = 0; c < centers.length / d; c++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (data.values[row * d + j]! - centers[c * d + j]!) ** 2;
    if (sum < square) {
      square = sum;
      label = c;
    }
  }
  return { label, square };
}

/** Lloyd's algorithm as the textbook has it, in float64, with scikit-learn's rules for stopping. No empty clusters. */
export function lloydOracle(data: Matrix, initial: Float64Array, maxIter = 300, tol = 0) {
  const { nSamples, nFeatures: d } = data;
  const k = initial.length / d;
  let centers = initial.slice();
  let labels = new Int32Array(nSamples).fill(-1);
  const tolerance = tol * meanVariance(data);
  let iterations = 0;
  let strict = false;
  while (iterations < maxIter) {
    iterations++;
    const next = Int32Array.from(labels, (_, row) => nearest(data, row, centers).label);
    const sums = new Float64Array(k * d);
    const counts = new Int32Array(k);
    next.forEach((label, row) => {
      counts[label]!++;
      for (let j = 0; j < d; j++) sums[label * d + j]! += data.values[row * d + j]!;
    });
    strict = next.every((label, row) => label === labels[row]);
    labels = next;
    if (strict) break;
    const moved = sums.map((sum, at) => sum / counts[Math.floor(at / d)]!);
    const shift = moved.reduce((sum, x, at) => sum + (x - centers[at]!) ** 2, 0);
    centers = moved;
    if (shift <= tolerance) break;
  }
  if (!strict) labels = Int32Array.from(labels, (_, row) => nearest(data, row, centers).label);
  return { labels, centers, iterations, inertia: inertiaOf(data, labels, centers) };
}

export function inertiaOf(data: Matrix, labels: Int32Array, centers: Float64Array): number {
  const d = data.nFeatures;
  let total = 0;
  labels.forEach((label, row) => {
    for (let j = 0; j < d; j++) total += (data.values[row * d + j]! - centers[label * d + j]!) ** 2;
  });
  return total;
}

function meanVariance({ nSamples, nFeatures, values }: Matrix): number {
  let total = 0;
  for (let j = 0; j < nFeatures; j++) {
    let mean = 0;
    for (let i = 0; i < nSamples; i++) mean += values[i * nFeatures + j]! / nSamples;
    for (let i = 0; i < nSamples; i++) total += (values[i * nFeatures + j]! - mean) ** 2 / nSamples;
  }
  return total / nFeatures;
}

/** Mean silhouette by its definition, in float64. */
export function silhouetteOracle(data: Matrix, labels: Int32Array, k: number): number {
  const { nSamples, nFeatures: d, values } = data;
  const sizes = new Int32Array(k);
  for (const label of labels) sizes[label]!++;
  let total = 0;
  for (let i = 0; i < nSamples; i++) {
    if (sizes[labels[i]!] === 1) continue;
    const sums = new Float64Array(k);
    for (let other = 0; other < nSamples; other++) {
      let square = 0;
      for (let j = 0; j < d; j++) square += (values[i * d + j]! - values[other * d + j]!) ** 2;
      sums[labels[other]!]! += Math.sqrt(square);
    }
    const inside = sums[labels[i]!]! / (sizes[labels[i]!]! - 1);
    let outside = Number.POSITIVE_INFINITY;
    for (let c = 0; c < k; c++) {
      if (c !== labels[i] && sizes[c]! > 0) outside = Math.min(outside, sums[c]! / sizes[c]!);
    }
    if (Math.max(inside, outside) > 0) total += (outside - inside) / Math.max(inside, outside);
  }
  return total / nSamples;
}

/** Davies-Bouldin by its definition, in float64. */
export function daviesBouldinOracle(data: Matrix, labels: Int32Array, k: number): number {
  const d = data.nFeatures;
  const members = Array.from({ length: k }, (_, c) => [...labels.keys()].filter((i) => labels[i] === c));
  const row = (i: number) => Array.from({ length: d }, (_, j) => data.values[i * d + j]!);
  const distance = (a: number[], b: number[]) => Math.sqrt(a.reduce((s, x, j) => s + (x - b[j]!) ** 2, 0));
  const centers = members.map((rows) =>
    Array.from({ length: d }, (_, j) => rows.reduce((s, i) => s + row(i)[j]!, 0) / rows.length),
  );
  const spread = members.map(
    (rows, c) => rows.reduce((s, i) => s + distance(row(i), centers[c]!), 0) / rows.length,
  );
  const worst = centers.map((a, i) =>
    Math.max(
      ...centers.map((b, other) => (i === other ? 0 : (spread[i]! + spread[other]!) / distance(a, b))),
    ),
  );
  return worst.reduce((s, x) => s + x, 0) / k;
}
