import { z } from 'zod';
import { nClustersField, segmentationFields } from './api-cluster.ts';
import { clusterAnswerSchema } from './api-cluster-answer.ts';
import { count, dataset, optionalDataset } from './api-fields.ts';
import { rawRecordSchema } from './api-score.ts';
import { share } from './api-segmentation.ts';

/** Records scored by one request, at most. */
export const MOST_PREVIEW_RECORDS = 1_000;
/** Customers of the sample that is clustered anew, at most, and where the request names no number. */
export const PREVIEW_ROWS = { most: 5_000, usual: 2_000 } as const;

const { algorithm, features, epsilon, min_samples, max_depth, min_points, min_silhouette, locale, seed } =
  segmentationFields;

/** Body of `POST /v1/segments/preview`: records to score, or another way to cluster. */
export const previewBodySchema = z
  .strictObject({
    dataset: optionalDataset,
    records: z
      .array(rawRecordSchema)
      .min(1)
      .max(MOST_PREVIEW_RECORDS)
      .optional()
      .meta({ description: 'Customers that need not be in the data, scored by the published model.' }),
    recluster: z
      .strictObject({
        algorithm,
        n_clusters: nClustersField.default('auto'),
        features,
        epsilon: epsilon.default('auto'),
        min_samples,
        max_depth,
        min_points,
        min_silhouette,
        locale,
        seed,
        sample: z.int().min(100).max(PREVIEW_ROWS.most).default(PREVIEW_ROWS.usual).meta({
          description: 'Customers that take part: the first in canonical order, a sample without bias.',
        }),
      })
      .optional()
      .meta({
        description: 'Another number of clusters, set of features or algorithm, on a sample of the data.',
      }),
  })
  .refine(
    (body) => (body.records === undefined) !== (body.recluster === undefined),
    'give either records or recluster',
  )
  .meta({
    id: 'PreviewRequest',
    examples: [
      { dataset: 'leads', records: [{ country: 'BR', behavior_score: 71, ltv_class: 'High' }] },
      { dataset: 'leads', recluster: { n_clusters: 4, features: ['behavior_score', 'geo'] } },
    ],
  });
export type PreviewBody = z.output<typeof previewBodySchema>;

/** Answer of `POST /v1/segments/preview`. */
export const previewAnswerSchema = z
  .object({
    dataset,
    run_id: z.string().meta({ description: 'The run that is served, and compared with.' }),
    scored: z
      .array(
        z.object({
          index: count.meta({ description: 'Of the record in the request.' }),
          segment_id: count,
          segment_name: z.string(),
          confidence: share,
          distance_to_center: z.number().min(0),
        }),
      )
      .optional(),
    reclustered: z
      .object({
        ...clusterAnswerSchema.omit({
          success: true,
          generated_at: true,
          client_vertical: true,
          left_out_leads: true,
          members: true,
        }).shape,
        total_customers: count.meta({ description: 'Of the run; `total_leads` of them took part.' }),
        adjusted_rand: z.number().meta({
          description:
            'Agreement with the served segments, 1 for the same partition, about 0 for unrelated ones.',
        }),
        moves: z
          .array(z.object({ segment_id: count, cluster_id: z.int().min(-1), customers: count }))
          .readonly()
          .meta({ description: 'How many customers of a served segment are in a cluster of the preview.' }),
      })
      .optional(),
  })
  .meta({
    id: 'PreviewAnswer',
    examples: [
      {
        dataset: 'leads',
        run_id: 'r0f3a2b1c4d5e6f708192a3b4',
        scored: [
          {
            index: 0,
            segment_id: 1,
            segment_name: 'High behavior_score, country BR',
            confidence: 0.91,
            distance_to_center: 0.45,
          },
        ],
      },
    ],
  });
