import {
  type ListedCluster,
  type ListedOutlier,
  listAnswerSchema,
  listQuerySchema,
  outliersAnswerSchema,
  outliersQuerySchema,
  type UpdateBody,
  updateAnswerSchema,
  updateBodySchema,
} from '../contracts/api-segmentation.ts';
import type { ClusterRecord, OutlierRecord } from '../contracts/segmentation-records.ts';
import { NotFoundError } from '../errors.ts';
import { publishedDataset } from './published-run.ts';
import { defineRoute } from './route.ts';

/** Outliers that a run keeps, by DBSCAN and by k-means, and so all that can be asked for at once. */
const MOST_OUTLIERS = 2000;

/** Segments of the served run and of those before it. */
export const listClusters = defineRoute({
  method: 'GET',
  path: '/api/segmentation/list',
  scope: 'segments:read',
  summary: 'Segments of every algorithm, the newest run first',
  description: 'The run that the dataset serves, then the runs it served before, until there are `limit`.',
  query: listQuerySchema,
  status: 200,
  answer: listAnswerSchema,
  problems: { 404: 'Nothing is published.' },
  async handle({ tenant, query: { limit, algorithm, dataset } }, ports) {
    const served = await publishedDataset(ports, tenant, dataset);
    const clusters: ClusterRecord[] = [];
    for (const runId of [served.currentRunId, ...served.formerRunIds]) {
      if (clusters.length >= limit) break;
      clusters.push(...(await ports.segments.clusters(tenant, served.dataset, runId, algorithm)));
    }
    return { body: { success: true as const, clusters: clusters.slice(0, limit).map(listed) } };
  },
});

/** Outliers of the served run. */
export const listOutliers = defineRoute({
  method: 'GET',
  path: '/api/segmentation/outliers',
  scope: 'segments:read',
  summary: 'Outliers of the run that is served, the riskiest first',
  description:
    'Customers that DBSCAN put into no cluster, with the features that their risk is due to and the patterns that fired. A run keeps the 1,000 riskiest. Columns with personal data are never read, so that no e-mail address is shown.',
  query: outliersQuerySchema,
  status: 200,
  answer: outliersAnswerSchema,
  problems: { 404: 'Nothing is published.' },
  async handle({ tenant, query: { limit, confidence_threshold, dataset } }, ports) {
    const { dataset: name, currentRunId, publishedAt } = await publishedDataset(ports, tenant, dataset);
    const stored = await ports.segments.outliers(tenant, name, currentRunId, MOST_OUTLIERS);
    const outliers = stored
      .filter(({ confidence }) => confidence < confidence_threshold)
      .slice(0, limit)
      .map(listedOutlier);
    return { body: { success: true as const, outliers, total: outliers.length, generated_at: publishedAt } };
  },
});

/** Changes what is recommended about one segment. */
export const updateCluster = defineRoute({
  method: 'PUT',
  path: '/api/segmentation/update',
  scope: 'runs:write',
  summary: 'Change the recommendations of one segment',
  description: 'What is left out stays as it is. The next run recommends anew, by its rules.',
  body: updateBodySchema,
  status: 200,
  answer: updateAnswerSchema,
  problems: { 404: 'Nothing is published, or the run has no such segment.' },
  async handle({ tenant, body }, ports) {
    const { cluster_id, algorithm = 'kmeans' } = body;
    const served = await publishedDataset(ports, tenant, body.dataset);
    const { dataset } = served;
    const run_id = body.run_id ?? served.currentRunId;
    const updated_at = ports.clock.now().toISOString();
    const ref = { tenant, dataset, run_id, clustering_algorithm: algorithm };
    const changed = await ports.segments.updateCluster(ref, cluster_id, { ...changesOf(body), updated_at });
    const clusters = changed ? await ports.segments.clusters(tenant, dataset, run_id, algorithm) : [];
    const cluster = clusters.find((one) => one.cluster_id === cluster_id);
    if (cluster === undefined) {
      throw new NotFoundError(
        `Segment not found: run ${run_id} of dataset ${dataset} has no segment ${cluster_id} of ${algorithm}. GET /api/segmentation/list shows them.`,
        { reason: 'no_such_segment', runId: run_id },
      );
    }
    return { body: { success: true as const, dataset, run_id, cluster: listed(cluster), updated_at } };
  },
});

function changesOf({
  action_recommendations,
  bid_recommendations,
  campaign_recommendations,
}: UpdateBody): Partial<ClusterRecord> {
  return {
    ...(action_recommendations && { action_recommendations }),
    ...(bid_recommendations && { bid_recommendations }),
    ...(campaign_recommendations && { campaign_recommendations }),
  };
}

function listed(cluster: ClusterRecord): ListedCluster {
  return {
    id: cluster.id,
    cluster_id: cluster.cluster_id,
    cluster_name: cluster.cluster_name,
    clustering_algorithm: cluster.clustering_algorithm,
    size: cluster.size,
    percentage: cluster.percentage,
    avg_ltv: cluster.avg_ltv,
    avg_behavior_score: cluster.avg_behavior_score,
    avg_engagement_score: cluster.avg_engagement_score,
    dominant_countries: cluster.dominant_countries,
    dominant_states: cluster.dominant_states,
    dominant_utm_sources: cluster.dominant_utm_sources,
    silhouette_score: cluster.silhouette_score,
    action_recommendations: cluster.action_recommendations,
    bid_recommendations: cluster.bid_recommendations,
    campaign_recommendations: cluster.campaign_recommendations,
  };
}

function listedOutlier(outlier: OutlierRecord): ListedOutlier {
  return {
    lead_id: outlier.lead_id,
    id: outlier.lead_id,
    behavior_score: outlier.behavior_score,
    days_since_lead: outlier.days_since_lead,
    country: outlier.country,
    state: outlier.state,
    utm_source: outlier.utm_source,
    utm_medium: outlier.utm_medium,
    risk_score: outlier.risk_score,
    reason: outlier.reason,
    confidence: outlier.confidence,
    clustering_algorithm: outlier.clustering_algorithm,
    suspicious: true,
    rules: outlier.rules,
    contributions: outlier.contributions,
  };
}
