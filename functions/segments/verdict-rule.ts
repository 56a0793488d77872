import type { ClusteringAlgorithm } from '../contracts/segmentation-records.ts';
import type { LocalizedText } from './localized-text.ts';

/** What is known of a run when it is judged; facts that were not measured are left out, and no rule about them fires. */
export const RUN_FACTS = [
  /** Entities left after cleaning and window. */
  'rows',
  'min_data_points',
  /** Clusters that were asked for; left out when the number was searched for. */
  'requested_clusters',
  /** Clusters found; leaves of a tree. */
  'clusters',
  /** Mean silhouette, −1..1. */
  'silhouette',
  /** Share of the rows in the largest cluster, 0..1. */
  'largest_share',
  /** Share of the rows that are noise, 0..1. */
  'noise_share',
  /** Share of structureless tables with as good a silhouette; see `assessStructure`. */
  'p_uniform',
  'p_independent',
] as const;
export type RunFact = (typeof RUN_FACTS)[number];

/** A comparison of one fact with a bound, or with another fact. */
export interface FactBound {
  readonly fact: RunFact;
  readonly is: 'below' | 'above' | 'atMost';
  readonly bound: number | RunFact;
}

/** One row of the table: what is said when all conditions hold. */
export interface VerdictRule {
  readonly code: string;
  /** `refusal`: the run does not take place. `verdict`: it is published without invented names. `advice`: it is published. */
  readonly severity: 'refusal' | 'verdict' | 'advice';
  /** HTTP status of a refusal. */
  readonly status?: 400 | 422;
  /** Default: all. */
  readonly algorithms?: readonly ClusteringAlgorithm[];
  readonly conditions: readonly FactBound[];
  readonly text: LocalizedText;
}
