import { z } from 'zod';
import { optionalDataset } from './api-fields.ts';
import { algorithm } from './api-segmentation.ts';
import { LOCALES } from './dataset.ts';
import { seedSchema } from './workflow.ts';

/**
 * Wire shapes of `POST /api/segmentation/cluster` and its GET alias (S0-24, S0-25, ruling X01).
 * The answer: `api-cluster-answer.ts`.
 */

/** Most leads of one request; more are put into the bucket, where a run takes any number. */
export const MOST_INLINE_LEADS = 5_000;
/** Largest body of the route after unpacking, bytes. */
export const CLUSTER_BODY_BYTES = 8 * 1024 * 1024;

const cell = z.union([
  z.string().max(65_536),
  z.number(),
  z.boolean(),
  z.array(z.string().max(4096)).max(1000),
  z.null(),
]);

/** One lead by field name, as a file would hold it. */
export const leadSchema = z.record(z.string().min(1).max(256), cell);
export type Lead = z.output<typeof leadSchema>;

const CLUSTERS_EXPECTED = 'must be a whole number from 3 to 10, or "auto"';
/** A number of clusters, or `auto`: the best of 3 to 10 by silhouette. */
export const nClustersField = z.union(
  // A number out of range is told by its own branch alone, so that each bound says it too.
  [z.int().min(3, CLUSTERS_EXPECTED).max(10, CLUSTERS_EXPECTED), z.literal('auto')],
  CLUSTERS_EXPECTED,
);
const vertical = z.string().trim().min(1).max(64);

/** Fields of the body that say what is computed, whatever it is computed on. */
export const segmentationFields = {
  algorithm: algorithm.default('kmeans'),
  n_clusters: nClustersField.default(5).meta({
    description:
      'Of kmeans; `auto` takes the best of 3 to 10. The other algorithms find the number themselves.',
  }),
  features: z
    .array(z.string().trim().min(1).max(256))
    .min(1)
    .max(200)
    .optional()
    .meta({
      description:
        'Columns, or groups of them: ltv, behavior_score, engagement_score, geo, time, utm. Default: all that are usable.',
      examples: [['ltv', 'behavior_score', 'engagement_score', 'geo', 'time']],
    }),
  epsilon: z
    .union([z.number().min(1e-6).max(1e6), z.literal('auto')], 'must be a number from 0.000001 on, or "auto"')
    .default(0.3)
    .meta({
      description: 'Of dbscan: radius on features scaled to 0..1; `auto` takes the knee of the k-distances.',
    }),
  min_samples: z.int().min(1).max(1000).default(5).meta({ description: 'Of dbscan; a lead counts itself.' }),
  max_depth: z
    .int()
    .min(1)
    .max(6)
    .default(3)
    .meta({ description: 'Of hierarchical: levels below the root.' }),
  min_points: z.int().min(2).max(MOST_INLINE_LEADS).optional().meta({
    description: 'Of hierarchical: fewest leads of a node that is split; default 1% of all, at least 10.',
  }),
  min_silhouette: z
    .number()
    .min(-1)
    .max(1)
    .default(0.3)
    .meta({ description: 'Of hierarchical: a split below it is undone.' }),
  contamination: z.number().min(0.001).max(0.5).optional().meta({
    description:
      'Of kmeans: also report this share of the leads, those furthest from their centers, as outliers.',
  }),
  min_data_points: z.int().min(10).max(MOST_INLINE_LEADS).default(100),
  max_data_age_months: z.int().min(1).max(600).nullable().default(6).meta({
    description: 'Leads created before that are left out; null keeps all.',
  }),
  locale: z.enum(LOCALES).default('pt-BR').meta({ description: 'Language of names and texts.' }),
  seed: seedSchema.default(42),
};

const verticals = {
  client_vertical: vertical.optional().meta({ description: 'A label of yours, echoed; changes no number.' }),
  vertical: vertical.optional().meta({ description: 'The same as `client_vertical`.' }),
};

/** Body of `POST /api/segmentation/cluster`. */
export const clusterBodySchema = z
  .strictObject({
    ...segmentationFields,
    ...verticals,
    leads: z
      .array(leadSchema)
      .min(1)
      .optional()
      .meta({
        description: `At most ${MOST_INLINE_LEADS}; without them the dataset's files are segmented by a run.`,
      }),
    id_field: z.string().min(1).max(256).optional().meta({
      description: 'Field that names a lead; default: `lead_id`, else `id`. Ids are unique.',
    }),
    time_field: z.string().min(1).max(256).optional().meta({
      description: 'Field with the instant of the lead; default: `created_at`.',
    }),
    reference_at: z.iso.datetime({ offset: true }).optional().meta({
      description: 'Instant that days are counted back from; default: now.',
    }),
    dataset: optionalDataset,
  })
  .meta({
    id: 'ClusterRequest',
    examples: [
      { algorithm: 'kmeans', n_clusters: 5, client_vertical: 'curso-online' },
      {
        algorithm: 'dbscan',
        epsilon: 'auto',
        leads: [
          {
            lead_id: 'lead_123',
            created_at: '2026-11-20T14:03:00Z',
            ltv_class: 'High',
            behavior_score: 71,
            engagement_score: 64,
            intention_level: 80,
            country: 'BR',
            state: 'SP',
            utm_source: 'facebook',
            utm_medium: 'cpc',
          },
        ],
      },
    ],
  });
export type ClusterBody = z.output<typeof clusterBodySchema>;
export type ClusterBodyInput = z.input<typeof clusterBodySchema>;

const numeral = (least: number, most: number, expected: string) =>
  z
    .string()
    .regex(/^\d{1,3}$/, expected)
    .transform(Number)
    .pipe(z.int().min(least, expected).max(most, expected));

/** Query of the alias `GET /api/segmentation/cluster`, for a stored dataset. */
export const clusterQuerySchema = z.strictObject({
  algorithm: algorithm.default('kmeans'),
  n_clusters: z
    .union([numeral(3, 10, 'must be a whole number from 3 to 10'), z.literal('auto')])
    .default(5)
    .meta({
      override: ({ jsonSchema }) =>
        replaceSchema(jsonSchema, { type: 'integer', minimum: 3, maximum: 10, default: 5 }),
    }),
  ...verticals,
  dataset: optionalDataset,
});

function replaceSchema(jsonSchema: object, by: object): void {
  for (const name of Object.keys(jsonSchema)) delete (jsonSchema as Record<string, unknown>)[name];
  Object.assign(jsonSchema, by);
}
