import { KEY } from '../contracts/env.ts';
import type { SegmentRecord } from '../contracts/records.ts';
import type { ClusteringAlgorithm, ClusterRecord, OutlierRecord } from '../contracts/segmentation-records.ts';
import type { SegmentStore } from '../ports.ts';
import { type Item, recordOf, type Table } from './dynamodb-table.ts';

const partition = (tenant: string, dataset: string) => `T#${tenant}#D#${dataset}`;
const runPrefix = (runId: string) => `RUN#${runId}#S#`;

function itemOf(segment: SegmentRecord): Item {
  return {
    ...segment,
    pk: partition(segment.tenant, segment.dataset),
    sk: runPrefix(segment.run_id) + String(segment.segment_id).padStart(5, '0'),
  };
}

const clusterSk = (runId: string, algorithm: string, clusterId: number) =>
  `${analysisPrefix(runId, algorithm as ClusteringAlgorithm)}${String(clusterId).padStart(5, '0')}`;
const analysisPrefix = (runId: string, algorithm?: ClusteringAlgorithm) =>
  `RUN#${runId}#A#${algorithm === undefined ? '' : `${algorithm}#`}`;

/** The outliers of one run have a partition of their own, in which they stand by risk. */
const outliersPk = (tenant: string, dataset: string, runId: string) =>
  `${partition(tenant, dataset)}#RUN#${runId}#OUTLIERS`;

/** Segments of all runs, one partition per dataset. */
export function dynamodbSegments(table: Table): SegmentStore {
  return {
    async putSegments(segments) {
      await table.putAll(segments.map(itemOf));
    },
    async segments(tenant, dataset, runId) {
      const items = await table.withPrefix(partition(tenant, dataset), runPrefix(runId));
      return items.map((item) => recordOf<SegmentRecord>(item));
    },
    async putClusters(clusters) {
      await table.putAll(
        clusters.map((cluster) => ({
          ...cluster,
          pk: partition(cluster.tenant, cluster.dataset),
          sk: clusterSk(cluster.run_id, cluster.clustering_algorithm, cluster.cluster_id),
        })),
      );
    },
    async clusters(tenant, dataset, runId, algorithm) {
      const items = await table.withPrefix(partition(tenant, dataset), analysisPrefix(runId, algorithm));
      return items.map((item) => recordOf<ClusterRecord>(item));
    },
    updateCluster({ tenant, dataset, run_id, clustering_algorithm }, clusterId, changes) {
      const sk = clusterSk(run_id, clustering_algorithm, clusterId);
      return table.set(partition(tenant, dataset), sk, changes);
    },
    async putOutliers(outliers) {
      await table.putAll(
        outliers.map((outlier, rank) => ({
          ...outlier,
          pk: outliersPk(outlier.tenant, outlier.dataset, outlier.run_id),
          sk: String(rank).padStart(6, '0'),
        })),
      );
    },
    async outliers(tenant, dataset, runId, limit) {
      const items = await table.query(
        {
          KeyConditionExpression: `${KEY.partition} = :pk`,
          ExpressionAttributeValues: { ':pk': outliersPk(tenant, dataset, runId) },
          ConsistentRead: true,
        },
        limit,
      );
      return items.map((item) => recordOf<OutlierRecord>(item));
    },
    async deleteRun(tenant, dataset, runId) {
      const pk = partition(tenant, dataset);
      for (const prefix of [runPrefix(runId), analysisPrefix(runId)]) {
        await table.deleteAll(await table.withPrefix(pk, prefix));
      }
      for await (const page of table.partition(outliersPk(tenant, dataset, runId))) {
        await table.deleteAll(page);
      }
    },
  };
}
