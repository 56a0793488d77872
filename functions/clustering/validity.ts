import type { Matrix } from '../arrow/matrix.ts';
import { copyValues } from '../kernels/copy-values.ts';
import type { Kernels } from '../kernels/instance.ts';
import { comparableSizes } from './cluster-sizes.ts';
import { requireFinite } from './column-placement.ts';
import { placeRows } from './placed-rows.ts';
import { forEachRowChunk } from './row-chunks.ts';

/** Blocks of 8 samples that one kernel call compares with all before them. */
const CALL_BLOCKS = 32;
/** Distances below this may have lost digits to float32 underflow of their squares. */
const UNDERFLOW = 1e-15;

/**
 * Mean silhouette coefficient (Rousseeuw 1987), Euclidean, over all rows: −1..1. Exact: every pair is compared, so the
 * time grows with nSamples². A row alone in its cluster counts as 0.
 * @throws InsufficientDataError when fewer than two clusters have rows
 */
export function silhouetteScore(
  kernels: Kernels,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
): number {
  const values = silhouetteSamples(kernels, data, labels, nClusters);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Silhouette coefficient of every row; see `silhouetteScore`. */
export function silhouetteSamples(
  kernels: Kernels,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
): Float64Array {
  const sizes = comparableSizes(labels, data.nSamples, nClusters);
  const { memory, exports } = kernels;
  return memory.scope(() => {
    const { nFeatures } = data;
    const { starts, slots } = sortByCluster(labels, sizes);
    const nBlocks = starts[nClusters]!;
    const placed = placeRows(kernels, data);
    const samples = memory.i32(nBlocks * 8);
    samples.set(slots.map((row) => Math.max(0, row)));
    // A block's transposition may write three features past its end.
    const blocks = memory.f32(nBlocks * 8 * nFeatures + 24);
    exports.pack_blocks_f32(
      placed.rows.byteOffset,
      nFeatures,
      samples.byteOffset,
      nBlocks,
      blocks.byteOffset,
    );
    const masks = memory.i32(nBlocks * 8);
    masks.set(slots.map((row) => (row < 0 ? 0 : -1)));
    const firstBlocks = memory.i32(nClusters + 1);
    firstBlocks.set(starts);
    const columns = memory.f32(nBlocks * 8);
    const sums = memory.f64(nBlocks * 8 * nClusters).fill(0);
    for (let cluster = 0; cluster < nClusters; cluster++) {
      const end = starts[cluster + 1]!;
      for (let first = starts[cluster]!; first < end; first += CALL_BLOCKS) {
        exports.silhouette_sums_f32(
          blocks.byteOffset,
          nFeatures,
          nClusters,
          first,
          Math.min(end, first + CALL_BLOCKS),
          cluster,
          firstBlocks.byteOffset,
          masks.byteOffset,
          columns.byteOffset,
          sums.byteOffset,
        );
      }
    }
    const values = new Float64Array(data.nSamples);
    slots.forEach((row, slot) => {
      if (row >= 0) values[row] = coefficient(sums, slot * nClusters, sizes, labels[row]!);
    });
    return values;
  });
}

/**
 * Davies-Bouldin index (Davies & Bouldin 1979): mean over the clusters of the worst (spread + spread′) / distance of
 * centers; ≥ 0, lower is better. As scikit-learn: spread is the mean distance to the center, clusters without rows are
 * left out, coinciding centers count as 0.
 * @throws InsufficientDataError when fewer than two clusters have rows
 */
export function daviesBouldinScore(
  kernels: Kernels,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
): number {
  const { nFeatures, nSamples } = data;
  const { memory, exports } = kernels;
  if (labels.length !== nSamples) comparableSizes(labels, nSamples, nClusters);
  return memory.scope(() => {
    // Kernels read blocks of 4 rows: the last may go past the labels and the rows.
    const allLabels = memory.i32(labels.length + 3).fill(0, labels.length);
    copyValues(allLabels, labels);
    memory.f32(3 * nFeatures + 4);
    const sums = memory.f64(nClusters * nFeatures).fill(0);
    const counts = memory.i32(nClusters).fill(0);
    let counted = 0;
    forEachRowChunk(kernels, data, (rows, first, count) => {
      counted += exports.cluster_sums_f32(
        rows,
        count,
        nFeatures,
        allLabels.byteOffset + first * 4,
        nClusters,
        sums.byteOffset,
        counts.byteOffset,
      );
    });
    const areComparable = counted === nSamples && counts.filter((size) => size > 0).length >= 2;
    // Says what is wrong with the labels where something is.
    const sizes = areComparable ? new Int32Array(counts) : comparableSizes(labels, nSamples, nClusters);
    if (!sums.every(Number.isFinite)) requireFinite(data);
    const centers = Float64Array.from(
      sums,
      (sum, at) => sum / Math.max(1, sizes[Math.floor(at / nFeatures)]!),
    );
    const width = Math.ceil(nFeatures / 4) * 4;
    const offset = memory.f32(width).fill(0);
    for (let j = 0; j < nFeatures; j++) offset[j] = columnMean(sums, j, nFeatures, nSamples);
    const lanes = memory.i32(width).fill(-1).fill(0, nFeatures);
    const moved = memory.f32(nClusters * width).fill(0);
    centers.forEach((center, at) => {
      const j = at % nFeatures;
      moved[((at - j) / nFeatures) * width + j] = center - offset[j]!;
    });
    const partial = memory.f64(nClusters * 4).fill(0);
    forEachRowChunk(kernels, data, (rows, first, count) => {
      exports.cluster_spread_f32(
        rows,
        count,
        nFeatures,
        allLabels.byteOffset + first * 4,
        offset.byteOffset,
        moved.byteOffset,
        lanes.byteOffset,
        partial.byteOffset,
      );
    });
    const spread = new Float64Array(nClusters);
    partial.forEach((sum, at) => {
      spread[at >> 2]! += sum;
    });
    const inFloat32 = spread.every(Number.isFinite) && Math.max(...spread) > UNDERFLOW;
    const totals = inFloat32 ? spread : exactSpread(data, labels, centers, nClusters);
    const meanSpread = Float64Array.from(totals, (total, c) => total / sizes[c]!);
    return worstRatios(centers, meanSpread, sizes, nFeatures);
  });
}

/** Sum of distances to the centers in float64, for values whose squares float32 cannot hold. */
function exactSpread(
  { nFeatures, values }: Matrix,
  labels: Int32Array,
  centers: Float64Array,
  nClusters: number,
) {
  const spread = new Float64Array(nClusters);
  labels.forEach((label, row) => {
    let square = 0;
    for (let j = 0; j < nFeatures; j++) {
      square += (values[row * nFeatures + j]! - centers[label * nFeatures + j]!) ** 2;
    }
    spread[label]! += Math.sqrt(square);
  });
  return spread;
}

function coefficient(sums: Float64Array, at: number, sizes: Int32Array, own: number): number {
  const size = sizes[own]!;
  if (size === 1) return 0;
  const inside = sums[at + own]! / (size - 1);
  let outside = Number.POSITIVE_INFINITY;
  for (let c = 0; c < sizes.length; c++) {
    if (c !== own && sizes[c]! > 0) outside = Math.min(outside, sums[at + c]! / sizes[c]!);
  }
  const larger = Math.max(inside, outside);
  return larger === 0 ? 0 : (outside - inside) / larger;
}

/** Slots of 8 per block, every cluster from a new block on; −1 where a block has no more rows. */
function sortByCluster(labels: Int32Array, sizes: Int32Array): { starts: Int32Array; slots: Int32Array } {
  const starts = new Int32Array(sizes.length + 1);
  sizes.forEach((size, c) => {
    starts[c + 1] = starts[c]! + Math.ceil(size / 8);
  });
  const slots = new Int32Array(starts[sizes.length]! * 8).fill(-1);
  const next = starts.map((block) => block * 8);
  labels.forEach((label, row) => {
    slots[next[label]!++] = row;
  });
  return { starts, slots };
}

function columnMean(sums: Float64Array, j: number, nFeatures: number, nSamples: number): number {
  let total = 0;
  for (let at = j; at < sums.length; at += nFeatures) total += sums[at]!;
  return total / nSamples;
}

function worstRatios(centers: Float64Array, spread: Float64Array, sizes: Int32Array, nFeatures: number) {
  const used = [...sizes.keys()].filter((c) => sizes[c]! > 0);
  let total = 0;
  for (const a of used) {
    let worst = 0;
    for (const b of used) {
      if (a === b) continue;
      let square = 0;
      for (let j = 0; j < nFeatures; j++) {
        square += (centers[a * nFeatures + j]! - centers[b * nFeatures + j]!) ** 2;
      }
      if (square > 0) worst = Math.max(worst, (spread[a]! + spread[b]!) / Math.sqrt(square));
    }
    total += worst;
  }
  return total / used.length;
}
