import type { Matrix } from '../arrow/matrix.ts';
import { copyValues } from '../kernels/copy-values.ts';
import type { Kernels } from '../kernels/instance.ts';
import { comparableSizes } from './cluster-sizes.ts';
import { requireFinite } from './column-placement.ts';
import { forEachRowChunk } from './row-chunks.ts';
import { silhouettePairs } from './silhouette-pairs.ts';

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
  return meanSilhouette(silhouetteSamples(kernels, data, labels, nClusters));
}

/** Mean of the coefficients of all rows, summed in their order. */
export function meanSilhouette(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Silhouette coefficient of every row; see `silhouetteScore`. */
export function silhouetteSamples(
  kernels: Kernels,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
): Float64Array {
  return kernels.memory.scope(() => {
    const pairs = silhouettePairs(kernels, data, labels, nClusters);
    const column = pairs.newColumn();
    for (const call of pairs.calls) {
      kernels.exports.silhouette_rows_f32(...pairs.argumentsOf(call, column));
      pairs.addColumn(call, column);
    }
    return pairs.values();
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
