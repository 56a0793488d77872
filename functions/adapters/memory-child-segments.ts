import type { ChildSegmentStore } from '../ports.ts';

type Shown = NonNullable<Awaited<ReturnType<ChildSegmentStore['shown']>>>;

/** Children of segments in memory. */
export function memoryChildSegments(): ChildSegmentStore {
  const shown = new Map<string, Shown>();
  const keyOf = ({ tenant, dataset, runId, segmentId }: Parameters<ChildSegmentStore['shown']>[0]) =>
    [tenant, dataset, runId, segmentId].join('/');
  return {
    async publish(record, children) {
      shown.set(keyOf(record), structuredClone({ record, children: [...children] }));
    },
    async shown(segment) {
      return structuredClone(shown.get(keyOf(segment)));
    },
    async deleteRun(tenant, dataset, runId) {
      for (const [key, { record }] of shown) {
        const isOfRun = record.tenant === tenant && record.dataset === dataset && record.runId === runId;
        if (isOfRun) shown.delete(key);
      }
    },
  };
}
