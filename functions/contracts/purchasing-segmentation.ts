import { z } from 'zod';
import {
  clusterLegendSchema,
  drilldownOptions,
  echoSchema,
  MOST_INLINE_CUSTOMERS,
  purchasingCustomerSchema,
} from './drilldown.ts';

/** Algorithms of the first-level segmentation. */
export const PURCHASING_ALGORITHMS = ['kmeans', 'ward', 'dbscan'] as const;
export type PurchasingAlgorithm = (typeof PURCHASING_ALGORITHMS)[number];

const customers = z.array(purchasingCustomerSchema).min(1).max(MOST_INLINE_CUSTOMERS);

/** What the segmentation can be asked to do, wherever its customers come from. */
export const purchasingOptions = {
  algorithm: z
    .enum(['auto', ...PURCHASING_ALGORITHMS])
    .default('auto')
    .meta({
      description: '`auto` tries all three and takes the best.',
    }),
  k_range: z
    .array(z.int().min(2).max(50))
    .min(1)
    .max(49)
    .default([2, 3, 4, 5, 6])
    .meta({ description: 'Numbers of clusters to try with k-means and Ward.' }),
  eps: z
    .union([z.number().positive().max(1e9), z.literal('auto')])
    .default('auto')
    .meta({
      description: 'DBSCAN radius on the scaled features; `auto` takes the knee of the k-distance curve.',
    }),
  min_samples: z.int().min(1).max(10_000).default(5),
  ...drilldownOptions,
};

/** Body of `POST /api/v1/ai/purchasing_segmentation`. */
export const purchasingBodySchema = z
  .strictObject({ customers, ...purchasingOptions })
  .meta({ id: 'PurchasingSegmentationRequest' });
export type PurchasingBody = z.output<typeof purchasingBodySchema>;
/** The same without the customers. */
export type PurchasingOptions = Omit<PurchasingBody, 'customers'>;

/** One candidate of the benchmark. */
export const purchasingCandidateSchema = z
  .object({
    algorithm: z.enum(PURCHASING_ALGORITHMS),
    k: z.int().nullable(),
    eps: z.number().nullable(),
    min_samples: z.int().nullable(),
    n_clusters: z.int().min(0),
    n_noise: z.int().min(0),
    silhouette: z
      .number()
      .nullable()
      .meta({ description: 'Of the customers in clusters; null below two clusters.' }),
    davies_bouldin: z.number().nullable(),
    eligible: z
      .boolean()
      .meta({ description: 'At least two clusters, and at most a tenth of the customers noise.' }),
  })
  .meta({ id: 'PurchasingCandidate' });
export type PurchasingCandidate = z.output<typeof purchasingCandidateSchema>;

const interpretations = z.record(z.string(), z.string()).optional();

/** Answer of `POST /api/v1/ai/purchasing_segmentation`. */
export const purchasingAnswerSchema = z
  .object({
    benchmark: z.array(purchasingCandidateSchema),
    best: z.object({ algorithm: z.enum(PURCHASING_ALGORITHMS), n_clusters: z.int().min(1) }),
    selection_description: z.string(),
    metric_explanation: z.object({ silhouette: z.string(), davies_bouldin: z.string() }),
    centroids: z.object({ columns: z.array(z.string()), values: z.array(z.array(z.number())) }),
    labels: z.record(z.string(), z.int().min(-1)).meta({
      description: 'Customer id → cluster, −1 for noise: the `labels` of the drill-down.',
    }),
    cluster_legend: z.array(clusterLegendSchema),
    interpretations_en: interpretations,
    interpretations_pt_br: interpretations,
    interpretations_es: interpretations,
    options: echoSchema.extend({
      algorithm: z.enum(['auto', ...PURCHASING_ALGORITHMS]),
      eps: z.union([z.number(), z.literal('auto')]),
      min_samples: z.int(),
    }),
  })
  .meta({ id: 'PurchasingSegmentationAnswer' });
export type PurchasingAnswer = z.output<typeof purchasingAnswerSchema>;

/** Most customers whose tree is also given as nested objects: deeper ones do not survive every JSON reader. */
export const MOST_NESTED_LEAVES = 2000;

/** Body of `POST /api/v1/ai/purchasing_segmentation_dendrogram`. */
export const dendrogramBodySchema = z
  .strictObject({
    customers: z.array(purchasingCustomerSchema).min(2).max(20_000),
    linkage: z.enum(['ward', 'complete', 'average', 'single']).default('ward'),
    n_clusters: z
      .int()
      .min(1)
      .max(20_000)
      .optional()
      .meta({ description: 'Cut into so many clusters; default 3.' }),
    cut_height: z.number().min(0).optional().meta({ description: 'Cut at this height instead.' }),
    scaling: drilldownOptions.scaling,
    categories: drilldownOptions.categories,
    nested: z
      .boolean()
      .default(true)
      .meta({
        description: `Whether the tree is given as nested objects too; up to ${MOST_NESTED_LEAVES} customers.`,
      }),
  })
  .meta({ id: 'DendrogramRequest' });
export type DendrogramBody = z.output<typeof dendrogramBodySchema>;

/** A node of the nested tree: a customer, or two nodes joined at a height. */
export interface DendrogramNode {
  readonly size: number;
  readonly height: number;
  readonly id?: string | undefined;
  readonly children?: readonly DendrogramNode[] | undefined;
}
const nodeSchema: z.ZodType<DendrogramNode> = z
  .object({
    size: z.int().min(1),
    height: z.number().min(0),
    id: z.string().optional(),
    get children() {
      return z.array(nodeSchema).optional();
    },
  })
  .meta({ id: 'DendrogramNode' });

/** Answer of `POST /api/v1/ai/purchasing_segmentation_dendrogram`. */
export const dendrogramAnswerSchema = z
  .object({
    customer_ids: z.array(z.string()).meta({ description: 'Leaf i of the merges.' }),
    merges: z.array(z.tuple([z.int(), z.int(), z.number(), z.int()])).meta({
      description:
        'As SciPy’s linkage: the two clusters joined, height, size; cluster n + i is made by merge i.',
    }),
    leaf_order: z.array(z.int()).meta({ description: 'Leaves from left to right, without crossing lines.' }),
    cut_heights: z
      .array(z.object({ n_clusters: z.int(), from: z.number(), below: z.number().nullable() }))
      .meta({ description: 'A cut at `from` ≤ height < `below` gives so many clusters; the first 50.' }),
    n_clusters: z.int().min(1),
    labels: z.record(z.string(), z.int().min(0)),
    cluster_legend: z.array(clusterLegendSchema),
    tree: nodeSchema.nullable(),
    options: z.object({
      linkage: z.enum(['ward', 'complete', 'average', 'single']),
      scaling: echoSchema.shape.scaling,
      categories: echoSchema.shape.categories,
    }),
  })
  .meta({ id: 'DendrogramAnswer' });
export type DendrogramAnswer = z.output<typeof dendrogramAnswerSchema>;
