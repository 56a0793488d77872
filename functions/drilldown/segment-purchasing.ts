import type { Matrix } from '../arrow/matrix.ts';
import { agglomerate } from '../clustering/agglomerative.ts';
import { dbscan } from '../clustering/dbscan.ts';
import { cutAtCount } from '../clustering/dendrogram.ts';
import { kmeans } from '../clustering/kmeans.ts';
import { estimateSilhouette } from '../clustering/silhouette-sample.ts';
import { daviesBouldinScore } from '../clustering/validity.ts';
import type { PurchasingCustomer } from '../contracts/drilldown.ts';
import type {
  PurchasingAlgorithm,
  PurchasingAnswer,
  PurchasingBody,
  PurchasingCandidate,
} from '../contracts/purchasing-segmentation.ts';
import { InsufficientDataError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import {
  centroidsOf,
  describeClusters,
  interpretationsOf,
  LOCALE_KEYS,
  labelsById,
  legendOf,
} from './describe-clusters.ts';
import { metricExplanation } from './drilldown-texts.ts';
import { inIdOrder } from './id-order.ts';
import { purchasingMatrix } from './purchasing-matrix.ts';
import { candidateText } from './purchasing-texts.ts';
import { numbered } from './split-customers.ts';
import { feasibleClusters } from './split-rows.ts';

/** Share of noise above which a DBSCAN candidate says too little about the customers to be chosen. */
const MOST_NOISE = 0.1;

/** A candidate with the label of every customer, in the order of their ids. */
interface Labelled extends PurchasingCandidate {
  readonly labels: Int32Array;
}

/**
 * First-level segmentation: k-means and Ward for every k, and DBSCAN, on the same scaled features; all are scored, the
 * best eligible one by silhouette, then Davies-Bouldin, then fewest clusters is taken. Its labels feed the drill-down.
 * @throws InvalidRequestError for duplicate ids
 * @throws InsufficientDataError where no candidate finds two clusters
 */
export function segmentPurchasing(kernels: Kernels, body: PurchasingBody): PurchasingAnswer {
  const { customers, algorithm, k_range, eps, min_samples, scaling, categories, seed, restarts } = body;
  const { window, locale } = body;
  const { sorted, toRequestOrder } = inIdOrder(customers);
  const data = purchasingMatrix(sorted, scaling, categories);
  const candidates = candidatesOf(kernels, sorted, data, body);
  const best = candidates.filter(({ eligible }) => eligible).toSorted(betterFirst)[0];
  if (!best) throw noCandidate(candidates, customers.length);
  const labels = toRequestOrder(best.labels);
  const clusters = describeClusters(customers, labels, best.n_clusters);
  return {
    benchmark: candidates.map(({ labels: _labels, ...candidate }) => candidate),
    best: { algorithm: best.algorithm, n_clusters: best.n_clusters },
    selection_description: candidateText(best, candidates, locale),
    metric_explanation: metricExplanation(locale),
    centroids: centroidsOf(clusters),
    labels: labelsById(customers, labels),
    cluster_legend: legendOf(clusters),
    [`interpretations_${LOCALE_KEYS[locale]}`]: interpretationsOf(clusters, locale, window),
    options: {
      algorithm,
      k_range,
      eps,
      min_samples,
      scaling,
      categories,
      seed,
      restarts,
      window: window ?? null,
      locale,
    },
  };
}

function candidatesOf(
  kernels: Kernels,
  customers: readonly PurchasingCustomer[],
  data: Matrix,
  { algorithm, k_range, eps, min_samples, seed, restarts }: PurchasingBody,
): Labelled[] {
  const asked = (name: PurchasingAlgorithm) => algorithm === 'auto' || algorithm === name;
  const scored = (
    name: PurchasingAlgorithm,
    k: number | null,
    found: Int32Array,
    nClusters: number,
    radius: number | null = null,
  ): Labelled => {
    const labels = numbered(customers, found, nClusters);
    const clustered = clusteredRows(data, labels);
    const isScored = nClusters >= 2 && clustered.data.nSamples > nClusters;
    const nNoise = data.nSamples - clustered.data.nSamples;
    const scores = isScored
      ? {
          silhouette: estimateSilhouette(kernels, clustered.data, clustered.labels, nClusters, seed)
            .silhouette,
          davies_bouldin: daviesBouldinScore(kernels, clustered.data, clustered.labels, nClusters),
        }
      : { silhouette: null, davies_bouldin: null };
    return {
      algorithm: name,
      k,
      eps: radius,
      min_samples: radius === null ? null : min_samples,
      n_clusters: nClusters,
      n_noise: nNoise,
      ...scores,
      eligible: isScored && nNoise <= MOST_NOISE * data.nSamples,
      labels,
    };
  };
  const candidates: Labelled[] = [];
  const ks = feasibleClusters(data, k_range);
  if (asked('kmeans')) {
    for (const k of ks) {
      const { labels } = kmeans(kernels, data, { nClusters: k, seed, nInit: restarts });
      candidates.push(scored('kmeans', k, labels, k));
    }
  }
  if (asked('ward') && ks.length > 0) {
    const tree = agglomerate(kernels, data, 'ward');
    for (const k of ks) candidates.push(scored('ward', k, cutAtCount(tree, k), k));
  }
  if (asked('dbscan') && (eps !== 'auto' || data.nSamples >= min_samples)) {
    try {
      const found = dbscan(kernels, data, { eps, minSamples: min_samples });
      candidates.push(scored('dbscan', null, found.labels, found.nClusters, found.eps));
    } catch (error) {
      // Where most customers are alike no radius can be read from the data: one candidate less, unless it is the only one.
      if (!(error instanceof InsufficientDataError) || algorithm === 'dbscan') throw error;
    }
  }
  return candidates;
}

/** The rows that belong to a cluster. */
function clusteredRows(data: Matrix, labels: Int32Array): { data: Matrix; labels: Int32Array } {
  const rows = [...labels.keys()].filter((row) => labels[row]! >= 0);
  if (rows.length === data.nSamples) return { data, labels };
  const { nFeatures } = data;
  const values = new Float32Array(rows.length * nFeatures);
  rows.forEach((row, at) => {
    values.set(data.values.subarray(row * nFeatures, (row + 1) * nFeatures), at * nFeatures);
  });
  return {
    data: { nSamples: rows.length, nFeatures, values },
    labels: Int32Array.from(rows, (row) => labels[row]!),
  };
}

function betterFirst(a: PurchasingCandidate, b: PurchasingCandidate): number {
  return (
    b.silhouette! - a.silhouette! || a.davies_bouldin! - b.davies_bouldin! || a.n_clusters - b.n_clusters
  );
}

function noCandidate(candidates: readonly PurchasingCandidate[], nCustomers: number): InsufficientDataError {
  const found = candidates.map(
    ({ algorithm, n_clusters, n_noise }) => `${algorithm} found ${n_clusters} clusters and ${n_noise} noise`,
  );
  return new InsufficientDataError(
    `No candidate splits the ${nCustomers} customers: ${found.join('; ') || 'they have too few different profiles for any k'}. ` +
      'Send more customers, smaller k, or another eps.',
    { reason: 'no_candidates', found: nCustomers },
  );
}
