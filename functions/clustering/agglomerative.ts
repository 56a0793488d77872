import { InsufficientDataError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { type MergeTree, mergeTree } from './dendrogram.ts';
import { matrixMerges } from './linkage-matrix.ts';
import { singleMerges } from './linkage-single.ts';
import { type Merges, wardMerges } from './linkage-ward.ts';
import { checkRows, type Rows } from './neighbor-tree.ts';

/** How the distance of two clusters follows from that of their rows. */
export type Linkage = 'ward' | 'complete' | 'average' | 'single';

/** Up to this many rows Ward linkage with ties is done again on all distances (200 MB). */
const MAX_TIED_WARD_ROWS = 5000;

/**
 * The full merge tree of agglomerative clustering on Euclidean distances, as SciPy's `linkage` gives it. Ward takes
 * any number of rows in memory that grows with nSamples × nFeatures; complete and average linkage need nSamples²
 * and take up to 20,000 rows; single linkage takes up to 100,000. Where several merges of Ward cost exactly the same,
 * the tree is SciPy's up to 5,000 rows, and one of the equally good ones past that.
 *
 * @throws InvalidRequestError past the limit of the linkage
 * @throws InsufficientDataError for no rows or no features
 * @throws InvalidDatasetError for a NaN or infinite value
 */
export function agglomerate(kernels: Kernels, rows: Rows, linkage: Linkage): MergeTree {
  checkRows(rows);
  if (rows.nSamples === 0 || rows.nFeatures === 0) {
    throw new InsufficientDataError(
      `There are ${rows.nSamples} rows of ${rows.nFeatures} features: a merge tree needs at least one of each.`,
    );
  }
  const { pairs, heights } = merges(kernels, rows, linkage);
  return mergeTree(rows.nSamples, pairs, heights);
}

function merges(kernels: Kernels, rows: Rows, linkage: Linkage): Merges {
  if (linkage === 'single') return singleMerges(kernels, rows);
  if (linkage !== 'ward') return matrixMerges(kernels, rows, linkage);
  const found = wardMerges(kernels, rows);
  if (found.ties === 0 || rows.nSamples > MAX_TIED_WARD_ROWS) return found;
  // Where costs tie, the tree depends on who goes first. The matrix makes SciPy's choice, rounding included.
  return matrixMerges(kernels, rows, 'ward');
}
