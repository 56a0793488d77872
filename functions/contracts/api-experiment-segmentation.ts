import { z } from 'zod';
import { count, isoTime } from './api-fields.ts';
import {
  SEGMENTATION_DEFAULTS,
  SEGMENTATION_MODES,
  segmentationChangeSchema,
  segmentationConfigSchema,
} from './experiment.ts';
import { RUN_STATUSES } from './records.ts';

/** Body of `PUT /api/v1/segmentation/{experimentId}/config` (S2-05). */
export const segmentationBodySchema = segmentationChangeSchema.meta({
  id: 'SegmentationChange',
  description: 'What is left out stays as it is.',
  examples: [
    { mode: 'manual', segment_by: ['source'], min_samples_per_segment: 100 },
    { mode: 'auto', auto_clustering_enabled: true },
  ],
});

/** Answer of `GET` and `PUT …/config` (S2-04). */
export const segmentationAnswerSchema = segmentationConfigSchema
  .extend({
    experiment_id: z.string(),
    auto_activation_enabled: z.boolean().meta({ description: 'The same as `auto_activation`.' }),
  })
  .meta({
    id: 'SegmentationConfig',
    examples: [
      {
        ...SEGMENTATION_DEFAULTS,
        experiment_id: 'exp_0f3a2b1c4d5e6f708192a3b4',
        auto_activation_enabled: false,
      },
    ],
  });

const recommendationSchema = z
  .object({
    id: z.string(),
    type: z.enum(['enable_segmentation', 'enable_clustering']),
    status: z.enum(['pending', 'accepted', 'dismissed']),
    reason: z.string(),
    suggested_config: segmentationChangeSchema,
    avg_daily_visitors: z.number().min(0),
    created_at: isoTime,
    decided_at: isoTime.optional(),
  })
  .meta({ id: 'SegmentationRecommendation' });

/** Answer of `GET …/eligibility` (S2-06). */
export const eligibilitySchema = z
  .object({
    experiment_id: z.string(),
    eligible_for_segmentation: z.boolean(),
    eligible_for_clustering: z.boolean(),
    avg_daily_visitors: z.number().min(0).meta({ description: 'Distinct visitors of the last 7 days ÷ 7.' }),
    tier: z.enum(['insights_only', 'manual', 'auto_clustering']),
    traffic_quality: z.enum(['low', 'medium', 'high', 'very_high']),
    recommendations: z.array(recommendationSchema),
  })
  .meta({ id: 'SegmentationEligibility' });

/** Answer of `GET …/segments` (S2-07). */
export const experimentSegmentsSchema = z
  .object({
    experiment_id: z.string(),
    segments: z.array(
      z.object({
        segment_key: z.string(),
        display_name: z.string(),
        segment_type: z.enum(['default', 'manual', 'auto']),
        allocations: count,
        conversions: count,
        conversion_rate: z.number().min(0).max(1),
        characteristics: z.record(z.string(), z.string()),
      }),
    ),
  })
  .meta({
    id: 'ExperimentSegments',
    examples: [
      {
        experiment_id: 'exp_0f3a2b1c4d5e6f708192a3b4',
        segments: [
          {
            segment_key: 'source:google',
            display_name: 'Google Traffic',
            segment_type: 'manual',
            allocations: 1200,
            conversions: 96,
            conversion_rate: 0.08,
            characteristics: { source: 'google' },
          },
        ],
      },
    ],
  });

/** Answer of `GET …/clustering/status` (S2-08). */
export const clusteringStatusSchema = z
  .object({
    experiment_id: z.string(),
    is_trained: z.boolean(),
    is_stale: z.boolean().meta({ description: 'Older than 7 days.' }),
    algorithm: z.literal('kmeans'),
    n_clusters: z.int().nullable(),
    trained_at: isoTime.nullable(),
    silhouette_score: z.number().nullable(),
    samples_trained_on: z.int().nullable(),
    model_version: z.string().nullable().meta({ description: 'The run that found the clusters.' }),
    last_training: z
      .object({
        run_id: z.string(),
        status: z.enum(['starting', ...RUN_STATUSES]),
        requested_at: isoTime,
        samples: count,
        problem: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'ClusteringStatus' });

/** Body of `POST …/clustering/train` (S2-09). */
export const trainBodySchema = z
  .strictObject({
    n_clusters: z.int().min(2).max(10).nullable().optional().meta({
      description: 'Default: as configured; null chooses 2 to 10 by silhouette.',
    }),
    force_retrain: z
      .boolean()
      .default(false)
      .meta({ description: 'Train although the clusters are not yet 7 days old.' }),
  })
  .meta({ id: 'TrainRequest', examples: [{ n_clusters: 4 }] });

/** Answer of `POST …/clustering/train`. */
export const trainAnswerSchema = z
  .object({
    status: z.enum(['training', 'up_to_date']),
    run_id: z.string(),
    samples: count,
    requested_at: isoTime,
  })
  .meta({ id: 'TrainAnswer' });

/** Query of `GET …/recommendations`. */
export const recommendationsQuerySchema = z.strictObject({
  status_filter: z.enum(['pending', 'accepted', 'dismissed', 'all']).default('pending'),
});

/** Answer of `GET …/recommendations` (S2-10). */
export const recommendationsSchema = z
  .object({ experiment_id: z.string(), recommendations: z.array(recommendationSchema) })
  .meta({ id: 'SegmentationRecommendations' });

/** Path of one recommendation. */
export const recommendationIdSchema = z
  .string()
  .regex(/^[a-z-]{1,64}$/, 'must be the id of a recommendation');

/** Answer of accepting or dismissing one. */
export const decidedRecommendationSchema = z
  .object({ recommendation: recommendationSchema, config: segmentationAnswerSchema })
  .meta({ id: 'DecidedRecommendation' });

/** Answer of `GET …/metrics` (S2-11). */
export const segmentationMetricsSchema = z
  .object({
    mode: z.enum(SEGMENTATION_MODES),
    segments_count: count,
    avg_lift: z.number().nullable().meta({
      description: 'What was realised, relative to the estimate for the best single variant for everybody.',
    }),
    best_segment: z
      .object({ name: z.string(), conversion_rate: z.number().min(0).max(1), lift: z.number().nullable() })
      .nullable(),
  })
  .meta({
    id: 'SegmentationMetrics',
    examples: [
      {
        mode: 'manual',
        segments_count: 3,
        avg_lift: 0.12,
        best_segment: { name: 'Google Traffic', conversion_rate: 0.08, lift: 0.19 },
      },
    ],
  });
