import type { SegmentRecord } from '../contracts/records.ts';
import type { ClusterRecord, OutlierRecord, SegmentationRef } from '../contracts/segmentation-records.ts';
import type { SegmentStore } from '../ports.ts';

/** Segment store in memory. */
export function memorySegments(): SegmentStore {
  const segments = new Map<string, SegmentRecord>();
  const clusters = new Map<string, ClusterRecord>();
  const outliers = new Map<string, OutlierRecord[]>();
  const keyOf = (...parts: (string | number)[]) => parts.join('/');
  const clusterKey = (
    { tenant, dataset, run_id, clustering_algorithm }: SegmentationRef,
    clusterId: number,
  ) => keyOf(tenant, dataset, run_id, clustering_algorithm, clusterId);

  return {
    async putSegments(records) {
      for (const record of records) {
        const { tenant, dataset, run_id, segment_id } = record;
        segments.set(keyOf(tenant, dataset, run_id, segment_id), structuredClone(record));
      }
    },
    async segments(tenant, dataset, runId) {
      const ofRun = [...segments.values()].filter(
        (s) => s.tenant === tenant && s.dataset === dataset && s.run_id === runId,
      );
      return structuredClone(ofRun).sort((a, b) => a.segment_id - b.segment_id);
    },
    async putClusters(records) {
      for (const record of records)
        clusters.set(clusterKey(record, record.cluster_id), structuredClone(record));
    },
    async clusters(tenant, dataset, runId, algorithm) {
      const ofRun = [...clusters.values()].filter(
        (c) =>
          c.tenant === tenant &&
          c.dataset === dataset &&
          c.run_id === runId &&
          (algorithm === undefined || c.clustering_algorithm === algorithm),
      );
      return structuredClone(ofRun).sort(
        (a, b) =>
          (a.clustering_algorithm < b.clustering_algorithm ? -1 : 0) +
            (a.clustering_algorithm > b.clustering_algorithm ? 1 : 0) || a.cluster_id - b.cluster_id,
      );
    },
    async updateCluster(ref, clusterId, changes) {
      const key = clusterKey(ref, clusterId);
      const cluster = clusters.get(key);
      if (cluster === undefined) return false;
      clusters.set(key, { ...cluster, ...structuredClone(changes) });
      return true;
    },
    async putOutliers(records) {
      const [first] = records;
      if (first === undefined) return;
      outliers.set(keyOf(first.tenant, first.dataset, first.run_id), structuredClone([...records]));
    },
    async outliers(tenant, dataset, runId, limit) {
      return structuredClone((outliers.get(keyOf(tenant, dataset, runId)) ?? []).slice(0, limit));
    },
    async deleteRun(tenant, dataset, runId) {
      for (const records of [segments, clusters]) {
        for (const [key, record] of records) {
          const isOfRun = record.tenant === tenant && record.dataset === dataset && record.run_id === runId;
          if (isOfRun) records.delete(key);
        }
      }
      outliers.delete(keyOf(tenant, dataset, runId));
    },
  };
}
