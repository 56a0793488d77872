import { z } from 'zod';
import { count, dataset, isoTime, limit, optionalDataset } from './api-fields.ts';
import { CLUSTERING_ALGORITHMS } from './segmentation-records.ts';

/**
 * Wire shapes of `/api/segmentation/list`, `outliers` and `update` (S0-26 … S0-28, rulings X07 and X09), under the
 * source's names. `cluster` has a file of its own: `api-cluster.ts`.
 */

/** Algorithm of a segmentation. */
export const algorithm = z.enum(CLUSTERING_ALGORITHMS);

/** 0..1. */
export const share = z.number().min(0).max(1);
const texts = z.array(z.string()).readonly();
const average = z.number().nullable();
const recommendations = z.array(z.string().trim().min(1).max(500)).max(50);
const runId = z.string().min(1).max(64);

/** Fields of a segment that `list` and `cluster` share (S0-21). */
export const segmentFields = {
  avg_ltv: average.meta({ description: 'Null where the dataset has no such column, as are the others.' }),
  avg_behavior_score: average,
  avg_engagement_score: average,
  dominant_countries: texts.meta({ description: 'At most three, each of at least a tenth of the segment.' }),
  dominant_states: texts,
  dominant_utm_sources: texts,
  silhouette_score: z.number().min(-1).max(1).nullable(),
  action_recommendations: texts,
  bid_recommendations: texts,
  campaign_recommendations: texts,
};

/** Query of `GET /api/segmentation/list`. */
export const listQuerySchema = z.strictObject({
  limit: limit(100, 10),
  algorithm: algorithm.optional(),
  dataset: optionalDataset,
});

/** A stored segment, as `list` shows it. */
export const listedClusterSchema = z
  .object({
    id: z.string().meta({
      description: '`{run_id}.{clustering_algorithm}.{cluster_id}`, unique over runs.',
      examples: ['r0f3a2b1c4d5e6f708192a3b4.kmeans.0'],
    }),
    cluster_id: count,
    cluster_name: z.string(),
    clustering_algorithm: algorithm,
    size: count,
    percentage: share.meta({ description: 'size ÷ all customers, 0..1.' }),
    ...segmentFields,
  })
  .meta({ id: 'ListedCluster' });
export type ListedCluster = z.output<typeof listedClusterSchema>;

/** Answer of `GET /api/segmentation/list`. */
export const listAnswerSchema = z
  .object({ success: z.literal(true), clusters: z.array(listedClusterSchema) })
  .meta({
    id: 'SegmentationList',
    examples: [
      {
        success: true,
        clusters: [
          {
            id: 'r0f3a2b1c4d5e6f708192a3b4.kmeans.0',
            cluster_id: 0,
            cluster_name: 'Segmento 0 - Alto Valor + Alto Engajamento (SP)',
            clustering_algorithm: 'kmeans',
            size: 95,
            percentage: 0.19,
            avg_ltv: 497.5,
            avg_behavior_score: 75.3,
            avg_engagement_score: 82.1,
            dominant_countries: ['BR'],
            dominant_states: ['SP', 'RJ'],
            dominant_utm_sources: ['facebook', 'google'],
            silhouette_score: 0.71,
            action_recommendations: ['Priorizar remarketing em 24h'],
            bid_recommendations: ['Aumentar o lance em 30%'],
            campaign_recommendations: ['Campanha de aquisição com lookalike de 1%'],
          },
        ],
      },
    ],
  });

/** A share of the query string, 0..1; everything else is refused, also `NaN` and blanks. */
const queryShare = (usual: number) =>
  z
    .string()
    .regex(/^(\d+(\.\d*)?|\.\d+)$/, 'must be a number from 0 to 1')
    .transform(Number)
    .pipe(z.number().min(0, 'must be a number from 0 to 1').max(1, 'must be a number from 0 to 1'))
    .default(usual)
    .meta({
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern;
        Object.assign(jsonSchema, { type: 'number', minimum: 0, maximum: 1, default: usual });
      },
    });

/** Query of `GET /api/segmentation/outliers`. */
export const outliersQuerySchema = z.strictObject({
  limit: limit(1000, 50),
  confidence_threshold: queryShare(0.5).meta({
    description: 'Customers whose confidence is below it, strictly.',
  }),
  dataset: optionalDataset,
});

/** An outlier, as `outliers` shows it. */
export const listedOutlierSchema = z
  .object({
    lead_id: z.string(),
    id: z.string().meta({ description: 'The same as `lead_id`.' }),
    email: z.string().nullable().optional().meta({
      description: 'Absent so far: columns that look personal take no part in a run and are not stored.',
    }),
    behavior_score: average,
    days_since_lead: average,
    country: z.string().nullable(),
    state: z.string().nullable(),
    utm_source: z.string().nullable(),
    utm_medium: z.string().nullable(),
    risk_score: share.meta({
      description:
        'ratio ÷ (1 + ratio); ratio = distance to the dense region ÷ eps, or, by k-means with a contamination, distance to the center ÷ the distance that the share lies beyond.',
    }),
    reason: z.string(),
    confidence: share.meta({ description: '1 − risk_score.' }),
    clustering_algorithm: algorithm.meta({
      description: 'Which found it: `dbscan`, or `kmeans` where the dataset has a `contamination`.',
    }),
    suspicious: z.literal(true),
    rules: texts.meta({ description: 'Ids of the patterns that fired.' }),
    contributions: z
      .array(z.object({ feature: z.string(), contribution: z.number() }))
      .readonly()
      .meta({ description: 'Per feature; they sum to `risk_score`.' }),
  })
  .meta({ id: 'ListedOutlier' });
export type ListedOutlier = z.output<typeof listedOutlierSchema>;

/** Answer of `GET /api/segmentation/outliers`. */
export const outliersAnswerSchema = z
  .object({
    success: z.literal(true),
    outliers: z.array(listedOutlierSchema),
    total: count.meta({ description: 'Outliers in this answer.' }),
    generated_at: isoTime,
  })
  .meta({
    id: 'SegmentationOutliers',
    examples: [
      {
        success: true,
        outliers: [
          {
            lead_id: 'lead_123',
            id: 'lead_123',
            behavior_score: 98,
            days_since_lead: 0,
            country: 'BR',
            state: 'SP',
            utm_source: 'facebook',
            utm_medium: 'cpc',
            risk_score: 0.92,
            reason: 'behaviour too intense, like a bot (behavior_score 98 > 95)',
            confidence: 0.08,
            clustering_algorithm: 'dbscan',
            suspicious: true,
            rules: ['bot_like'],
            contributions: [
              { feature: 'behavior_score', contribution: 0.7 },
              { feature: 'days_since_lead', contribution: 0.22 },
            ],
          },
        ],
        total: 1,
        generated_at: '2026-11-21T03:00:12.345Z',
      },
    ],
  });

/** Body of `PUT /api/segmentation/update` (S0-28 with X07): what is left out stays as it is. */
export const updateBodySchema = z
  .strictObject({
    cluster_id: z.int().min(0).max(1_000_000),
    action_recommendations: recommendations.optional(),
    bid_recommendations: recommendations.optional(),
    campaign_recommendations: recommendations.optional(),
    run_id: runId.optional().meta({ description: 'Default: the run that is served.' }),
    algorithm: algorithm.optional().meta({ description: 'Default: kmeans.' }),
    dataset: optionalDataset,
  })
  .refine(
    (body) =>
      body.action_recommendations !== undefined ||
      body.bid_recommendations !== undefined ||
      body.campaign_recommendations !== undefined,
    'give action_recommendations, bid_recommendations or campaign_recommendations',
  )
  .meta({
    id: 'SegmentationUpdate',
    examples: [
      {
        cluster_id: 0,
        action_recommendations: ['Priorizar remarketing em 24h'],
        bid_recommendations: ['Aumentar o lance em 30%'],
      },
    ],
  });
export type UpdateBody = z.output<typeof updateBodySchema>;

/** Answer of `PUT /api/segmentation/update`: the segment as it is now. */
export const updateAnswerSchema = z
  .object({
    success: z.literal(true),
    dataset,
    run_id: runId,
    cluster: listedClusterSchema,
    updated_at: isoTime,
  })
  .meta({ id: 'SegmentationUpdated' });
