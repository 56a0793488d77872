import { z } from 'zod';
import { count, dataset, isoTime } from './api-fields.ts';
import { algorithm, segmentFields, share } from './api-segmentation.ts';

/** Answers of `/api/segmentation/cluster`: the documents of S0-11, S0-13, S0-17 and S0-24 in one, under their names. */

const number = z.number();
const average = number.nullable();
const texts = z.array(z.string()).readonly();

const characteristicsSchema = z.object({
  avg_ltv: average,
  avg_behavior_score: average,
  avg_engagement_score: average,
  avg_intention_level: average,
  dominant_countries: texts,
  dominant_states: texts,
  dominant_utm_source: texts,
  top_features: texts,
  distinctive_features: z
    .array(
      z.object({
        feature: z.string(),
        value: z.string().optional(),
        standardised_difference: number,
        importance: share,
      }),
    )
    .readonly(),
  distributions: z.record(
    z.string(),
    z.object({ mean: number, std: number, median: number, min: number, max: number, count }),
  ),
  categories: z.record(z.string(), z.array(z.object({ value: z.string(), share })).readonly()),
});

/** One segment of the answer (S0-11, S0-13 and the printed call of S0-24). */
export const clusterSchema = z
  .object({
    cluster_id: count.meta({ description: '0 is the largest.' }),
    name: z.string(),
    name_rule: z.string().meta({ description: 'Rules that chose the words of the name.' }),
    size: count,
    percentage: share.meta({ description: 'size ÷ leads, 0..1.' }),
    ...segmentFields,
    cohesion: number.meta({ description: 'Mean distance to the center, scaled features.' }),
    separation: number
      .nullable()
      .meta({ description: 'Distance to the nearest other center; null for one.' }),
    density: z.enum(['high', 'medium', 'low']).optional().meta({
      description: 'Of dbscan: mean k-distance ÷ epsilon of its members at most 0.5, 0.75, or above.',
    }),
    characteristics: characteristicsSchema,
    centroid: z.record(z.string(), number).meta({ description: 'By feature, in scaled units.' }),
    sample_leads: texts.meta({ description: 'Ids of the leads nearest to the center, at most three.' }),
  })
  .meta({ id: 'Cluster' });
export type Cluster = z.output<typeof clusterSchema>;

const outlierSchema = z.object({
  lead_id: z.string(),
  risk_score: share,
  confidence: share,
  reason: z.string(),
  rules: texts,
  contributions: z.array(z.object({ feature: z.string(), contribution: number })).readonly(),
  features: z.record(z.string(), z.union([z.string(), number, z.boolean(), z.null(), texts])),
  suspicious: z.literal(true),
});

interface TreeNodeShape {
  readonly id: string;
  readonly name: string;
  readonly level: number;
  readonly size: number;
  readonly share: number;
  readonly inertia: number;
  readonly split_silhouette: number | null;
  readonly cluster_ids: readonly number[];
  readonly children?: readonly TreeNodeShape[] | undefined;
}

/** A node of the tree (S0-17); the sizes of children add up to that of their parent. */
export const treeNodeSchema: z.ZodType<TreeNodeShape> = z
  .object({
    id: z.string(),
    name: z.string(),
    level: count,
    size: count,
    share,
    inertia: number,
    split_silhouette: number.nullable(),
    cluster_ids: z.array(count).readonly(),
    get children() {
      return z.array(treeNodeSchema).readonly().optional();
    },
  })
  .meta({ id: 'TreeNode' });

const treeStatisticsSchema = z.object({
  n_levels: count,
  n_leaf_clusters: count,
  avg_leaf_size: number,
  best_depth_for_lead: z.string().meta({ examples: ['level_2'] }),
  silhouettes: z.array(number).readonly(),
});

const dendrogramSchema = z
  .object({
    n_rows: count,
    leaves: z.array(z.object({ size: count, node: count })).readonly(),
    merges: z.array(z.object({ left: count, right: count, height: number, size: count })).readonly(),
    leaf_order: z.array(count).readonly(),
  })
  .meta({ description: "The last merges of Ward's tree, as SciPy's linkage." });

/** What a rule of the published table says about the run. */
export const adviceSchema = z
  .object({
    code: z.string(),
    severity: z.enum(['refusal', 'verdict', 'advice']),
    message: z.string(),
    fact: z.string(),
    found: number,
    bound: number,
  })
  .meta({ id: 'SegmentationAdvice' });

const selectionSchema = z.object({
  candidates: z
    .array(z.object({ n_clusters: count, silhouette: average, davies_bouldin: average }))
    .readonly()
    .meta({ description: 'Every number of clusters that was tried.' }),
  reason: z.string(),
});

/** Answer of `POST /api/segmentation/cluster` with leads. */
export const clusterAnswerSchema = z
  .object({
    success: z.literal(true),
    algorithm,
    n_clusters: count.meta({ description: 'Clusters found.' }),
    clusters: z.array(clusterSchema).readonly(),
    generated_at: isoTime,
    client_vertical: z.string().optional(),
    total_leads: count.meta({ description: 'Leads that were segmented.' }),
    left_out_leads: z.record(z.string(), count).optional().meta({
      description: 'Leads that were not, by rule: `outside_window`, `missing_time`.',
    }),
    silhouette_scores: z.object({
      overall: number.nullable(),
      by_cluster: z.array(number.nullable()).readonly(),
    }),
    members: z
      .array(z.object({ lead_id: z.string(), cluster_id: z.int().min(-1), confidence: share }))
      .readonly()
      .meta({ description: 'Every lead; −1 is noise of dbscan.' }),
    features: z.object({
      used: texts,
      left_out: z.array(z.object({ name: z.string(), reason: z.string(), detail: z.string() })).readonly(),
    }),
    selection: selectionSchema,
    advice: z.array(adviceSchema).readonly(),
    convergence: z.object({ iterations: count, final_inertia: number }).optional(),
    epsilon: number.optional().meta({ description: 'Of dbscan: the radius used.' }),
    n_core_points: count.optional(),
    n_border_points: count.optional(),
    n_outliers: count.optional(),
    outliers: z
      .array(outlierSchema)
      .readonly()
      .optional()
      .meta({ description: 'By risk, the highest first.' }),
    tree: z.object({ level_0: treeNodeSchema }).optional(),
    statistics: treeStatisticsSchema.optional(),
    dendrogram: dendrogramSchema.optional(),
  })
  .meta({
    id: 'ClusterAnswer',
    examples: [
      {
        success: true,
        algorithm: 'kmeans',
        n_clusters: 1,
        clusters: [
          {
            cluster_id: 0,
            name: 'Segmento 0 - Alto Valor + Alto Engajamento (SP)',
            name_rule: 'Alto Valor: value 1 (mean of ltv_class) is at least 0.75',
            size: 95,
            percentage: 0.19,
            avg_ltv: 497.5,
            avg_behavior_score: 75.3,
            avg_engagement_score: 82.1,
            dominant_countries: ['BR'],
            dominant_states: ['SP', 'RJ'],
            dominant_utm_sources: ['facebook', 'google'],
            silhouette_score: 0.71,
            action_recommendations: [
              'Priorizar remarketing em 24h',
              'Criar lookalike audience de alto valor',
            ],
            bid_recommendations: ['Aumentar o lance em 30%'],
            campaign_recommendations: ['Campanha de aquisição com lookalike de 1%'],
            cohesion: 0.24,
            separation: 1.31,
            characteristics: {
              avg_ltv: 497.5,
              avg_behavior_score: 75.3,
              avg_engagement_score: 82.1,
              avg_intention_level: null,
              dominant_countries: ['BR'],
              dominant_states: ['SP', 'RJ'],
              dominant_utm_source: ['facebook', 'google'],
              top_features: ['ltv_class'],
              distinctive_features: [
                { feature: 'ltv_class', value: 'High', standardised_difference: 1.4, importance: 0.8 },
              ],
              distributions: {
                behavior_score: { mean: 75.3, std: 8.1, median: 76, min: 51, max: 97, count: 95 },
              },
              categories: { state: [{ value: 'SP', share: 0.7 }] },
            },
            centroid: { behavior_score: 0.8 },
            sample_leads: ['lead_1', 'lead_2', 'lead_3'],
          },
        ],
        generated_at: '2026-11-21T03:00:12.345Z',
        total_leads: 500,
        silhouette_scores: { overall: 0.62, by_cluster: [0.71] },
        members: [{ lead_id: 'lead_1', cluster_id: 0, confidence: 0.95 }],
        features: {
          used: ['behavior_score'],
          left_out: [{ name: 'country=BR', reason: 'constant', detail: 'always 1' }],
        },
        selection: {
          candidates: [{ n_clusters: 5, silhouette: 0.62, davies_bouldin: 0.7 }],
          reason: '5 clusters were asked for (silhouette 0.6200, Davies-Bouldin 0.7000).',
        },
        advice: [],
        convergence: { iterations: 7, final_inertia: 23.45 },
      },
    ],
  });
export type ClusterAnswer = z.output<typeof clusterAnswerSchema>;

/** Answer of `cluster` without leads: a run over the dataset's files has been started. */
export const clusterStartedSchema = z
  .object({
    success: z.literal(true),
    algorithm,
    dataset,
    run_id: z.string(),
    status: z.literal('running'),
    generated_at: isoTime,
    client_vertical: z.string().optional(),
  })
  .meta({ id: 'ClusterStarted' });
