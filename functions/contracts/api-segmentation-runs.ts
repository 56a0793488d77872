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
  .meta({
    id: 'TreeLevel',
    examples: [
      {
        runId: 'r2a600a2a6ffb5d035b2a2c3b',
        path: [],
        node: {
          id: '0',
          name: 'All leads',
          level: 0,
          size: 400,
          share: 1,
          inertia: 1200.5,
          split_silhouette: 0.52,
          cluster_ids: [0, 1],
          n_children: 2,
        },
        children: [
          {
            id: '0.0',
            name: 'Macro Segment A (Medium Engagement)',
            level: 1,
            size: 250,
            share: 0.625,
            inertia: 310.2,
            split_silhouette: null,
            cluster_ids: [0],
            n_children: 0,
          },
          {
            id: '0.1',
            name: 'Macro Segment B (Low Engagement)',
            level: 1,
            size: 150,
            share: 0.375,
            inertia: 205.8,
            split_silhouette: null,
            cluster_ids: [1],
            n_children: 0,
          },
        ],
      },
    ],
  });
