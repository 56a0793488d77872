import { checkOrderRows } from './check-order-rows.ts';
import type { OrderFile, OrdersPlan, PartialManifest, PlannedFile } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { InsufficientDataError, InvalidDatasetError } from './errors.ts';
import { OrderCleaner } from './features/clean-orders.ts';
import { OrderAggregator } from './features/order-aggregator.ts';
import { RejectedRows } from './features/rejected-rows.ts';
import { checkUnchanged } from './input-file.ts';
import { writeJson } from './json-objects.ts';
import { readShard } from './read-shard.ts';
import type { StepContext } from './shell.ts';
import { whyNotCut } from './tables/open-table.ts';
import { ORDER_ROLES } from './tables/order-columns.ts';
import { writeParts } from './write-parts.ts';

const STREAM_TYPE = 'application/vnd.apache.arrow.stream';
const FILE_TYPE = 'application/vnd.apache.arrow.file';

/** Most orders of one shard: 1.4 GB of this function's 1.7 GiB (with ids of 15 characters), and more than 64 MiB of rows hold. */
const MOST_ORDERS = 2_000_000;

/**
 * Reads the order lines of one shard, cleans them and writes one partial per (customer, order), by entity bucket; lines
 * that are not used go to files of their own, part by part.
 */
export async function buildOrders(
  { run, files, rowShards, nBuckets }: OrdersPlan,
  item: number,
  { ports: { objects }, progress }: StepContext,
): Promise<number> {
  const keys = runKeys(run);
  const shard = rowShards[item]!;
  const file = files[shard.file]!;
  const isWhole = rowShards[item - 1]?.file !== shard.file && rowShards[item + 1]?.file !== shard.file;
  await checkUnchanged(objects, file);

  const orders = new OrderAggregator();
  const rejected = new RejectedRows();
  const cleaner = new OrderCleaner(
    (customerId, orderId, orderedAtMs, amount) => orders.add(customerId, orderId, orderedAtMs, amount),
    file.formats,
    (rule, { bytes, rowStart, rowEnd, line }) =>
      rejected.addBytes(shard.file, line, rule, bytes, rowStart, rowEnd),
  );
  const columns = ORDER_ROLES.map((role) => file.columns[role]);
  let places = 0;
  let rejectedParts = 0;
  const storeRejected = async () => {
    await writeParts(objects, keys.rejected(item, rejectedParts++), rejected.encode(), FILE_TYPE);
    rejected.clear();
  };
  for await (const reached of readShard(objects, file, shard, columns, cleaner)) {
    places = reached;
    if (orders.size > MOST_ORDERS) throw tooManyOrders(file);
    if (rejected.isFull) await storeRejected();
    progress(cleaner.read);
  }
  await checkUnchanged(objects, file);

  const rows = cleaner.counts();
  const firstLines = Object.fromEntries(cleaner.firstLines());
  if (isWhole && rows.read === 0) throw noRows(file);
  if (isWhole) checkOrderRows(file, [{ rows, firstLines, places }]);
  if (rejected.size > 0) await storeRejected();

  const { parts, buckets, latestMs } = orders.finish(nBuckets);
  await writeParts(objects, keys.partial(item), parts, STREAM_TYPE);
  const manifest: PartialManifest = {
    shard: item,
    rows,
    firstLines,
    latestMs,
    buckets,
    places,
    rejectedParts,
  };
  await writeJson(objects, keys.partialManifest(item), manifest);
  progress(rows.read);
  return rows.read;
}

function tooManyOrders({ key, layout }: OrderFile): InvalidDatasetError {
  const whyOne = whyNotCut(layout);
  const remedy =
    whyOne !== undefined
      ? `The file is read by one worker, since ${whyOne}: upload it as plain CSV or Parquet, or split it into several.`
      : layout.format === 'parquet'
        ? 'Ask for more shards, or write smaller row groups: one is read by one worker.'
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
