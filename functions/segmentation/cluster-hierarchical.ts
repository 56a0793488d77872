import type { Matrix } from '../arrow/matrix.ts';
import { agglomerate } from '../clustering/agglomerative.ts';
import { bisectingKMeans } from '../clustering/bisecting.ts';
import {
  type BisectingNode,
  cutAtDepth,
  labelsAtDepth,
  type TreeStatistics,
  treeStatistics,
} from '../clustering/bisecting-tree.ts';
import { confidenceAt } from '../clustering/model.ts';
import { daviesBouldinScore } from '../clustering/validity.ts';
import type { Kernels } from '../kernels/instance.ts';
import { type DendrogramDocument, dendrogramDocument } from '../segments/dendrogram-document.ts';
import type { Locale } from '../segments/localized-text.ts';
import { treeDocument } from '../segments/tree.ts';
import { clusterGeometry } from './cluster-quality.ts';
import type { TableClustering, TreeSettings } from './table-clustering.ts';

/** Rows that Ward's tree is drawn of, at most: the first in canonical order, which is a sample without bias. */
export const DENDROGRAM_ROWS = 1_000;

/** A tree of clusters before its nodes have names. */
export interface UnnamedTree extends Omit<TableClustering, 'details'> {
  readonly tree: BisectingNode;
  readonly statistics: TreeStatistics;
  /** Of Ward's linkage. */
  readonly dendrogram: DendrogramDocument;
}

/** The documents of S0-17 and the dendrogram, with the words of `labelOf` for each node's clusters. */
export function treeDetails(
  { tree, statistics, dendrogram }: Pick<UnnamedTree, 'tree' | 'statistics' | 'dendrogram'>,
  locale: Locale,
  labelOf: (clusters: readonly number[]) => string | undefined,
): TableClustering['details'] {
  return { ...treeDocument(tree, statistics, locale, labelOf), dendrogram };
}

/** Splits the table in two, and the halves again, as long as that separates (S0-16); Ward's dendrogram goes with it. */
export function clusterHierarchical(
  kernels: Kernels,
  matrix: Matrix,
  { maxDepth, minPoints, minSilhouette, seed }: TreeSettings,
): UnnamedTree {
  const fit = bisectingKMeans(kernels, matrix, {
    seed,
    maxDepth,
    minSilhouette,
    ...(minPoints !== undefined && { minPoints }),
  });
  const statistics = treeStatistics(kernels, matrix, fit, seed);
  const nClusters = statistics.nLeafClusters;
  const candidates = statistics.silhouettes.map((silhouette, at) => {
    const nAtDepth = cutAtDepth(fit.tree, at + 1).length;
    const labels = labelsAtDepth(fit.tree, fit.labels, at + 1);
    return {
      n_clusters: nAtDepth,
      silhouette,
      davies_bouldin: daviesBouldinScore(kernels, matrix, labels, nAtDepth),
    };
  });
  const nDrawn = Math.min(matrix.nSamples, DENDROGRAM_ROWS);
  const drawn = { ...matrix, nSamples: nDrawn, values: matrix.values.subarray(0, nDrawn * matrix.nFeatures) };
  const dendrogram = dendrogramDocument(agglomerate(kernels, drawn, 'ward'));
  return {
    algorithm: 'hierarchical',
    nClusters,
    labels: fit.labels,
    confidence: clusterGeometry(matrix, fit.labels, nClusters).distances.map(confidenceAt),
    selection: { candidates, reason: reasonOf(fit.tree, statistics, minSilhouette) },
    far: [],
    nFar: undefined,
    tree: fit.tree,
    statistics,
    dendrogram,
  };
}

function reasonOf(
  tree: BisectingNode,
  { bestDepth, silhouettes }: { readonly bestDepth: number; readonly silhouettes: readonly number[] },
  minSilhouette: number,
): string {
  if (bestDepth === 0) {
    const tried = tree.silhouette === undefined ? '' : ` (the best had ${tree.silhouette.toFixed(4)})`;
    return `No split in two reached a silhouette of ${minSilhouette}${tried}: the tree is its root.`;
  }
  return (
    `Every split kept has a silhouette of at least ${minSilhouette}; of the levels, level_${bestDepth} ` +
    `separates best (${silhouettes[bestDepth - 1]!.toFixed(4)}).`
  );
}
