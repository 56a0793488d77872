import { selectCandidate } from '../functions/clustering/search.ts';
import type { ClusteringThreads } from '../functions/threads/clustering-threads.ts';
import { checkClusters } from './cluster-check.ts';
import { type ClusterFit, type ClusterInput, fitterOf } from './cluster-fit.ts';
import { type ClusterOptions, DEFAULTS } from './cluster-options.ts';
import type { ClusterReport } from './cluster-report.ts';
import { scaleColumns, toMatrix } from './cluster-scaling.ts';
import { type ClusterScores, meansOf, scoreClusters } from './cluster-scores.ts';
import type { NumericTable } from './numeric-table.ts';

/** A clustering of a table: the label of every row, and the report on it. */
export interface ClusteredTable {
  readonly labels: Int32Array;
  readonly report: Omit<ClusterReport, 'readSeconds' | 'labelsFile'>;
}

/** A clustering and its scores. */
interface ScoredFit {
  readonly candidate: { readonly nClusters: number };
  readonly fit: ClusterFit;
  readonly scores: ClusterScores;
}

/**
 * Clusters the columns of a table.
 * @param onStage told what is done next, for a display
 * @throws InsufficientDataError for fewer different rows than clusters
 * @throws InvalidRequestError past the limits of an algorithm
 */
export async function clusterTable(
  clustering: ClusteringThreads,
  table: NumericTable,
  options: ClusterOptions,
  onStage: (stage: string) => void = () => {},
): Promise<ClusteredTable> {
  const { algorithm, scaling, seed, threads } = options;
  const columns = scaleColumns(table.columns, scaling);
  const input: ClusterInput = { columns, matrix: toMatrix(columns) };
  const fitWith = fitterOf(clustering, input, options);
  const { min, max } = algorithm === 'dbscan' ? { min: 1, max: 1 } : (options.k ?? ONE_K);
  const fits: ScoredFit[] = [];
  // The largest first: where the rows do not suffice, nothing else was computed in vain.
  for (let k = max; k >= min; k--) {
    const suffix = max > min ? ` (k = ${k}, ${max - k + 1} of ${max - min + 1})` : '';
    onStage(`clustering${suffix} …`);
    const fit = await fitWith(k);
    onStage(`scoring${suffix} …`);
    fits.unshift({
      candidate: { nClusters: fit.nClusters },
      fit,
      scores: await scoreClusters(clustering, input, fit, seed),
    });
  }
  const { chosen, search } = max > min ? searched(fits) : { chosen: fits[0]!, search: {} };
  const { labels, nClusters, iterations, details } = chosen.fit;
  const { sizes } = chosen.scores;
  const largest = Math.max(max, nClusters);
  const check = options.check
    ? checkClusters(clustering.kernels, input, options, chosen.fit, { sizes, largest, onStage })
    : undefined;
  const means = columns.map(({ raw }) => meansOf(raw, labels, sizes));
  return {
    labels,
    report: {
      algorithm,
      file: table.file,
      format: table.format,
      nSamples: table.nSamples,
      nFeatures: columns.length,
      columns: columns.map(({ name }) => name),
      idColumn: table.ids?.name ?? null,
      leftOut: table.leftOut,
      scaling,
      seed,
      threads,
      numericMode: clustering.kernels.numericMode,
      nClusters,
      ...chosen.scores,
      centers: sizes.map((_, cluster) => means.map((mean) => mean[cluster]!)),
      iterations,
      seconds: fits.reduce((sum, { fit }) => sum + fit.seconds, 0),
      ...search,
      ...(check && { check }),
      details,
    },
  };
}

const ONE_K = { min: DEFAULTS.k, max: DEFAULTS.k };

/** The best fit of a range, with the table of all and the reason. */
function searched(fits: readonly ScoredFit[]): {
  chosen: ScoredFit;
  search: Pick<ClusterReport, 'candidates' | 'reason'>;
} {
  // A range starts at two clusters, so that every score is a number.
  const { selected, report } = selectCandidate(
    fits.map(({ candidate, fit, scores }) => ({
      candidate,
      fit,
      all: scores,
      scores: { silhouette: scores.silhouette!, daviesBouldin: scores.daviesBouldin! },
    })),
  );
  const candidates = fits.map(({ candidate, fit, scores }) => ({
    nClusters: candidate.nClusters,
    silhouette: scores.silhouette,
    daviesBouldin: scores.daviesBouldin,
    calinskiHarabasz: scores.calinskiHarabasz,
    inertia: scores.inertia,
    iterations: fit.iterations,
    seconds: fit.seconds,
  }));
  const { candidate, fit, all } = selected;
  return { chosen: { candidate, fit, scores: all }, search: { candidates, reason: report.reason } };
}
