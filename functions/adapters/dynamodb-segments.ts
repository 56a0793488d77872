import type { SegmentRecord } from '../contracts/records.ts';
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
  };
}
