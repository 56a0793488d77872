import type { OrderFile, OrdersPlan, PartialManifest, PlannedFile, RowShard } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { InsufficientDataError, InvalidDatasetError } from './errors.ts';
import { OrderCleaner, unreadableRule } from './features/clean-orders.ts';
import { OrderAggregator } from './features/order-aggregator.ts';
import { checkUnchanged, lineBreaksBefore, objectSource } from './input-file.ts';
import { writeJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import { unreadableFile } from './readable-files.ts';
import type { StepContext } from './shell.ts';
import { BatchRecords } from './tables/batch-records.ts';
import { blanksToTabs } from './tables/blank-separated.ts';
import { CsvScanner, MalformedRecord } from './tables/csv-scanner.ts';
import { whyNotCut } from './tables/open-table.ts';
import { ORDER_ROLES } from './tables/order-columns.ts';
import { readTable, readText } from './tables/read-table.ts';
import type { RejectedRow } from './tables/rejected-row.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.stream';

/** Most orders of one shard: 1.4 GB of this function's 1.7 GiB (with ids of 15 characters), and more than 64 MiB of rows hold. */
const MOST_ORDERS = 2_000_000;

/** Reads the order lines of one shard, cleans them and writes one partial per (customer, order), by entity bucket. */
export async function buildOrders(
  { run, files, rowShards, nBuckets }: OrdersPlan,
  item: number,
  { ports: { objects }, progress }: StepContext,
): Promise<number> {
  const keys = runKeys(run);
  const shard = rowShards[item]!;
  const file = files[shard.file]!;
  const isFirst = rowShards[item - 1]?.file !== shard.file;
  const isWhole = isFirst && rowShards[item + 1]?.file !== shard.file;
  const isText = file.layout.format === 'csv' || file.layout.format === 'jsonl';
  const linesBefore = async () => {
    if (isFirst) return file.layout.firstPlace - 1;
    // Row groups and record batches have no lines that a person could look up.
    return isText ? await lineBreaksBefore(objects, file.key, shard.start) : undefined;
  };
  await checkUnchanged(objects, file);

  const orders = new OrderAggregator();
  const cleaner = new OrderCleaner((...order) => orders.add(...order), file.formats);
  try {
    for await (const _ of cleanRows(objects, file, shard, cleaner)) {
      if (orders.size > MOST_ORDERS) throw tooManyOrders(file);
      progress(cleaner.read);
    }
  } catch (error) {
    if (!(error instanceof MalformedRecord)) throw error;
    const before = await linesBefore();
    const line = before === undefined ? undefined : before + error.line + 1;
    throw new InvalidDatasetError(
      `${file.key}${line === undefined ? '' : `, line ${line}`}: ${error.message}`,
      {
        file: file.key,
        ...(line === undefined ? {} : { line }),
        reason: error.reason,
      },
    );
  }

  await checkUnchanged(objects, file);

  const rows = cleaner.counts();
  const broken = unreadableRule(rows);
  // Counting the lines before a shard is worth it only where they are likely to be asked for.
  const before = isFirst || broken ? await linesBefore() : undefined;
  const firstLines =
    before === undefined
      ? {}
      : Object.fromEntries([...cleaner.firstLines()].map(([rule, line]) => [rule, before + line + 1]));
  if (isWhole && rows.read === 0) throw noRows(file);
  if (isWhole && broken) throw unreadableFile(file, rows.read, broken, firstLines[broken.rule]);

  const { bytes, buckets, latestMs } = orders.finish(nBuckets);
  await objects.write(keys.partial(item), bytes, ARROW_TYPE);
  const manifest: PartialManifest = { shard: item, rows, firstLines, latestMs, buckets };
  await writeJson(objects, keys.partialManifest(item), manifest);
  progress(rows.read);
  return rows.read;
}

/** Hands all rows of a shard to the cleaner; yields after every piece. @throws MalformedRecord, lines counted from the shard */
async function* cleanRows(
  objects: ObjectStore,
  file: OrderFile,
  shard: RowShard,
  cleaner: OrderCleaner,
): AsyncGenerator<void> {
  const source = objectSource(objects, file);
  const { layout } = file;
  const selected = ORDER_ROLES.map((role) => layout.header.indexOf(file.columns[role]));
  if (layout.format === 'csv') {
    // Straight from the bytes: of the common format, columns that no order has are never copied.
    const { delimiter, header } = layout;
    const scanner = new CsvScanner({ delimiter, nColumns: header.length, selected }, (record) =>
      cleaner.add(record),
    );
    const convert = layout.separatedByBlanks ? blanksToTabs() : (bytes: Uint8Array) => bytes;
    for await (const chunk of readText(source, layout, shard)) {
      scanner.push(convert(chunk));
      yield;
    }
    scanner.end();
    return;
  }
  const firstPlace = shard.start === layout.firstRecord ? layout.firstPlace : 1;
  const records = new BatchRecords(selected.length, firstPlace);
  const onReject = ({ reason, line, message }: RejectedRow) => {
    throw new MalformedRecord(reason, line - firstPlace, message);
  };
  for await (const batch of readTable(source, layout, { columns: selected, range: shard, onReject })) {
    records.forEach(batch, (record) => cleaner.add(record));
    yield;
  }
}

function tooManyOrders({ key, layout }: OrderFile): InvalidDatasetError {
  const whyOne = whyNotCut(layout);
  const remedy =
    whyOne !== undefined
      ? `The file is read by one worker, since ${whyOne}: upload it as plain CSV or Parquet, or split it into several.`
      : 'Ask for more shards, or leave their number to the workflow.';
  return new InvalidDatasetError(
    `${key}: more than ${MOST_ORDERS} orders fall to one worker, which cannot hold them. ${remedy}`,
    { file: key, reason: 'shard_too_large' },
  );
}

/** The error for a file that is a header alone. */
export function noRows({ key }: PlannedFile): InsufficientDataError {
  return new InsufficientDataError(`${key} holds a header but no row. Add rows below it.`, {
    file: key,
    reason: 'no_rows',
  });
}
