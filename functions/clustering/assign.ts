import type { Matrix } from '../arrow/matrix.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { CALL_SAMPLES } from './crew.ts';
import { placeRows } from './placed-rows.ts';

/** Centers that only fill a group of four. */
const NOWHERE = 1e18;
const ROUNDING = 2 ** -24;

/**
 * Nearest center (Euclidean) of every row and the distance to it. Rows that float32 cannot decide are decided in
 * float64, equal distances for the lowest index; distances are float64. So a row gets the same answer alone and among
 * any others.
 * @throws InvalidDatasetError for a value that is not finite, naming row and column
 * @throws InvalidRequestError when there are not nClusters × nFeatures finite centers
 */
export function assign(
  kernels: Kernels,
  data: Matrix,
  centers: Float64Array,
  nClusters: number,
): { labels: Int32Array; distances: Float64Array } {
  const { nSamples, nFeatures } = data;
  if (nClusters < 1 || centers.length !== nClusters * nFeatures || !centers.every(Number.isFinite)) {
    throw new InvalidRequestError(
      `${nClusters} clusters of ${nFeatures} features need ${nClusters * nFeatures} finite center values, at least ` +
        `one cluster; ${centers.length} were given.`,
      { reason: 'centers' },
    );
  }
  const labels = nearestLabels(kernels, data, centers, nClusters);
  const distances = new Float64Array(nSamples);
  for (let row = 0; row < nSamples; row++) {
    if (labels[row]! < 0) labels[row] = nearestExactly(data, row, centers, nClusters);
    distances[row] = Math.sqrt(squaredDistance(data, row, centers, labels[row]!));
  }
  return { labels, distances };
}

/** Labels, negative where two centers are too close to tell in float32. */
function nearestLabels(kernels: Kernels, data: Matrix, centers: Float64Array, nClusters: number): Int32Array {
  const { nSamples, nFeatures } = data;
  if (nSamples === 0) return new Int32Array(0);
  const { memory, exports } = kernels;
  return memory.scope(() => {
    const placed = placeRows(kernels, data);
    const by4 = memory.f32(Math.ceil(nClusters / 4) * 4 * nFeatures).fill(NOWHERE);
    let largestCenter = 0;
    for (let c = 0; c < nClusters; c++) {
      let square = 0;
      for (let j = 0; j < nFeatures; j++) {
        const value = (centers[c * nFeatures + j]! - placed.offset[j]!) * placed.scale;
        by4[(c >> 2) * 4 * nFeatures + j * 4 + (c & 3)] = value;
        square += value * value;
      }
      largestCenter = Math.max(largestCenter, Math.sqrt(square));
    }
    // Centers far outside the data would overflow float32 squares: then every row is decided in float64.
    if (largestCenter > 1e15) return new Int32Array(nSamples).fill(-1);
    const relative = (nFeatures + 4) * ROUNDING;
    const absolute =
      2.1 * ROUNDING * largestCenter + 2 ** -32 * Math.sqrt(nFeatures) * placed.largest + 1e-20;
    const labels = memory.i32(nSamples);
    const scratch = memory.alloc(64 + Math.ceil(nFeatures / 4) * 128 + Math.ceil(nClusters / 4) * 144);
    for (let first = 0; first < nSamples; first += CALL_SAMPLES) {
      exports.nearest_center_f32(
        placed.rows.byteOffset,
        first,
        Math.min(nSamples, first + CALL_SAMPLES),
        nFeatures,
        by4.byteOffset,
        nClusters,
        labels.byteOffset,
        relative,
        absolute,
        scratch,
      );
    }
    return Int32Array.from(labels);
  });
}

function nearestExactly(data: Matrix, row: number, centers: Float64Array, nClusters: number): number {
  let best = Number.POSITIVE_INFINITY;
  let label = 0;
  for (let c = 0; c < nClusters; c++) {
    const square = squaredDistance(data, row, centers, c);
    if (square < best) {
      best = square;
      label = c;
    }
  }
  return label;
}

function squaredDistance({ nFeatures, values }: Matrix, row: number, centers: Float64Array, label: number) {
  let sum = 0;
  for (let j = 0; j < nFeatures; j++) {
    sum += (values[row * nFeatures + j]! - centers[label * nFeatures + j]!) ** 2;
  }
  return sum;
}
