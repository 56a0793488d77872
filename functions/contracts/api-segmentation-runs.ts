import { z } from 'zod';
import { clusterAnswerSchema } from './api-cluster-answer.ts';
import { count } from './api-fields.ts';
import { algorithm } from './api-segmentation.ts';

/** What a run's analyses found: `GET /v1/runs/{runId}/segmentation` and `/tree`. */

const runSegmentationSchema = clusterAnswerSchema
  .omit({ success: true, generated_at: true, client_vertical: true, members: true })
  .meta({ id: 'RunAnalysis' });

/** Query of `GET /v1/runs/{runId}/segmentation`. */
export const runSegmentationQuerySchema = z.strictObject({ algorithm: algorithm.optional() });

/** Answer of `GET /v1/runs/{runId}/segmentation`. */
export const runSegmentationAnswerSchema = z
  .object({
    runId: z.string(),
    segmentations: z
      .array(runSegmentationSchema)
      .readonly()
      .meta({ description: 'One per algorithm; k-means, whose clusters are the segments, first.' }),
    skipped: z
      .array(z.object({ algorithm, skipped: z.string() }))
      .readonly()
      .meta({ description: 'Algorithms that the data did not allow, and why.' }),
  })
  .meta({ id: 'RunSegmentation' });
export type RunSegmentationAnswer = z.output<typeof runSegmentationAnswerSchema>;

/** Query of `GET /v1/runs/{runId}/tree`. */
export const treeQuerySchema = z.strictObject({
  node: z
    .string()
    .regex(/^0(\.\d{1,2}){0,10}$/, 'must be a node of the tree, such as 0 or 0.1.0')
    .default('0'),
});

const summary = z.object({
  id: z.string(),
  name: z.string(),
  level: count,
  size: count,
  share: z.number().min(0).max(1),
  inertia: z.number(),
  split_silhouette: z.number().nullable(),
  cluster_ids: z.array(count).readonly(),
  n_children: count,
});

/** Answer of `GET /v1/runs/{runId}/tree`: one level. */
export const treeAnswerSchema = z
  .object({
    runId: z.string(),
    path: z.array(z.object({ id: z.string(), name: z.string() })).readonly(),
    node: summary,
    children: z.array(summary).readonly(),
  })
  .meta({ id: 'TreeLevel' });
