import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { knee } from './dbscan-eps.ts';
import {
  buildNeighborTree,
  checkRows,
  FLOAT32_ROUNDING,
  type RowScaling,
  type Rows,
  type SplitTree,
  scalingOf,
} from './neighbor-tree.ts';

export interface DbscanOptions {
  /** Radius of a neighbourhood, in the units of the rows; `auto` takes the knee of the k-distance curve. */
  readonly eps: number | 'auto';
  /** Rows within eps, itself included, that make a row core; from 1. */
  readonly minSamples: number;
  /** Also measure how far every noise row is from the nearest core row. */
  readonly noiseDistances?: boolean;
}

export interface DbscanResult {
  /** Cluster per row, −1 for noise. Clusters are numbered by the lowest row of a core point. */
  readonly labels: Int32Array;
  readonly nClusters: number;
  readonly nCore: number;
  readonly nBorder: number;
  readonly nNoise: number;
  /** The radius used. */
  readonly eps: number;
  /** Per row: Euclidean distance to the nearest core row for noise (infinite without a core), NaN for the others. */
  readonly noiseDistances?: Float64Array;
  /** Pair distances evaluated; all pairs would be nSamples². */
  readonly distancesEvaluated: number;
}

/** Squares of smaller distances are nothing in float64. */
const MIN_EPS = 1e-150;
const LEAF_SIZE = 24;
const CLIQUE_SIZE = 256;
/** Leaves that each leaf is first joined with; most of each cluster is then one component. */
const NEAREST_LEAVES = 4;
/** V8 exchanges first-tier code for optimised code only between calls. */
const LEAVES_PER_CALL = 256;
const ROWS_PER_CALL = 65_536;
const REFRESH_EVERY = 8192;

/**
 * Density-based clusters (Ester, Kriegel, Sander and Xu, KDD 1996), exact: the labels are those of scikit-learn, and a
 * border row belongs to the lowest-numbered cluster among its core neighbours. A row is within eps when its distance,
 * computed in float64 from the rows as given, is ≤ eps. No neighbour lists are kept: memory is about twice the rows.
 *
 * @throws InvalidRequestError for eps below 1e-150 or minSamples < 1
 * @throws InvalidDatasetError for a NaN or infinite value
 */
export function dbscan(kernels: Kernels, rows: Rows, options: DbscanOptions): DbscanResult {
  const { minSamples } = options;
  if (!Number.isInteger(minSamples) || minSamples < 1) {
    throw new InvalidRequestError(`minSamples is ${minSamples}: it must be a whole number from 1.`);
  }
  checkRows(rows);
  const eps = options.eps === 'auto' ? knee(kernels, rows, minSamples) : options.eps;
  if (!(eps >= MIN_EPS && Number.isFinite(eps))) {
    throw new InvalidRequestError(`eps is ${eps}: it must be a finite number from ${MIN_EPS}, or 'auto'.`);
  }
  if (rows.nSamples === 0 || rows.nFeatures === 0) return trivialFit(rows, { ...options, eps });
  return kernels.memory.scope(() => fitRows(kernels, rows, { ...options, eps }));
}

/** No rows: no cluster. No features: all rows are the same point. */
function trivialFit({ nSamples }: Rows, options: DbscanOptions & { eps: number }): DbscanResult {
  const isCluster = nSamples > 0 && nSamples >= options.minSamples;
  return {
    labels: new Int32Array(nSamples).fill(isCluster ? 0 : -1),
    nClusters: isCluster ? 1 : 0,
    nCore: isCluster ? nSamples : 0,
    nBorder: 0,
    nNoise: isCluster ? 0 : nSamples,
    eps: options.eps,
    ...(options.noiseDistances && {
      noiseDistances: new Float64Array(nSamples).fill(isCluster ? Number.NaN : Number.POSITIVE_INFINITY),
    }),
    distancesEvaluated: 0,
  };
}

/** The thresholds between which float32 cannot tell which side of eps a pair is on; squared, scaled units. */
function thresholds(eps: number, slack: number, nFeatures: number): { inside: number; outside: number } {
  const rounding = (nFeatures + 8) * FLOAT32_ROUNDING;
  return {
    inside: eps > slack ? (eps - slack) ** 2 * (1 - rounding) : -1,
    outside: (eps + slack) ** 2 * (1 + rounding),
  };
}

function fitRows(kernels: Kernels, rows: Rows, options: DbscanOptions & { eps: number }): DbscanResult {
  const { exports, memory } = kernels;
  const { nSamples, nFeatures, values } = rows;
  const factor = 2 ** -Math.floor(Math.log2(options.eps));
  const eps = options.eps * factor;
  const scaling = scalingOf(rows, factor);
  const { inside, outside } = thresholds(eps, scaling.slack, nFeatures);

  const labels = memory.i32(nSamples);
  const state = memory.alloc(exports.dbscan_bytes());
  const exactRows = values instanceof Float64Array ? writeExactRows(kernels, values, factor) : 0;
  const tree = buildNeighborTree(kernels, rows, scaling, {
    leafSize: LEAF_SIZE,
    cliqueSize: CLIQUE_SIZE,
    cliqueDistance: inside,
    exactRows,
  });
  const { nLeaves, nBlocks, nNodes } = tree;
  exports.dbscan_init(
    state,
    tree.address,
    exactRows,
    eps * eps,
    inside,
    outside,
    options.minSamples,
    memory.alloc(nBlocks),
    memory.alloc(nBlocks * 32),
    memory.alloc(nBlocks * 32),
    memory.alloc(nLeaves),
    memory.alloc(nLeaves * 4),
    memory.alloc(nNodes),
    memory.alloc(nNodes * 4),
    memory.alloc(nNodes * 4),
    memory.alloc(16_384 + 8 * (nFeatures + 3)),
  );

  let nCore = 0;
  eachChunk(nLeaves, LEAVES_PER_CALL, (from, to) => {
    nCore += exports.dbscan_core(state, from, to);
  });
  eachChunk(nLeaves, LEAVES_PER_CALL, (from, to) => exports.dbscan_unite_leaves(state, from, to));
  eachChunk(nLeaves, LEAVES_PER_CALL, (from, to) => exports.dbscan_unite(state, from, to, NEAREST_LEAVES));
  eachChunk(nLeaves, LEAVES_PER_CALL, (from, to) => {
    if (from % REFRESH_EVERY === 0) exports.dbscan_refresh_nodes(state);
    exports.dbscan_unite(state, from, to, 0);
  });
  const nClusters = exports.dbscan_number(state, labels.byteOffset);
  eachChunk(nLeaves, LEAVES_PER_CALL, (from, to) => exports.dbscan_label_borders(state, from, to));
  let nNoise = 0;
  eachChunk(nSamples, ROWS_PER_CALL, (from, to) => {
    nNoise += exports.dbscan_labels(state, labels.byteOffset, from, to);
  });
  return {
    labels: new Int32Array(labels),
    nClusters,
    nCore,
    nBorder: nSamples - nCore - nNoise,
    nNoise,
    eps: options.eps,
    ...(options.noiseDistances && {
      noiseDistances: measureNoise(kernels, state, tree, nSamples, scaling),
    }),
    distancesEvaluated: exports.dbscan_distances(state),
  };
}

/** Rows as the reference sees them, times a power of two, which changes no comparison. */
function writeExactRows({ memory }: Kernels, values: Float64Array, factor: number): number {
  const exact = memory.f64(values.length);
  for (let i = 0; i < values.length; i++) exact[i] = values[i]! * factor + 0;
  return exact.byteOffset;
}

function measureNoise(
  { exports, memory }: Kernels,
  state: number,
  tree: SplitTree,
  nSamples: number,
  { factor, slack }: RowScaling,
): Float64Array {
  const distances = memory.f64(nSamples).fill(Number.NaN);
  eachChunk(tree.nLeaves, LEAVES_PER_CALL, (from, to) =>
    exports.dbscan_noise_distances(state, slack, distances.byteOffset, from, to),
  );
  return new Float64Array(distances).map((distance) => distance / factor);
}

/** Calls `work` on [from, to) pieces of 0..length, in order. */
function eachChunk(length: number, size: number, work: (from: number, to: number) => void): void {
  for (let from = 0; from < length; from += size) work(from, Math.min(length, from + size));
}
