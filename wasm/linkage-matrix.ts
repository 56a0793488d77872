import { loadI32, storeI32 } from './neighbors';

/**
 * State of linkage on a full distance matrix: complete, average, and Ward where the rows are few. The arithmetic and
 * the order of every decision are SciPy's (`scipy.cluster.hierarchy.linkage`), so that ties fall the same way.
 */
@unmanaged
export class MatrixLinkage {
  nSamples: i32;
  /** 0 complete, 1 average, 2 Ward. */
  method: i32;
  nMerges: i32;
  chainLength: i32;
  /** No active cluster has a lower number. */
  lowest: i32;
  /** f64 [nSamples × stride]; infinite on the diagonal, out of date for clusters merged into others. */
  distances: usize;
  /** f64 [stride]: 0 for an active cluster, infinite for one merged into another: added to every distance read. */
  merged: usize;
  /** nSamples rounded up to a whole vector. */
  stride: i32;
  /** i32 [nSamples]: rows per cluster, 0 once it is merged into another. */
  sizes: usize;
  /** i32 [nSamples + 1]. */
  chain: usize;
  /** i32 [2 × (nSamples − 1)]. */
  pairs: usize;
  /** f64 [nSamples − 1]. */
  heights: usize;
}

const COMPLETE: i32 = 0;
const AVERAGE: i32 = 1;

@inline
function rowAt(state: MatrixLinkage, cluster: i32): usize {
  return state.distances + ((<usize>cluster * <usize>state.stride) << 3);
}

/** Bytes of the `MatrixLinkage` record. */
export function matrix_linkage_bytes(): i32 {
  return <i32>offsetof<MatrixLinkage>();
}

/**
 * Prepares a linkage; `matrix_linkage_distances` then fills the matrix.
 * @param method 0 complete, 1 average, 2 Ward
 * @param distances OUT f64 [nSamples × (nSamples rounded up to even)]
 * @param merged OUT f64 [nSamples rounded up to even]
 * @param sizes OUT i32 [nSamples] @param chain OUT i32 [nSamples + 1]
 * @param pairs OUT i32 [2 × (nSamples − 1)] @param heights OUT f64 [nSamples − 1]
 */
export function matrix_linkage_init(
  address: usize,
  nSamples: i32,
  method: i32,
  distances: usize,
  merged: usize,
  sizes: usize,
  chain: usize,
  pairs: usize,
  heights: usize,
): void {
  const state = changetype<MatrixLinkage>(address);
  state.nSamples = nSamples;
  state.method = method;
  state.nMerges = 0;
  state.chainLength = 0;
  state.lowest = 0;
  state.distances = distances;
  state.stride = (nSamples + 1) & ~1;
  state.merged = merged;
  state.sizes = sizes;
  state.chain = chain;
  state.pairs = pairs;
  state.heights = heights;
  for (let i = 0; i < nSamples; i++) storeI32(sizes, i, 1);
  memory.fill(merged, 0, (<usize>state.stride) << 3);
  if (state.stride > nSamples) store<f64>(merged + ((<usize>nSamples) << 3), Infinity);
}

/** Fills the rows [from, to) of the matrix with Euclidean distances in float64, and their mirror images. */
export function matrix_linkage_distances(address: usize, rows: usize, nFeatures: i32, from: i32, to: i32): void {
  const state = changetype<MatrixLinkage>(address);
  const bytes = (<usize>nFeatures) << 3;
  for (let b = from; b < state.nSamples; b++) {
    const rowB = rowAt(state, b);
    for (let a = from; a < min(b, to); a++) {
      let p = rows + <usize>a * bytes;
      let q = rows + <usize>b * bytes;
      let sum: f64 = 0;
      for (let j = 0; j < nFeatures; j++) {
        const difference = load<f64>(p) - load<f64>(q);
        sum += difference * difference;
        p += 8;
        q += 8;
      }
      const distance = sqrt<f64>(sum);
      store<f64>(rowB + ((<usize>a) << 3), distance);
      store<f64>(rowAt(state, a) + ((<usize>b) << 3), distance);
    }
    if (b < to) {
      store<f64>(rowB + ((<usize>b) << 3), Infinity);
      if (state.stride > state.nSamples) store<f64>(rowB + ((<usize>state.nSamples) << 3), Infinity);
    }
  }
}

/** Smallest distance of a row of the matrix to an active cluster. */
function rowMinimum(state: MatrixLinkage, row: usize): f64 {
  const end = row + ((<usize>state.stride) << 3);
  let merged = state.merged;
  let first_f64x2 = f64x2.splat(Infinity);
  let second_f64x2 = first_f64x2;
  for (; row + 32 <= end; row += 32, merged += 32) {
    first_f64x2 = f64x2.pmin(first_f64x2, f64x2.add(v128.load(row), v128.load(merged)));
    second_f64x2 = f64x2.pmin(second_f64x2, f64x2.add(v128.load(row, 16), v128.load(merged, 16)));
  }
  if (row < end) first_f64x2 = f64x2.pmin(first_f64x2, f64x2.add(v128.load(row), v128.load(merged)));
  first_f64x2 = f64x2.pmin(first_f64x2, second_f64x2);
  return min<f64>(f64x2.extract_lane(first_f64x2, 0), f64x2.extract_lane(first_f64x2, 1));
}

/** First active cluster at a distance. */
function firstAt(state: MatrixLinkage, row: usize, value: f64): i32 {
  let cluster = 0;
  while (load<f64>(row + ((<usize>cluster) << 3)) != value || loadI32(state.sizes, cluster) == 0) cluster++;
  return cluster;
}

/** Distance from cluster i to the merger of x and y, from their distances (Lance and Williams, 1967). */
@inline
function mergedDistance(method: i32, toX: f64, toY: f64, xy: f64, nX: f64, nY: f64, nI: f64): f64 {
  if (method == COMPLETE) return max<f64>(toX, toY);
  if (method == AVERAGE) return (nX * toX + nY * toY) / (nX + nY);
  const t = 1.0 / (nX + nY + nI);
  return sqrt<f64>((nI + nX) * t * toX * toX + (nI + nY) * t * toY * toY - nI * t * xy * xy);
}

/** Merges cluster x into y > x. */
function merge(state: MatrixLinkage, x: i32, y: i32, height: f64): void {
  const nX = <f64>loadI32(state.sizes, x);
  const nY = <f64>loadI32(state.sizes, y);
  const rowX = rowAt(state, x);
  const rowY = rowAt(state, y);
  const method = state.method;
  for (let i = 0; i < state.nSamples; i++) {
    const size = loadI32(state.sizes, i);
    if (size == 0 || i == x || i == y) continue;
    const toX = load<f64>(rowX + ((<usize>i) << 3));
    const toY = load<f64>(rowY + ((<usize>i) << 3));
    const distance = mergedDistance(method, toX, toY, height, nX, nY, <f64>size);
    store<f64>(rowY + ((<usize>i) << 3), distance);
    store<f64>(rowAt(state, i) + ((<usize>y) << 3), distance);
  }
  store<f64>(state.merged + ((<usize>x) << 3), Infinity);
  storeI32(state.sizes, x, 0);
  storeI32(state.sizes, y, <i32>(nX + nY));
  storeI32(state.pairs, state.nMerges << 1, x);
  storeI32(state.pairs, (state.nMerges << 1) + 1, y);
  store<f64>(state.heights + ((<usize>state.nMerges) << 3), height);
  state.nMerges += 1;
}

/**
 * Grows nearest-neighbour chains and merges reciprocal pairs, up to `maxMerges`. Chains start at the lowest cluster;
 * ties go to the previous cluster of the chain, then to the lowest.
 * @returns merges still to make
 */
export function matrix_linkage_merge(address: usize, maxMerges: i32): i32 {
  const state = changetype<MatrixLinkage>(address);
  const total = state.nSamples - 1;
  const target = min(total, state.nMerges + maxMerges);
  while (state.nMerges < target) {
    if (state.chainLength == 0) {
      while (loadI32(state.sizes, state.lowest) == 0) state.lowest += 1;
      storeI32(state.chain, 0, state.lowest);
      state.chainLength = 1;
    }
    const length = state.chainLength;
    const top = loadI32(state.chain, length - 1);
    const row = rowAt(state, top);
    const nearest = rowMinimum(state, row);
    if (length > 1) {
      const previous = loadI32(state.chain, length - 2);
      if (load<f64>(row + ((<usize>previous) << 3)) == nearest) {
        state.chainLength = length - 2;
        merge(state, min(top, previous), max(top, previous), nearest);
        continue;
      }
    }
    storeI32(state.chain, length, firstAt(state, row, nearest));
    state.chainLength = length + 1;
  }
  return total - state.nMerges;
}
