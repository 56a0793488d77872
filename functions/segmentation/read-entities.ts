import { decodeArrow } from '../arrow/ipc.ts';
import { joinBytes } from '../arrow/join-bytes.ts';
import type { EntityPlan } from '../contracts/artifacts.ts';
import type { DatasetConfig, DatasetKind } from '../contracts/dataset.ts';
import type { RowCounts } from '../contracts/records.ts';
import { InsufficientDataError, InvalidRequestError } from '../errors.ts';
import { checkEntityCells, checkEntityRows } from '../features/check-entity-cells.ts';
import { windowStart } from '../features/data-window.ts';
import { EntityCollector } from '../features/entity-collector.ts';
import { EntityMerger } from '../features/entity-merger.ts';
import type { EntityTable } from '../features/entity-table.ts';
import { BatchRecords } from '../tables/batch-records.ts';
import { openTable } from '../tables/open-table.ts';
import { EntityPlanner } from '../tables/plan-entities.ts';
import { readTable } from '../tables/read-table.ts';
import { sampleRows } from '../tables/sample-rows.ts';
import { TableProfile } from '../tables/table-profile.ts';
import type { TableSource } from '../tables/table-source.ts';

/** Bytes of text that types are inferred from. */
const SAMPLE_BYTES = 8 * 1024 * 1024;

/** A table in memory with one row per entity, and how it was read. */
export interface ReadEntities {
  readonly table: EntityTable;
  readonly kind: DatasetKind;
  readonly entity: EntityPlan;
  /** Instant that days are counted back from, ms since the epoch; 0 for a table without times. */
  readonly referenceMs: number;
  /** Rows that were read, and why others are not among the entities. */
  readonly rows: RowCounts;
}

/**
 * Reads one file of entities into memory as a run reads it from the bucket: the same inference of types, cleaning,
 * window and order of rows.
 * @param referenceMs instant that the window ends at; default: the latest time of the table
 * @throws InvalidDatasetError for a file that is no table, or too much of which cannot be read
 * @throws InvalidRequestError for a reference before the latest time, whose days would be negative
 * @throws InsufficientDataError when no row was used
 */
export async function readEntities(
  source: TableSource,
  config: DatasetConfig,
  referenceMs?: number,
): Promise<ReadEntities> {
  const layout = await openTable(source);
  const profile = new TableProfile(layout.header);
  const all = layout.header.map((_, i) => i);
  for await (const batch of sampleRows(source, layout, all, SAMPLE_BYTES)) profile.add(batch);
  const planner = new EntityPlanner();
  planner.add(source.file, layout.header, profile);
  const { kind, entity, cells } = planner.plan(config);

  const collector = new EntityCollector(entity, cells[0]!, { file: 0, firstPlace: layout.firstPlace });
  const columns = [entity.idColumn, ...entity.columns.map((column) => column.source)]
    .filter((name) => name !== null)
    .map((name) => layout.header.indexOf(name));
  const records = new BatchRecords(columns.length, layout.firstPlace);
  const onReject = ({ reason, line, text }: { reason: string; line: number; text: string }) =>
    collector.reject(reason, line - layout.firstPlace, text);
  for await (const batch of readTable(source, layout, { columns, onReject })) {
    records.forEach(batch, (record) => collector.add(record));
  }
  const { parts, rows, latestMs, unreadable, firstLines } = collector.finish(1);
  const file = { key: source.file, layout };
  const shards = [{ rows, unreadable, firstLines, places: 0 }];
  checkEntityRows(file, shards);
  checkEntityCells(file, entity, shards);
  if (rows.used === 0) {
    throw new InsufficientDataError(
      `None of the ${rows.read} rows of ${source.file} has an id. Name the column of ids.`,
      {
        reason: 'no_customers',
        byRule: rows.byRule,
      },
    );
  }
  if (referenceMs !== undefined && latestMs !== null && referenceMs < latestMs) {
    const latest = new Date(latestMs).toISOString();
    throw new InvalidRequestError(
      `Days cannot be counted from ${new Date(referenceMs).toISOString()}, since the latest row is of ${latest}: name an ` +
        'instant that is not before it.',
      { reason: 'reference_before_rows', latestAt: latest },
    );
  }
  const reference = referenceMs ?? latestMs ?? 0;
  const merger = new EntityMerger(entity);
  merger.add(decodeArrow(joinBytes(parts)), 0, layout.firstPlace - 1);
  const months = entity.maxDataAgeMonths;
  const { table, dropped } = merger.finish(months === null ? null : windowStart(reference, months));
  const left = Object.values(dropped).reduce((sum, n) => sum + n, 0);
  return {
    table,
    kind,
    entity,
    referenceMs: reference,
    rows: {
      read: rows.read,
      used: rows.used - left,
      rejected: rows.rejected + left,
      byRule: { ...rows.byRule, ...dropped },
    },
  };
}
