import { z } from 'zod';
import { isTimeZone } from './dataset.ts';

/** Where a visitor is met. */
export const CHANNELS = ['web', 'email', 'funnel', 'push'] as const;
export type Channel = (typeof CHANNELS)[number];

/** How visitors are parted: not at all, by fields that somebody chose, or by clusters that were found. */
export const SEGMENTATION_MODES = ['disabled', 'manual', 'auto'] as const;
export type SegmentationMode = (typeof SEGMENTATION_MODES)[number];

/** Fields of a context whose values are few enough to part visitors by; every channel fills all of them. */
export const SEGMENT_FIELDS = [
  'channel',
  'source',
  'medium',
  'campaign',
  'device',
  'os',
  'browser',
  'country',
  'day_part',
  'is_weekend',
  'list_id',
  'engagement',
  'funnel_id',
  'stage',
  'risk',
] as const;
export type SegmentField = (typeof SEGMENT_FIELDS)[number];

/** Numbers of a context; null where the channel knows none. */
export const CONTEXT_NUMBERS = [
  'engagement_score',
  'previous_opens',
  'drop_risk',
  'time_in_funnel_minutes',
] as const;

/** One context, whatever the channel: the same keys always; `unknown` and null for what nobody said. */
export type ExperimentContext = Readonly<
  Record<Exclude<SegmentField, 'is_weekend'>, string> & {
    /** On the clocks of the experiment, or of the visitor where the context names a time zone. */
    hour: number;
    is_weekend: boolean;
  } & Record<(typeof CONTEXT_NUMBERS)[number], number | null>
>;

/** Most variants, goals and segments of one experiment; visitors beyond the last segment share `other`. */
export const MOST_VARIANTS = 20;
/** Goals whose conversions are counted; the first is the one learned from. */
export const MOST_GOALS = 5;
/** A hostile context cannot make more: each is a few table items. */
export const MOST_SEGMENTS = 500;

/** Bounds of `S2-03`, as the source's own API had them. */
const minSamples = z.int().min(50).max(1000).meta({
  description:
    'Visitors that a segment needs before it learns by itself; with fewer it follows all segments.',
});
const threshold = z.int().min(100).max(1_000_000_000).meta({
  description: 'Distinct visitors a day, as the mean of 7 days, at which segmentation turns itself on.',
});
const segmentBy = z
  .array(z.enum(SEGMENT_FIELDS))
  .max(4)
  .refine((fields) => new Set(fields).size === fields.length, 'names a field twice')
  .meta({ description: 'Fields of the context that make the key of a segment, in this order.' });
const clusterCount = z.int().min(2).max(10).nullable().meta({
  description: 'Clusters of mode `auto`; null chooses 2 to 10 by silhouette.',
});

/** What a caller says of segmentation; a field left out stays as it is (or takes its default when the experiment is made). */
export const segmentationChangeSchema = z
  .strictObject({
    enabled: z.boolean(),
    mode: z.enum(SEGMENTATION_MODES),
    segment_by: segmentBy,
    min_samples_per_segment: minSamples,
    auto_activation: z.boolean(),
    auto_activation_enabled: z.boolean().meta({ description: 'The same as `auto_activation`.' }),
    auto_activation_threshold: threshold,
    auto_clustering_enabled: z.boolean(),
    n_clusters: clusterCount,
  })
  .partial();
export type SegmentationChange = z.output<typeof segmentationChangeSchema>;

/** Configuration of segmentation, complete. */
export const segmentationConfigSchema = z.object({
  enabled: z.boolean().meta({ description: 'False: all visitors are one segment, whatever `mode` says.' }),
  mode: z.enum(SEGMENTATION_MODES),
  segment_by: segmentBy,
  min_samples_per_segment: minSamples,
  auto_activation: z.boolean(),
  auto_activation_threshold: threshold,
  auto_clustering_enabled: z
    .boolean()
    .meta({ description: 'Clusters are trained again when they are 7 days old.' }),
  n_clusters: clusterCount,
});
export type SegmentationConfig = z.output<typeof segmentationConfigSchema>;

/** What holds where nobody says anything (S2-03). */
export const SEGMENTATION_DEFAULTS: SegmentationConfig = {
  enabled: false,
  mode: 'disabled',
  segment_by: [],
  min_samples_per_segment: 100,
  auto_activation: false,
  auto_activation_threshold: 1000,
  auto_clustering_enabled: false,
  n_clusters: null,
};

/** How visitors are allocated to variants. */
export const allocationPolicySchema = z.strictObject({
  policy: z.enum(['thompson', 'fixed']).default('thompson').meta({
    description: '`fixed` keeps the weights of the variants for good and learns nothing.',
  }),
  seed: z.int().min(0).max(0xffffffff).default(42),
  burn_in: z.int().min(0).max(1_000_000).default(100).meta({
    description: 'First visitors of the experiment that are allocated by weight.',
  }),
  min_weight: z.number().min(0).max(0.5).default(0.01).meta({
    description: 'Least chance of any variant: none is ever forgotten, and the past can be weighed again.',
  }),
  holdout: z.number().min(0).max(0.5).default(0).meta({
    description: 'Share of visitors who always see the first variant and teach nothing.',
  }),
  warm_start: z.number().min(0).max(1000).default(20).meta({
    description: 'Visitors’ worth of its parent’s experience that a new segment starts with.',
  }),
  conversion_window_hours: z.number().min(1).max(2160).default(168).meta({
    description: 'Conversions later than this after the allocation are not counted.',
  }),
  time_zone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'must be an IANA time zone such as America/Sao_Paulo')
    .default('UTC'),
});
export type AllocationPolicy = z.output<typeof allocationPolicySchema>;

/** One of the things that are shown. The first of an experiment is its control. */
export interface VariantRecord {
  readonly variant_id: string;
  readonly name: string;
  /** Whatever the caller shows; handed back as it came. */
  readonly content: Readonly<Record<string, unknown>>;
  /** Share of visitors while nothing has been learned; all sum to 1. */
  readonly weight: number;
}

/** When clusters were last asked for. */
export interface TrainingRecord {
  readonly run_id: string;
  readonly execution_id: string;
  readonly requested_at: string;
  readonly samples: number;
}

/** An experiment as the table holds it. Times are ISO 8601 UTC. */
export interface ExperimentRecord {
  readonly tenant: string;
  readonly experiment_id: string;
  readonly name: string;
  readonly status: 'active' | 'stopped';
  readonly created_at: string;
  readonly variants: readonly VariantRecord[];
  readonly goals: readonly string[];
  readonly policy: AllocationPolicy;
  readonly segmentation: SegmentationConfig;
  /** Who is told when segmentation turns itself on; absent tells nobody. */
  readonly notify_email?: string;
  readonly training?: TrainingRecord;
  /** 1 for the first; grows with every change. */
  readonly revision: number;
}

/** One visitor's variant; kept for good, so that the visitor always sees the same. */
export interface AssignmentRecord {
  /** Hash of the identifier: the identifier itself is stored nowhere. */
  readonly user: string;
  /** Index of the variant. */
  readonly variant: number;
  /** Key of the segment as callers see it. */
  readonly segment_key: string;
  /** Segment whose counters it belongs to: the key, with the run that found it where it is a cluster. */
  readonly segment: string;
  readonly holdout: boolean;
  /** Chance that the variant had. */
  readonly propensity: number;
  readonly context: ExperimentContext;
  readonly allocated_at: string;
  /** Day of the last visit, `yyyymmdd` in UTC. */
  readonly seen_day: string;
}

/** Sums of one segment by counter name (`functions/experiments/counters.ts`); whole numbers all of them. */
export interface SegmentCounters {
  readonly segment: string;
  readonly sums: Readonly<Record<string, number>>;
}

/** Additions to the counters of one segment, by name. */
export type Increments = Readonly<Record<string, number>>;

/** pending → accepted | dismissed. */
export type RecommendationStatus = 'pending' | 'accepted' | 'dismissed';

/** A change of configuration that traffic justifies. */
export interface RecommendationRecord {
  readonly id: string;
  readonly type: 'enable_segmentation' | 'enable_clustering';
  readonly status: RecommendationStatus;
  readonly reason: string;
  readonly suggested_config: SegmentationChange;
  readonly avg_daily_visitors: number;
  readonly created_at: string;
  readonly decided_at?: string;
}
