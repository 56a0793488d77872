import type { Kernels } from '../kernels/instance.ts';
import { CenterMovement } from './center-movement.ts';
import { createState, type KMeansState, keepBounds, placeCenters, SHELLS, workDone } from './kmeans-state.ts';
import type { PlacedRows } from './placed-rows.ts';
import { relocateEmptyClusters } from './relocate-empty-clusters.ts';

/** Samples per kernel call: V8 compiles a WASM function to fast code only between calls, so calls stay short. */
export const CALL_SAMPLES = 16_384;
/** Bounds per group of centers pay where distances are long sums and there are many of them to leave out. */
const BOUNDS_FROM_FEATURES = 16;
const BOUNDS_FROM_GROUPS = 8;
/** The iteration at which it shows whether leaving out far centers alone leaves out enough, and how much is enough. */
const JUDGED_AT = 6;
const FAR_ENOUGH = 0.5;

export interface LloydOptions {
  readonly maxIter: number;
  /** Stops when the squared movement of all centers is at most tol × the mean variance of the columns. */
  readonly tol: number;
  /** Whether to go on by single moves (Hartigan) until none lowers the inertia. */
  readonly improve: boolean;
}

/** A fit in placed units, clusters in the order of the initial centers. */
export interface LloydFit {
  /** Per sample. */
  readonly labels: Uint16Array;
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
  placed: PlacedRows,
  initial: Float64Array,
  nClusters: number,
  options: LloydOptions,
): LloydFit {
  return kernels.memory.scope(() => {
    const { exports } = kernels;
    const { nSamples } = placed;
    const state = createState(kernels, placed, nClusters);
    const { address, counts } = state;
    const movement = new CenterMovement(state);
    const sumOf = (call: (first: number, last: number) => number): number => {
      let total = 0;
      for (let first = 0; first < nSamples; first += CALL_SAMPLES) {
        total += call(first, Math.min(nSamples, first + CALL_SAMPLES));
      }
      return total;
    };
    let centers: Float64Array = initial.slice();
    placeCenters(state, centers);
    for (let first = 0; first < nSamples; first += CALL_SAMPLES) {
      exports.kmeans_assign_f32(address, first, Math.min(nSamples, first + CALL_SAMPLES));
    }
    const tolerance = options.improve ? -1 : options.tol * meanVariance(placed, state);
    /** Moves the centers to the means; returns the squared movement. */
    const update = (): number => {
      relocateEmptyClusters(state);
      const next = means(state);
      const shift = movement.advance(state, centers, next);
      centers = next;
      placeCenters(state, centers);
      return shift;
    };
    /** Brings the labels up to date; returns how many changed. */
    const reassign = (): number => {
      if (state.hasOrder) exports.kmeans_order_f32(address);
      const changed = sumOf((first, last) => exports.kmeans_reassign_f32(address, first, last));
      return changed + exports.kmeans_flush_f32(address);
    };
    const improve = (): number => {
      const smallest = Math.max(1, Math.min(...counts));
      return sumOf((first, last) => exports.kmeans_improve_f32(address, first, last, smallest));
    };
    let iterations = 1;
    /** Whether it ended at a fixed point: no label changes for the means of the labels. */
    const converge = (): boolean => {
      while (update() > tolerance && iterations < options.maxIter) {
        iterations++;
        const before = workDone(state);
        if (reassign() === 0) return true;
        if (iterations === JUDGED_AT && boundsPay(state, before)) keepBounds(kernels, state);
      }
      return false;
    };
    let settled = converge();
    while (settled && options.improve && iterations < options.maxIter && improve() > 0) {
      iterations++;
      settled = converge();
    }
    if (!settled) reassign();
    return {
      labels: clusterLabels(state),
      centers,
      sizes: Int32Array.from(counts),
      inertia: inertia(placed, state, centers),
      iterations,
    };
  });
}

function boundsPay(state: KMeansState, before: { tiles: number; decisions: number }): boolean {
  const { tiles, decisions } = workDone(state);
  const groupsComputed = (tiles - before.tiles) / (decisions - before.decisions);
  return (
    state.nFeatures >= BOUNDS_FROM_FEATURES &&
    state.nGroups >= BOUNDS_FROM_GROUPS &&
    groupsComputed > FAR_ENOUGH * state.nGroups
  );
}

function clusterLabels({ nSamples, labels }: KMeansState): Uint16Array {
  const clusters = new Uint16Array(nSamples);
  for (let sample = 0; sample < nSamples; sample++) clusters[sample] = labels[sample]! >> 2;
  return clusters;
}

function means({ nClusters, nFeatures, sums, sumsWidth, counts }: KMeansState): Float64Array {
  const centers = new Float64Array(nClusters * nFeatures);
  for (let c = 0; c < nClusters; c++) {
    for (let j = 0; j < nFeatures; j++) centers[c * nFeatures + j] = sums[c * sumsWidth + j]! / counts[c]!;
  }
  return centers;
}

/** Mean over the columns of their population variance, from the clusters' sums. */
function meanVariance({ nSamples, nFeatures, sumOfSquares }: PlacedRows, state: KMeansState): number {
  let squaredMeans = 0;
  for (let j = 0; j < nFeatures; j++) {
    let sum = 0;
    for (let c = 0; c < state.nClusters; c++) sum += state.sums[c * state.sumsWidth + j]!;
    squaredMeans += (sum / nSamples) ** 2;
  }
  return Math.max(0, sumOfSquares / nSamples - squaredMeans) / nFeatures;
}

/**
 * Sum of squared distances to the centers, from the sums alone: Σ|x|² − Σ_c (2 S_c·c − n_c |c|²). Where that cancels
 * to less than a millionth, summed sample by sample.
 */
function inertia(placed: PlacedRows, state: KMeansState, centers: Float64Array): number {
  const { nFeatures, nClusters, sums, sumsWidth, counts } = state;
  let explained = 0;
  for (let c = 0; c < nClusters; c++) {
    for (let j = 0; j < nFeatures; j++) {
      const center = centers[c * nFeatures + j]!;
      explained += (2 * sums[c * sumsWidth + j]! - counts[c]! * center) * center;
    }
  }
  const value = placed.sumOfSquares - explained;
  return value > 1e-6 * placed.sumOfSquares ? value : inertiaBySample(state, centers);
}

function inertiaBySample({ nSamples, nFeatures, rows, labels }: KMeansState, centers: Float64Array): number {
  let total = 0;
  for (let sample = 0; sample < nSamples; sample++) {
    const center = Math.floor(labels[sample]! / SHELLS) * nFeatures;
    for (let j = 0; j < nFeatures; j++) total += (rows[sample * nFeatures + j]! - centers[center + j]!) ** 2;
  }
  return total;
}
