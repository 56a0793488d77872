import type { Kernels } from '../kernels/instance.ts';
import type { KernelU16 } from '../kernels/memory.ts';
import { CenterMovement } from './center-movement.ts';
import { alone, type Crew, callSamples } from './crew.ts';
import { FixedRows } from './fixed-rows.ts';
import { KMeansMembers } from './kmeans-members.ts';
import { inertia, means, meanVariance, totalWeight, unexplained } from './kmeans-moments.ts';
import { PassChoice } from './kmeans-passes.ts';
import {
  createState,
  type KMeansState,
  keepBounds,
  lookAtAllBlocks,
  placeCenters,
  suitsBounds,
  type WorkDone,
  workDone,
} from './kmeans-state.ts';
import type { PlacedRows } from './placed-rows.ts';
import { relocateEmptyClusters } from './relocate-empty-clusters.ts';
import { SortedRows } from './sorted-rows.ts';

/** The pass over some samples at which it shows whether leaving out far centers alone leaves out enough, and how much is. */
const JUDGED_AT = 2;
const FAR_ENOUGH = 0.5;

export interface LloydOptions {
  readonly maxIter: number;
  /** Stops when the squared movement of all centers is at most tol × the mean variance of the columns. */
  readonly tol: number;
  /** Whether to go on by single moves (Hartigan) until none lowers the inertia. */
  readonly improve: boolean;
  /** Centers are brought to length 1 after every update (spherical k-means); rows must have length 1. */
  readonly spherical?: boolean;
  /** One per sample, above 0; all 1 when left out. Not together with `improve`. */
  readonly weights?: Float64Array | undefined;
}

/** A fit in placed units, clusters in the order of the initial centers. */
export interface LloydFit {
  /** Per sample; where `lloyd` was told to leave them. */
  readonly labels: Uint16Array;
  /** nClusters × nFeatures. */
  readonly centers: Float64Array;
  readonly sizes: Int32Array;
  readonly inertia: number;
  readonly iterations: number;
  readonly work: FitWork;
}

/** What a fit computed, as far as its bounds left it to do; a little more or less with every number of threads. */
export interface FitWork {
  /** Distances of a row to a center. */
  readonly distances: number;
  /** Rows decided again, each as often as it was. */
  readonly rowsDecided: number;
}

/** Rows that the kernels decide at once, and centers they compare them with at once. */
const TILE_ROWS = 8;
const TILE_CENTERS = 4;

/**
 * Lloyd's k-means from given centers: the labels, centers and number of iterations of the plain float64 algorithm,
 * computing only the distances its bounds leave open. Stops as scikit-learn does: when no label changes, or the centers
 * move by no more than the tolerance (labels are then brought up to date once more), or after maxIter iterations.
 * With `improve` the tolerance is not used: each fixed point is followed by single moves that lower the inertia, and by
 * further iterations, until there is no such move; the end is a fixed point of Lloyd's algorithm too, and never a worse.
 * @param labels where the labels come to be, see `labelSpace`; a new array of theirs when left out
 */
export function lloyd(
  kernels: Kernels,
  placed: PlacedRows,
  initial: Float64Array,
  nClusters: number,
  options: LloydOptions,
  crew: Crew = alone(kernels),
  labels?: KernelU16,
): LloydFit {
  return kernels.memory.scope(() => {
    const { exports } = kernels;
    const state = createState(kernels, placed, nClusters, options.weights, labels);
    const { address, counts } = state;
    const samplesPerCall = callSamples(state.nSamples);
    const movement = new CenterMovement(state);
    const members = new KMeansMembers(kernels, state, shares(options) ? crew : alone(kernels));
    const sorted =
      !options.improve && SortedRows.suits(state) ? new SortedRows(kernels, state, members) : undefined;
    let centers: Float64Array = options.spherical ? onSphere(placed, initial) : initial.slice();
    placeCenters(state, centers);
    /** Σ|x|² over the samples, by weight. */
    const squares = members.pass('kmeans_assign_f32');
    const passes = new PassChoice(state, unexplained(state, squares, centers) / totalWeight(state));
    const tolerance = options.improve ? -1 : options.tol * meanVariance(state, squares);
    /** Moves the centers to the means; returns the squared movement. */
    const update = (): number => {
      if (counts.includes(0)) {
        sorted?.restore();
        relocateEmptyClusters(state);
      }
      const next = options.spherical ? onSphere(placed, means(state)) : means(state);
      const shift = movement.advance(state, next);
      centers = next;
      placeCenters(state, centers);
      return shift;
    };
    /** Brings the labels up to date; returns how many changed. */
    const reassign = (): number => {
      passes.choose();
      const before = workDone(state);
      if (passes.isDense) {
        lookAtAllBlocks(state);
        if (passes.keepsAllGaps) movement.chooseShells(state);
        // Packed rows and their norms are in the order of the table.
        sorted?.restore();
        const argsOf = (member: number, first: number, last: number) => {
          const keepsGaps = passes.keepsGaps(first / samplesPerCall);
          return [members.addressOf(member), first, last, Number(keepsGaps)];
        };
        if (passes.isFixed) fixed ??= new FixedRows(kernels, state);
        const changed = passes.isFixed
          ? fixed!.reassign(members, argsOf)
          : members.pass('kmeans_dense_f32', argsOf);
        passes.learn(before, workDone(state));
        return changed;
      }
      if (state.hasOrder) exports.kmeans_order_f32(address);
      const changed = sorted?.reassign(passes.leavesOutBlocks) ?? reassignInOrder();
      passes.learn(before, workDone(state));
      judgeBounds(before);
      if (changed > 0 && !passes.isDense) sorted?.sortIfItPays();
      return changed;
    };
    const reassignInOrder = (): number => {
      const changed = members.reassign(passes.leavesOutBlocks);
      return changed + members.flush();
    };
    let fixed: FixedRows | undefined;
    let prunedPasses = 0;
    /** After some passes it shows whether leaving out far centers alone leaves out enough. */
    const judgeBounds = (before: WorkDone): void => {
      prunedPasses++;
      if (prunedPasses !== JUDGED_AT || !boundsPay(state, before)) return;
      sorted?.restore();
      keepBounds(kernels, state);
    };
    const improve = (): number => {
      lookAtAllBlocks(state);
      const smallest = Math.max(1, Math.min(...counts));
      return members.pass('kmeans_improve_f32', (_, first, last) => [address, first, last, smallest]);
    };
    let iterations = 1;
    /** Whether it ended at a fixed point: no label changes for the means of the labels. */
    const converge = (): boolean => {
      while (update() > tolerance && iterations < options.maxIter) {
        iterations++;
        if (reassign() === 0) return true;
      }
      return false;
    };
    let settled = converge();
    while (settled && options.improve && iterations < options.maxIter && improve() > 0) {
      iterations++;
      settled = converge();
    }
    if (!settled) reassign();
    sorted?.restore();
    const { tiles, decisions } = workDone(state);
    return {
      work: { distances: tiles * TILE_ROWS * TILE_CENTERS, rowsDecided: decisions * TILE_ROWS },
      inertia: inertia(state, squares, centers),
      // Last: no kernel can use the state after it.
      labels: labels ? clusters(state) : new Uint16Array(clusters(state)),
      centers,
      sizes: Int32Array.from(counts),
      iterations,
    };
  });
}

/** Whether members may share a fit: weighted sums hang on the order, single moves on each other. */
export function shares({ improve, weights }: LloydOptions): boolean {
  return !improve && !weights;
}

function boundsPay(state: KMeansState, before: WorkDone): boolean {
  const { tiles, decisions } = workDone(state);
  const groupsComputed = (tiles - before.tiles) / (decisions - before.decisions);
  return suitsBounds(state) && groupsComputed > FAR_ENOUGH * state.nGroups;
}

/** The labels as plain clusters, where they are. */
function clusters({ kernels, address, nSamples, labels }: KMeansState): KernelU16 {
  kernels.exports.kmeans_clusters_u16(address);
  return labels.subarray(0, nSamples) as KernelU16;
}

/** Centers of length 1 in the data's units; one at the origin has no direction and stays. */
function onSphere({ nFeatures, offset, scale }: PlacedRows, centers: Float64Array): Float64Array {
  const moved = centers.slice();
  for (let first = 0; first < centers.length; first += nFeatures) {
    let square = 0;
    for (let j = 0; j < nFeatures; j++) square += (centers[first + j]! / scale + offset[j]!) ** 2;
    if (square === 0) continue;
    const length = Math.sqrt(square);
    for (let j = 0; j < nFeatures; j++) {
      moved[first + j] = ((centers[first + j]! / scale + offset[j]!) / length - offset[j]!) * scale;
    }
  }
  return moved;
}
