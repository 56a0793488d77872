import { InsufficientDataError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { buildNeighborTree, checkRows, type Rows, scalingOf, unitFactor } from './neighbor-tree.ts';

const LEAF_SIZE = 24;
const SAMPLES_PER_CALL = 256;
/** Rows whose neighbours are searched; the knee of more rows than this does not move. */
const MAX_SAMPLED = 5000;

/**
 * The k-distance curve: for rows spread evenly over space (all of them up to 5,000), the Euclidean distance to their
 * minSamples-th nearest row, itself included, ascending.
 * @throws InsufficientDataError for fewer than minSamples rows
 */
export function kDistances(kernels: Kernels, rows: Rows, minSamples: number): Float64Array {
  const nSampled = Math.min(rows.nSamples, MAX_SAMPLED);
  return measured(kernels, rows, minSamples, nSampled, (distances) => distances.sort());
}

/**
 * Euclidean distance from every row to its minSamples-th nearest one, itself included, in the order of the rows; computed
 * in float32. Time grows with the rows × the neighbours looked at.
 * @throws InsufficientDataError for fewer than minSamples rows
 */
export function rowKDistances(kernels: Kernels, rows: Rows, minSamples: number): Float64Array {
  return measured(kernels, rows, minSamples, rows.nSamples, (distances, order) => {
    const ofRow = new Float64Array(rows.nSamples);
    for (let position = 0; position < rows.nSamples; position++)
      ofRow[order[position]!] = distances[position]!;
    return ofRow;
  });
}

/** k-distances of rows spread evenly over the order of a tree, and that order. */
function measured(
  kernels: Kernels,
  rows: Rows,
  minSamples: number,
  nSampled: number,
  take: (distances: Float64Array, order: ArrayLike<number>) => Float64Array,
): Float64Array {
  checkRows(rows);
  const { nSamples, nFeatures } = rows;
  if (nSamples < minSamples || nFeatures === 0) {
    throw new InsufficientDataError(
      `There are ${nSamples} rows of ${nFeatures} features: distances to the ${minSamples}-th nearest row need ` +
        'at least that many rows, and a feature. Lower minSamples, or give eps.',
    );
  }
  const { exports, memory } = kernels;
  return memory.scope(() => {
    const factor = unitFactor(rows.values);
    const tree = buildNeighborTree(kernels, rows, scalingOf(rows, factor), {
      leafSize: LEAF_SIZE,
    });
    const squared = memory.f32(nSampled);
    const scratch = memory.alloc(4096 + 4 * (minSamples + 12) + 8 * (nFeatures + 3));
    for (let from = 0; from < nSampled; from += SAMPLES_PER_CALL) {
      const to = Math.min(nSampled, from + SAMPLES_PER_CALL);
      exports.neighbor_tree_kth_squared(
        tree.address,
        minSamples,
        nSampled,
        scratch,
        squared.byteOffset,
        from,
        to,
      );
    }
    return take(
      Float64Array.from(squared, (value) => Math.sqrt(value) / factor),
      tree.order,
    );
  });
}

/** A distance this many interquartile ranges above the upper quartile is an outlier's. */
const FENCE = 10;
/** No more than this share of the curve counts as outliers: a sparse cluster is not noise. */
const MAX_OUTLIERS = 0.01;

/**
 * Radius at the knee of the k-distance curve: the point furthest below the straight line from its first to its last
 * point (Satopaa et al., "Finding a kneedle in a haystack", 2011). A few far outliers would bend that line, so the
 * curve ends before distances past ten interquartile ranges, at most 1% of it.
 * @throws InsufficientDataError when there are too few rows, or all of them coincide
 */
export function knee(kernels: Kernels, rows: Rows, minSamples: number): number {
  const curve = kDistances(kernels, rows, minSamples);
  const eps = kneeOf(withoutOutliers(curve));
  const positive = eps > 0 ? eps : curve.find((distance) => distance > 0);
  if (positive !== undefined) return positive;
  throw new InsufficientDataError(
    `Every row has ${minSamples} rows at distance 0: there is no scale to read eps from. Give eps as a number.`,
  );
}

function withoutOutliers(ascending: Float64Array): Float64Array {
  const quantile = (share: number) => ascending[Math.floor(share * (ascending.length - 1))]!;
  const fence = quantile(0.75) + FENCE * (quantile(0.75) - quantile(0.25));
  let length = ascending.length;
  const shortest = Math.ceil(length * (1 - MAX_OUTLIERS));
  while (length > shortest && ascending[length - 1]! > fence) length--;
  return ascending.subarray(0, length);
}

/** Value of an ascending curve at the point furthest below its chord; the last value when it has no such point. */
export function kneeOf(ascending: Float64Array): number {
  const last = ascending.length - 1;
  const first = ascending[0]!;
  const rise = ascending[last]! - first;
  let furthest = 0;
  let at = last;
  for (let i = 0; i <= last && rise > 0; i++) {
    const below = i / last - (ascending[i]! - first) / rise;
    if (below > furthest) {
      furthest = below;
      at = i;
    }
  }
  return ascending[at]!;
}
