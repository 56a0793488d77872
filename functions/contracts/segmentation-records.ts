/**
 * Documents of the segmentation as the store keeps them: every field of the sources' tables `ml_segments` and
 * `ml_segment_members` (S0-21, S0-23) under its own name, and what they lacked (ruling X07): tenant, dataset and run in the
 * key, risk, reason and algorithm of a member. Instants are ISO 8601 UTC, shares 0..1.
 */

/** Algorithms as the sources name them. */
export const CLUSTERING_ALGORITHMS = ['kmeans', 'dbscan', 'hierarchical'] as const;
export type ClusteringAlgorithm = (typeof CLUSTERING_ALGORITHMS)[number];

/** What segments of the segmentation endpoints belong to, and their key together with a cluster id. */
export interface SegmentationRef {
  readonly tenant: string;
  readonly dataset: string;
  readonly run_id: string;
  readonly clustering_algorithm: ClusteringAlgorithm;
}

/** One segment of one algorithm of one run (S0-21). Averages are null where the dataset has no such column. */
export interface ClusterRecord extends SegmentationRef {
  /** `{run_id}.{clustering_algorithm}.{cluster_id}`: unique over runs, unlike the cluster id; see `clusterRecordId`. */
  readonly id: string;
  /** From 0, unique within run and algorithm. */
  readonly cluster_id: number;
  readonly cluster_name: string;
  readonly created_at: string;
  /** Later than `created_at` once recommendations were changed by hand. */
  readonly updated_at: string;
  readonly size: number;
  /** size ÷ all customers, 0..1. */
  readonly percentage: number;
  readonly avg_ltv: number | null;
  readonly avg_behavior_score: number | null;
  readonly avg_engagement_score: number | null;
  readonly avg_intention_level: number | null;
  readonly dominant_countries: readonly string[];
  readonly dominant_states: readonly string[];
  readonly dominant_utm_sources: readonly string[];
  /** Columns that set the segment apart most, the furthest first. */
  readonly dominant_features: readonly string[];
  /** Mean silhouette of its members, −1..1; null where there is one segment only. */
  readonly silhouette_score: number | null;
  /** Mean distance of the members to the segment's center, scaled features; smaller is denser. */
  readonly cohesion: number | null;
  /** Distance from its center to the nearest other center, scaled features; null where there is none. */
  readonly separation: number | null;
  readonly action_recommendations: readonly string[];
  readonly bid_recommendations: readonly string[];
  readonly campaign_recommendations: readonly string[];
  /** Rules that chose the words of the name. */
  readonly name_rule: string;
}

/** One customer's place in one algorithm of one run (S0-23 with X07). */
export interface MemberRecord extends SegmentationRef {
  readonly lead_id: string;
  /** −1: noise of DBSCAN. */
  readonly cluster_id: number;
  /** 0..1: max(0, 1 − distance to center ÷ 5) of k-means and hierarchical, 1 ÷ (1 + ratio) of DBSCAN (X09). */
  readonly confidence: number;
  readonly updated_at: string;
  /** ratio ÷ (1 + ratio), 0..1; null where the algorithm measures no risk. */
  readonly risk_score: number | null;
  /** Why it is an outlier; null where it is none. */
  readonly reason: string | null;
  /** Every outlier is (S0-15). */
  readonly suspicious: boolean;
}

/** An outlier, with what `GET /api/segmentation/outliers` shows of it. Values are null where there is no such column. */
export interface OutlierRecord extends MemberRecord {
  readonly risk_score: number;
  readonly reason: string;
  readonly suspicious: true;
  /** Personal: shown to keys with the scope for personal data alone (X09). */
  readonly email: string | null;
  readonly behavior_score: number | null;
  readonly days_since_lead: number | null;
  readonly country: string | null;
  readonly state: string | null;
  readonly utm_source: string | null;
  readonly utm_medium: string | null;
  /** Ids of the rules that fired. */
  readonly rules: readonly string[];
  /** Per feature; they sum to `risk_score`. The largest first. */
  readonly contributions: readonly { readonly feature: string; readonly contribution: number }[];
  /** The values that the rules fired on, and a flag per rule. */
  readonly features: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

/** A node of the tree of segments (S0-17), stored one by one: its children are the nodes one level below. */
export interface TreeNodeRecord extends SegmentationRef {
  /** `0` for the root, then a dot and the number of the child per level: `0.1.0`. */
  readonly node_id: string;
  /** Null for the root. */
  readonly parent_id: string | null;
  readonly name: string;
  /** 0 for the root. */
  readonly level: number;
  readonly size: number;
  /** size ÷ all customers, 0..1. */
  readonly share: number;
  readonly inertia: number;
  /** Mean silhouette of its split in two; null where none was tried. */
  readonly split_silhouette: number | null;
  /** Clusters below it; a leaf's own. */
  readonly cluster_ids: readonly number[];
  readonly children: readonly string[];
}

/** `id` of a segment on the wire: what `PUT /api/segmentation/update` and its caller can tell apart. */
export function clusterRecordId(
  { run_id, clustering_algorithm }: Pick<SegmentationRef, 'run_id' | 'clustering_algorithm'>,
  clusterId: number,
): string {
  return `${run_id}.${clustering_algorithm}.${clusterId}`;
}
