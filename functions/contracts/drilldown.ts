import { z } from 'zod';

/**
 * Wire shapes of the drill-down (`/api/v1/ai/…`): the names, texts and orders of the service that printed them
 * (requirements S3-01 … S3-14), with options that default to its notes and are echoed.
 */

/** Most customers of one request; also bounded by the bytes of the body. */
export const MOST_INLINE_CUSTOMERS = 60_000;

/** Longest customer id and product type, characters. */
const LONGEST_NAME = 4096;

/** Most product types of one customer. */
const MOST_PRODUCT_TYPES = 10_000;

/** Ways of bringing frequency, amount and categories to one scale before distances are taken. */
export const DRILLDOWN_SCALINGS = ['zscore', 'none', 'minmax', 'log1p'] as const;
export type DrilldownScaling = (typeof DRILLDOWN_SCALINGS)[number];

/** Whether product types take part one by one: not, or the 50 most frequent of the parent as 0/1 columns. */
export const CATEGORY_MODES = ['none', 'onehot50'] as const;
export type CategoryMode = (typeof CATEGORY_MODES)[number];

/** Languages of the interpretations. */
export const DRILLDOWN_LOCALES = ['en', 'pt-BR', 'es'] as const;
export type DrilldownLocale = (typeof DRILLDOWN_LOCALES)[number];

const text = z.string().min(1).max(LONGEST_NAME);

/** One customer of a request. */
export const purchasingCustomerSchema = z.strictObject({
  id: text.meta({ description: 'Unique in the request.', examples: ['C001'] }),
  frequency: z.int().min(0).max(1e12).meta({ description: 'Orders in the analysis window.' }),
  amount_spent: z.number().min(0).max(1e15).meta({ description: 'Revenue in the same window.' }),
  product_types: z
    .array(text)
    .max(MOST_PRODUCT_TYPES)
    .meta({ description: 'Purchased categories; may be empty. Repeats count once.' }),
});
export type PurchasingCustomer = z.output<typeof purchasingCustomerSchema>;

/** Options that every route of the drill-down takes. */
export const drilldownOptions = {
  scaling: z.enum(DRILLDOWN_SCALINGS).default('zscore').meta({
    description:
      '`zscore`: mean 0, deviation 1 inside each parent; `minmax`: 0..1; `log1p`: ln(1 + x), then z-scored; `none`: raw values.',
  }),
  categories: z.enum(CATEGORY_MODES).default('none').meta({
    description: '`onehot50` adds a 0/1 column for each of the 50 most frequent product types of the parent.',
  }),
  seed: z.int().min(0).max(0xffffffff).default(42),
  restarts: z.int().min(1).max(1000).default(10).meta({ description: 'K-means restarts per k.' }),
  window: z.string().trim().min(1).max(64).optional().meta({
    description: 'Name of the analysis window, for the texts; default: the printed "purchases/mo".',
  }),
  locale: z.enum(DRILLDOWN_LOCALES).default('en'),
};

/** Parent cluster of a customer; −1 is the noise of DBSCAN. */
export const parentSchema = z.int().min(-1).max(1_000_000);

/** What the exploration can be asked to do, wherever its customers come from. */
export const exploreOptions = {
  target_cluster: z
    .int()
    .optional()
    .meta({ description: 'Explore this parent only; without it every parent is explored.' }),
  k_range: z
    .array(z.int().min(2).max(50))
    .min(1)
    .max(49)
    .default([2, 3])
    .meta({ description: 'Numbers of sub-clusters to try.' }),
  ...drilldownOptions,
};

/** Body of `POST /api/v1/ai/segment_subsegment_explore`. */
export const exploreBodySchema = z
  .strictObject({
    customers: z.array(purchasingCustomerSchema).min(1).max(MOST_INLINE_CUSTOMERS),
    labels: z.record(text, parentSchema).meta({
      description: 'Customer id → parent cluster. Every customer needs one, and every label a customer.',
    }),
    ...exploreOptions,
  })
  .meta({ id: 'ExploreRequest' });
export type ExploreBody = z.output<typeof exploreBodySchema>;
/** The same without the customers. */
export type ExploreOptions = Omit<ExploreBody, 'customers' | 'labels'>;

const id = z.int().min(0);

/** Key figures of one cluster. */
export const clusterLegendSchema = z
  .object({
    cluster_id: id,
    n_customers: z.int().min(1),
    avg_spend: z.number(),
    avg_frequency: z.number(),
    top_categories: z.string(),
  })
  .meta({
    id: 'ClusterLegend',
    examples: [
      {
        cluster_id: 0,
        n_customers: 120,
        avg_spend: 182.4,
        avg_frequency: 3.1,
        top_categories: 'books, toys',
      },
    ],
  });
export type ClusterLegend = z.output<typeof clusterLegendSchema>;

/** What was found inside one parent. */
export const subsegmentsSchema = z
  .object({
    benchmark: z.array(z.object({ k: z.int(), silhouette: z.number(), davies_bouldin: z.number() })),
    best_k: z.int(),
    selection_description: z.string(),
    metric_explanation: z.object({ silhouette: z.string(), davies_bouldin: z.string() }),
    nested_centroids: z
      .object({ columns: z.array(z.string()), values: z.array(z.array(z.number())) })
      .meta({ description: 'Raw units, float32.' }),
    nested_labels: z.record(z.string(), id),
    nested_cluster_legend: z.array(clusterLegendSchema),
    nested_interpretations_en: z.record(z.string(), z.string()).optional(),
    nested_interpretations_pt_br: z.record(z.string(), z.string()).optional(),
    nested_interpretations_es: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'Subsegments' });
export type Subsegments = z.output<typeof subsegmentsSchema>;

/** A parent that cannot be split: it has too few different customers for the smallest k. */
export const tooSmallSchema = z
  .object({
    status: z.literal('too_small'),
    n_customers: z.int().min(1),
    n_distinct: z.int().min(1),
    message: z.string(),
  })
  .meta({ id: 'TooSmallParent' });
export type TooSmallParent = z.output<typeof tooSmallSchema>;

/** The options that an answer was made with. */
export const echoSchema = z.object({
  k_range: z.array(z.int()),
  scaling: z.enum(DRILLDOWN_SCALINGS),
  categories: z.enum(CATEGORY_MODES),
  seed: z.int(),
  restarts: z.int(),
  window: z.string().nullable(),
  locale: z.enum(DRILLDOWN_LOCALES),
});

/** Answer of `POST /api/v1/ai/segment_subsegment_explore`: one object per parent, by its number. */
export const exploreAnswerSchema = z
  .object({
    subsegment_results: z.record(z.string(), z.union([subsegmentsSchema, tooSmallSchema])),
    options: echoSchema,
  })
  .meta({ id: 'ExploreAnswer' });
export type ExploreAnswer = z.output<typeof exploreAnswerSchema>;
