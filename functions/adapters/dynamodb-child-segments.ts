import type { ChildSegment, SegmentDrilldownRecord } from '../contracts/segment-drilldown.ts';
import type { ChildSegmentStore } from '../ports.ts';
import { recordOf, type Table } from './dynamodb-table.ts';

type Segment = Parameters<ChildSegmentStore['shown']>[0];

const KINDS = ['DRILLDOWN', 'CHILD'] as const;

const partition = ({ tenant, dataset }: Pick<Segment, 'tenant' | 'dataset'>) => `T#${tenant}#D#${dataset}`;
const runPrefix = (runId: string, kind: (typeof KINDS)[number]) => `RUN#${runId}#${kind}#`;
const segmentKey = ({ runId, segmentId }: Segment, kind: (typeof KINDS)[number]) =>
  runPrefix(runId, kind) + String(segmentId).padStart(9, '0');
const childPrefix = (record: SegmentDrilldownRecord) =>
  `${segmentKey(record, 'CHILD')}#${record.drilldownId}#`;

/** Children of segments, beside the segments of their run. */
export function dynamodbChildSegments(table: Table): ChildSegmentStore {
  return {
    async publish(record, children) {
      const pk = partition(record);
      await table.putAll(
        children.map((child, n) => ({ ...child, pk, sk: childPrefix(record) + String(n).padStart(5, '0') })),
      );
      await table.put({ ...record, pk, sk: segmentKey(record, 'DRILLDOWN') });
    },
    async shown(segment) {
      const item = await table.get(partition(segment), segmentKey(segment, 'DRILLDOWN'));
      if (!item) return undefined;
      const record = recordOf<SegmentDrilldownRecord>(item);
      const items = await table.withPrefix(partition(segment), childPrefix(record));
      return { record, children: items.map((child) => recordOf<ChildSegment>(child)) };
    },
    async deleteRun(tenant, dataset, runId) {
      const pk = partition({ tenant, dataset });
      for (const kind of KINDS) await table.deleteAll(await table.withPrefix(pk, runPrefix(runId, kind)));
    },
  };
}
