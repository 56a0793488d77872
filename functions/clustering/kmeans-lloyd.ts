import type { Kernels } from '../kernels/instance.ts';
import { createState, type KMeansState, placeCenters } from './kmeans-state.ts';
import type { PackedMatrix } from './packed-matrix.ts';
import { relocateEmptyClusters } from './relocate-empty-clusters.ts';

/** Blocks per kernel call: V8 compiles a WASM function to fast code only between calls, so calls stay short. */
export const CHUNK_BLOCKS = 2048;
/** Clocks are compared in float32: rounding up by this much keeps the bounds right. */
const ROUND_UP = 1 + 1e-6;

export interface LloydOptions {
  readonly maxIter: number;
  /** Stops when the squared movement of all centers is at most tol × the mean variance of the columns. */
  readonly tol: number;
  /** Whether to go on by single moves (Hartigan) until none lowers the inertia. */
  readonly improve: boolean;
}

/** A fit in packed units, clusters in the order of the initial centers. */
export interface LloydFit {
  /** Per sample, in row order. */
  readonly labels: Int32Array;
  /** nClusters × nFeatures. */
  readonly centers: Float64Array;
  readonly sizes: Int32Array;
  readonly inertia: number;
  readonly iterations: number;
}

/**
 * Lloyd's k-means from given centers: the labels, centers and number of iterations of the plain float64 algorithm,
 * computing only the distances its bounds leave open. Stops as scikit-learn does: when no label changes, or the centers
 * move by no more than the tolerance (labels are then brought up to date once more), or after maxIter iterations.
 * With `improve` the tolerance is not used: each fixed point is followed by single moves that lower the inertia, and by
 * further iterations, until there is no such move; the end is a fixed point of Lloyd's algorithm too, and never a worse.
 */
export function lloyd(
  kernels: Kernels,
  packed: PackedMatrix,
  initial: Float64Array,
  nClusters: number,
  options: LloydOptions,
): LloydFit {
  return kernels.memory.scope(() => {
    const state = createState(kernels, packed, nClusters);
    const { address, sums, counts } = state;
    const { kmeans_assign_f32, kmeans_accumulate_f32, kmeans_reassign_f32, kmeans_improve_f32 } =
      kernels.exports;
    const everyBlock = (call: (first: number, last: number) => number | undefined): number => {
      let total = 0;
      for (let first = 0; first < packed.nBlocks; first += CHUNK_BLOCKS) {
        total += call(first, Math.min(packed.nBlocks, first + CHUNK_BLOCKS)) ?? 0;
      }
      return total;
    };
    const movement = new CenterMovement(nClusters);
    let centers: Float64Array = initial.slice();
    placeCenters(state, centers);
    everyBlock((first, last) => {
      kmeans_assign_f32(address, first, last, 1);
      kmeans_accumulate_f32(address, first, last);
      return 0;
    });
    const tolerance = options.improve ? -1 : options.tol * meanVariance(packed, sums, nClusters);
    /** Moves the centers to the means; returns the squared movement. */
    const update = () => {
      relocateEmptyClusters(packed, state);
      const next = means(sums, counts, packed.nFeatures);
      const shift = movement.advance(state, centers, next);
      centers = next;
      placeCenters(state, centers);
      return shift;
    };
    const reassign = () => everyBlock((first, last) => kmeans_reassign_f32(address, first, last));
    let iterations = 1;
    /** Whether it ended at a fixed point: no label changes for the means of the labels. */
    const converge = (): boolean => {
      while (update() > tolerance && iterations < options.maxIter) {
        iterations++;
        if (reassign() === 0) return true;
      }
      return false;
    };
    const improve = (): number => {
      const smallest = Math.max(1, Math.min(...counts));
      return everyBlock((first, last) => kmeans_improve_f32(address, first, last, smallest));
    };
    let settled = converge();
    while (settled && options.improve && iterations < options.maxIter && improve() > 0) {
      iterations++;
      settled = converge();
    }
    if (!settled) reassign();
    return {
      labels: rowLabels(state, packed.nSamples),
      centers,
      sizes: counts.slice() as unknown as Int32Array,
      inertia: inertia(packed, state, centers),
      iterations,
    };
  });
}

/** Drift of the centers since the start, as clocks per cluster; see `KMeansState.clocks`. */
class CenterMovement {
  readonly #clocks: Float64Array;

  constructor(nClusters: number) {
    this.#clocks = new Float64Array(nClusters);
  }

  /** Adds the step from `before` to `after` to the clocks; returns its squared length over all centers. */
  advance(state: KMeansState, before: Float64Array, after: Float64Array): number {
    const { nClusters, nFeatures } = state;
    const drift = new Float64Array(nClusters);
    let shift = 0;
    let farthest = -1;
    let largest = 0;
    let second = 0;
    for (let c = 0; c < nClusters; c++) {
      let square = 0;
      for (let at = c * nFeatures; at < (c + 1) * nFeatures; at++) square += (after[at]! - before[at]!) ** 2;
      shift += square;
      const moved = Math.sqrt(square);
      drift[c] = moved;
      if (moved > largest) {
        second = largest;
        largest = moved;
        farthest = c;
      } else if (moved > second) second = moved;
    }
    for (let c = 0; c < nClusters; c++) {
      this.#clocks[c]! += drift[c]! + (c === farthest ? second : largest);
      state.clocks[c] = this.#clocks[c]! * ROUND_UP;
    }
    return shift;
  }
}

function means(sums: Float64Array, counts: Int32Array, nFeatures: number): Float64Array {
  return Float64Array.from(sums, (sum, at) => sum / counts[Math.floor(at / nFeatures)]!);
}

/** Mean over the columns of their population variance, from the clusters' sums. */
function meanVariance(packed: PackedMatrix, sums: Float64Array, nClusters: number): number {
  const { nSamples, nFeatures } = packed;
  let squaredMeans = 0;
  for (let j = 0; j < nFeatures; j++) {
    let sum = 0;
    for (let c = 0; c < nClusters; c++) sum += sums[c * nFeatures + j]!;
    squaredMeans += (sum / nSamples) ** 2;
  }
  return Math.max(0, packed.sumOfSquares / nSamples - squaredMeans) / nFeatures;
}

function rowLabels(state: KMeansState, nSamples: number): Int32Array {
  const labels = new Int32Array(nSamples);
  for (let slot = 0; slot < state.nSlots; slot++) {
    const row = state.rows[slot]!;
    if (row >= 0) labels[row] = state.labels[slot]!;
  }
  return labels;
}

/**
 * Sum of squared distances to the centers, from the sums alone: Σ|x|² − Σ_c (2 S_c·c − n_c |c|²). Where that cancels
 * to less than a millionth, summed sample by sample.
 */
function inertia(packed: PackedMatrix, state: KMeansState, centers: Float64Array): number {
  const { nFeatures, nClusters, sums, counts } = state;
  let explained = 0;
  for (let c = 0; c < nClusters; c++) {
    for (let at = c * nFeatures; at < (c + 1) * nFeatures; at++) {
      explained += (2 * sums[at]! - counts[c]! * centers[at]!) * centers[at]!;
    }
  }
  const value = packed.sumOfSquares - explained;
  return value > 1e-6 * packed.sumOfSquares ? value : inertiaBySample(packed, state, centers);
}

function inertiaBySample(packed: PackedMatrix, state: KMeansState, centers: Float64Array): number {
  const { nFeatures } = packed;
  let total = 0;
  for (let slot = 0; slot < state.nSlots; slot++) {
    if (state.rows[slot]! < 0) continue;
    const block = (slot >> 3) * nFeatures * 8 + (slot & 7);
    const center = state.labels[slot]! * nFeatures;
    for (let j = 0; j < nFeatures; j++) total += (packed.blocks[block + j * 8]! - centers[center + j]!) ** 2;
  }
  return total;
}
