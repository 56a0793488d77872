import type { Matrix } from '../arrow/matrix.ts';
import { countDistinctRows } from '../clustering/distinct-rows.ts';
import { selectCandidate } from '../clustering/search.ts';
import type {
  ExploreAnswer,
  ExploreBody,
  ExploreOptions,
  PurchasingCustomer,
  Subsegments,
  TooSmallParent,
} from '../contracts/drilldown.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import {
  centroidsOf,
  describeClusters,
  interpretationsOf,
  LOCALE_KEYS,
  labelsById,
  legendOf,
} from './describe-clusters.ts';
import { metricExplanation, selectionText } from './drilldown-texts.ts';
import { inIdOrder } from './id-order.ts';
import { customersByParent, fieldError, some } from './parents.ts';
import { purchasingMatrix } from './purchasing-matrix.ts';
import { splitCustomers } from './split-customers.ts';

/**
 * Splits each parent cluster (or one) further by k-means on its own customers alone: benchmark of every k, the best k by
 * silhouette, then Davies-Bouldin, then fewest clusters, and the sub-clusters in raw units and words. The order of the
 * customers changes no partition and no score; ties among top categories go to the one that appears first.
 * @throws InvalidRequestError for duplicate ids, a customer without label, a label without customer, an unknown parent
 */
export function exploreSubsegments(kernels: Kernels, body: ExploreBody): ExploreAnswer {
  const byParent = customersByParent(body);
  const { target_cluster: target } = body;
  if (target !== undefined && !byParent.has(target)) throw unknownParent(target, [...byParent.keys()]);
  const parents = target === undefined ? [...byParent.keys()].sort((a, b) => a - b) : [target];
  return {
    subsegment_results: Object.fromEntries(
      parents.map((parent) => [String(parent), exploreParent(kernels, parent, byParent.get(parent)!, body)]),
    ),
    options: exploreEcho(body),
  };
}

/** The options as the answer gives them back. */
export function exploreEcho(options: ExploreOptions): ExploreAnswer['options'] {
  const { k_range, scaling, categories, seed, restarts, window, locale } = options;
  return { k_range, scaling, categories, seed, restarts, window: window ?? null, locale };
}

/** What is thrown where the parent that is asked for has no customer. */
export function unknownParent(target: number, parents: readonly number[]): InvalidRequestError {
  const known = some(parents.toSorted((a, b) => a - b));
  return new InvalidRequestError(
    `Invalid input: body /target_cluster: no customer has the label ${target}; the labels are ${known}. Name one of them, or leave the field out.`,
    {
      reason: 'unknown_parent',
      errors: [fieldError('/target_cluster', `no customer has the label ${target}`)],
    },
  );
}

/** Splits the customers of one parent. Of the answer it is the value of that parent. */
export function exploreParent(
  kernels: Kernels,
  parent: number,
  customers: readonly PurchasingCustomer[],
  { k_range: kRange, scaling, categories, seed, restarts, window, locale }: ExploreOptions,
): Subsegments | TooSmallParent {
  const { sorted, toRequestOrder } = inIdOrder(customers);
  const data = purchasingMatrix(sorted, scaling, categories);
  const splits = splitCustomers(kernels, sorted, data, { kRange, seed, restarts });
  if (splits.length === 0) return tooSmall(parent, data, Math.min(...kRange));
  const { selected } = selectCandidate(
    splits.map((split) => ({ candidate: { nClusters: split.nClusters }, scores: split, split })),
  );
  const best = selected.split;
  const labels = toRequestOrder(best.labels);
  const clusters = describeClusters(customers, labels, best.nClusters);
  return {
    benchmark: splits.map(({ nClusters, silhouette, daviesBouldin }) => ({
      k: nClusters,
      silhouette,
      davies_bouldin: daviesBouldin,
    })),
    best_k: best.nClusters,
    selection_description: selectionText(parent, best, splits, locale),
    metric_explanation: metricExplanation(locale),
    nested_centroids: centroidsOf(clusters),
    nested_labels: labelsById(customers, labels),
    nested_cluster_legend: legendOf(clusters),
    [`nested_interpretations_${LOCALE_KEYS[locale]}`]: interpretationsOf(clusters, locale, window),
  };
}

function tooSmall(parent: number, data: Matrix, least: number): TooSmallParent {
  const distinct = countDistinctRows(data, data.nSamples);
  return {
    status: 'too_small',
    n_customers: data.nSamples,
    n_distinct: distinct,
    message:
      `Parent-cluster ${parent} has ${data.nSamples} customers of ${distinct} different profiles: ` +
      `splitting it into k = ${least} needs at least ${least} different profiles and ${least + 1} customers.`,
  };
}
