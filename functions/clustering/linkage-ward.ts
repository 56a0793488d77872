import type { Kernels } from '../kernels/instance.ts';
import type { KernelF64, KernelI32 } from '../kernels/memory.ts';
import { FLOAT32_ROUNDING, type Rows, scalingOf, splitRows, unitFactor } from './neighbor-tree.ts';
import { principalAxes } from './structure-reference.ts';

/** Merges in the order found: a row of each of the two clusters, and the height. */
export interface Merges {
  readonly pairs: Int32Array;
  readonly heights: Float64Array;
  /** Distances between clusters that were evaluated. */
  readonly distancesEvaluated: number;
}

/** Addresses of clusters in kernel memory, eight to a block; see `wasm/linkage-ward.ts`. */
interface ClusterArrays {
  readonly blocks: number;
  readonly sums: number;
  readonly sizes: number;
  readonly inverses: number;
  readonly names: number;
  readonly boxes: number;
  readonly boxInverses: number;
}

const LEAF_SIZE = 8;
const MERGES_PER_CALL = 256;
/** Share of active slots at which the clusters are sorted anew: boxes loosen as centroids move. */
const REPACK_AT = 0.65;
const MIN_TO_REPACK = 64;

/**
 * Ward's minimum-variance linkage (Ward 1963) on Euclidean rows, by nearest-neighbour chains over centroids. Memory
 * grows with nSamples × nFeatures. Nearest clusters are decided in float64, so heights are those of float64.
 * Expects at least one row and one feature. `ties` counts the comparisons that rounding decided.
 */
export function wardMerges(kernels: Kernels, rows: Rows): Merges & { readonly ties: number } {
  const { exports, memory } = kernels;
  const { nSamples, nFeatures } = rows;
  return memory.scope(() => {
    const { centered, rounding, factor } = centerRows(kernels, rows);
    const { nAxes, axes } = widestAxes(kernels, centered, nFeatures);
    const state = memory.alloc(exports.ward_bytes());
    const pairs = memory.i32(2 * nSamples);
    const heights = memory.f64(nSamples);
    exports.ward_init(
      state,
      nSamples,
      nFeatures,
      nAxes,
      axes.byteOffset,
      memory.alloc(64),
      memory.alloc(4 * nSamples),
      memory.alloc(4 * (nSamples + 1)),
      memory.alloc(8 * (nSamples + 1)),
      pairs.byteOffset,
      heights.byteOffset,
      memory.alloc(20 * (nFeatures + 4) + 512),
      66 * rounding ** 2,
    );
    let current = allocateClusters(kernels, nSamples, nFeatures, nAxes);
    let next = allocateClusters(kernels, Math.ceil(nSamples * REPACK_AT), nFeatures, nAxes);
    const duplicates = packRows(kernels, state, rows, nAxes, centered, current);
    for (let nActive = exports.ward_active(state); nActive > 1; ) {
      const repackAt = nActive >= MIN_TO_REPACK ? Math.floor(nActive * REPACK_AT) : 1;
      while (nActive > repackAt) {
        nActive = exports.ward_merge(state, Math.min(MERGES_PER_CALL, nActive - repackAt));
      }
      if (nActive === 1) break;
      repack(kernels, state, nActive, nAxes, current, next);
      [current, next] = [next, current];
    }
    const nFound = exports.ward_merges(state);
    const allPairs = new Int32Array(2 * (nSamples - 1));
    allPairs.set(duplicates);
    allPairs.set(pairs.subarray(0, 2 * nFound), duplicates.length);
    const allHeights = new Float64Array(nSamples - 1);
    for (let i = 0; i < nFound; i++) allHeights[duplicates.length / 2 + i] = heights[i]! / factor;
    return {
      pairs: allPairs,
      heights: allHeights,
      distancesEvaluated: exports.ward_distances(state),
      ties: exports.ward_ties(state),
    };
  });
}

/** Rows in float64 around the middle of their range, scaled to unit size by a power of two. */
function centerRows({ memory }: Kernels, rows: Rows) {
  const { factor, offsets } = scalingOf(rows, unitFactor(rows.values), true);
  const { nFeatures } = rows;
  const centered = memory.f64(rows.nSamples * nFeatures);
  let reachSquared = 0;
  for (let j = 0; j < nFeatures; j++) {
    const offset = offsets[j]!;
    let largest = 0;
    for (let i = j; i < centered.length; i += nFeatures) {
      const value = (rows.values[i]! - offset) * factor + 0;
      centered[i] = value;
      largest = Math.max(largest, Math.abs(value));
    }
    reachSquared += largest ** 2;
  }
  return { centered, factor, rounding: 2.01 * FLOAT32_ROUNDING * Math.sqrt(reachSquared) + 2 ** -60 };
}

/** Share of the variance below which an axis tells nothing: a float32 distance would not notice it. */
const MIN_VARIANCE_SHARE = 1e-12;
/** Rows the axes are taken from; any orthonormal axes give the same tree, good ones give it sooner. */
const MAX_AXIS_ROWS = 2000;

/** Principal axes of evenly spaced rows, widest first: along the first of them most distances show already. */
function widestAxes({ memory }: Kernels, centered: KernelF64, nFeatures: number) {
  const nSamples = centered.length / nFeatures;
  const step = Math.max(1, Math.floor(nSamples / MAX_AXIS_ROWS));
  const rows = Array.from({ length: Math.floor(nSamples / step) }, (_, i) =>
    centered.subarray(i * step * nFeatures, (i * step + 1) * nFeatures),
  );
  const columns = principalAxes(covariance(rows, nFeatures), nFeatures);
  const variance = new Float64Array(nFeatures);
  for (const row of rows) {
    for (let axis = 0; axis < nFeatures; axis++) {
      let along = 0;
      for (let j = 0; j < nFeatures; j++) along += row[j]! * columns[j * nFeatures + axis]!;
      variance[axis]! += along * along;
    }
  }
  const total = variance.reduce((sum, value) => sum + value, 0);
  const widest = [...variance.keys()].sort((a, b) => variance[b]! - variance[a]!);
  const kept = widest.filter((axis, i) => i === 0 || variance[axis]! > MIN_VARIANCE_SHARE * total);
  const nAxes = Math.ceil(kept.length / 4) * 4;
  const axes = memory.f64(nFeatures * nAxes).fill(0);
  kept.forEach((axis, to) => {
    for (let j = 0; j < nFeatures; j++) axes[j * nAxes + to] = columns[j * nFeatures + axis]!;
  });
  return { nAxes, axes };
}

/** Sums of products of every two columns of centred rows. */
function covariance(rows: readonly Float64Array[], nFeatures: number): Float64Array {
  const mean = new Float64Array(nFeatures);
  for (const row of rows) for (let j = 0; j < nFeatures; j++) mean[j]! += row[j]! / rows.length;
  const products = new Float64Array(nFeatures ** 2);
  for (const row of rows) {
    for (let a = 0; a < nFeatures; a++) {
      const deviation = row[a]! - mean[a]!;
      for (let b = 0; b < nFeatures; b++) products[a * nFeatures + b]! += deviation * (row[b]! - mean[b]!);
    }
  }
  return products;
}

function allocateClusters(
  { exports, memory }: Kernels,
  nSlots: number,
  nFeatures: number,
  nAxes: number,
): ClusterArrays {
  const lanes = Math.ceil(nSlots / 8) * 8;
  const nGroups = exports.ward_groups(nSlots);
  return {
    blocks: memory.alloc(lanes * nAxes * 4),
    sums: memory.alloc(nSlots * nFeatures * 8),
    sizes: memory.alloc(lanes * 4),
    inverses: memory.alloc(lanes * 4),
    names: memory.alloc(lanes * 4),
    boxes: memory.alloc(nGroups * nAxes * 64),
    boxInverses: memory.alloc(nGroups * 32),
  };
}

function pack(
  { exports }: Kernels,
  state: number,
  order: KernelI32,
  from: Pick<ClusterArrays, 'sums' | 'sizes' | 'names'>,
  to: ClusterArrays,
): void {
  exports.ward_pack(
    state,
    order.length,
    order.byteOffset,
    from.sums,
    from.sizes,
    from.names,
    to.blocks,
    to.sums,
    to.sizes,
    to.inverses,
    to.names,
    to.boxes,
    to.boxInverses,
  );
  exports.ward_box(state);
}

/**
 * Every row a cluster, in a spatial order; leaves of identical rows are one cluster already.
 * @returns the pairs merged at height 0
 */
function packRows(
  kernels: Kernels,
  state: number,
  rows: Rows,
  nAxes: number,
  centered: KernelF64,
  to: ClusterArrays,
): Int32Array {
  const { exports, memory } = kernels;
  const { nSamples, nFeatures } = rows;
  return memory.scope(() => {
    const sizes = memory.f32(nSamples).fill(1);
    const names = memory.i32(nSamples);
    const slots = memory.i32(nSamples);
    for (let row = 0; row < nSamples; row++) names[row] = row;
    const tree = splitRows(
      kernels,
      { nSamples, nFeatures: nAxes },
      { leafSize: LEAF_SIZE, exactRows: centered.byteOffset, nExactFeatures: nFeatures },
      (coordinates) => exports.ward_rotate(state, centered.byteOffset, nSamples, coordinates.byteOffset),
    );
    const duplicates: number[] = [];
    let nSlots = 0;
    for (let leaf = 0, position = 0; leaf < tree.nLeaves; leaf++) {
      const weight = tree.leaves[4 * leaf + 2]!;
      if (weight === 1) {
        for (let i = 0; i < tree.leaves[4 * leaf + 1]!; i++) slots[nSlots++] = tree.order[position++]!;
        continue;
      }
      const same = tree.order.slice(position, position + weight).sort();
      position += weight;
      for (let i = 1; i < weight; i++) duplicates.push(same[i - 1]!, same[i]!);
      const last = same[weight - 1]!;
      sizes[last] = weight;
      for (let j = 0; j < nFeatures; j++) centered[last * nFeatures + j]! *= weight;
      slots[nSlots++] = last;
    }
    const from = { sums: centered.byteOffset, sizes: sizes.byteOffset, names: names.byteOffset };
    pack(kernels, state, slots.subarray(0, nSlots), from, to);
    return Int32Array.from(duplicates);
  });
}

/** Sorts the active clusters anew in space, so that their boxes are tight again. */
function repack(
  kernels: Kernels,
  state: number,
  nActive: number,
  nAxes: number,
  from: ClusterArrays,
  to: ClusterArrays,
): void {
  const { exports, memory } = kernels;
  memory.scope(() => {
    const slots = memory.i32(nActive);
    const tree = splitRows(
      kernels,
      { nSamples: nActive, nFeatures: nAxes },
      { leafSize: LEAF_SIZE },
      (coordinates) => exports.ward_gather(state, coordinates.byteOffset, slots.byteOffset),
    );
    for (let i = 0; i < nActive; i++) tree.order[i] = slots[tree.order[i]!]!;
    pack(kernels, state, tree.order, from, to);
  });
}
