import type { InputFile, PartialManifest, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { InsufficientDataError, InvalidDatasetError } from '../errors.ts';
import { OrderCleaner, unreadableRule } from '../features/clean-orders.ts';
import { OrderAggregator } from '../features/order-aggregator.ts';
import { checkUnchanged, lineBreaksBefore, shardBytes } from '../input-file.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { unreadableFile } from '../readable-files.ts';
import { type StepContext, stepHandler } from '../shell.ts';
import { CsvScanner, MalformedRecord } from '../tables/csv-scanner.ts';
import { ORDER_ROLES } from '../tables/order-columns.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.stream';

/** Most orders of one shard: 1.4 GB of this function's 1.7 GiB (with ids of 15 characters), and more than 64 MiB of rows hold. */
const MOST_ORDERS = 2_000_000;

/** Reads the rows of one shard, cleans them and writes one partial per (customer, order), by entity bucket. */
export async function buildFeatures(
  { run, item }: ItemInput,
  { ports: { objects }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = runKeys(run);
  const { files, rowShards, nBuckets } = await readJson<RunPlan>(objects, keys.plan);
  const shard = rowShards[item]!;
  const file = files[shard.file]!;
  const isFirst = rowShards[item - 1]?.file !== shard.file;
  const isWhole = isFirst && rowShards[item + 1]?.file !== shard.file;
  const linesBefore = async () =>
    isFirst ? headerLines(file) : await lineBreaksBefore(objects, file.key, shard.start);
  await checkUnchanged(objects, file);

  const orders = new OrderAggregator();
  const cleaner = new OrderCleaner((...order) => orders.add(...order));
  const selected = ORDER_ROLES.map((role) => file.header.indexOf(file.columns[role]));
  const layout = { delimiter: file.delimiter, nColumns: file.header.length, selected };
  const scanner = new CsvScanner(layout, (record) => cleaner.add(record));
  try {
    for await (const chunk of shardBytes(objects, file, shard)) {
      scanner.push(chunk);
      if (orders.size > MOST_ORDERS) throw tooManyOrders(file);
      progress(cleaner.read);
    }
    scanner.end();
  } catch (error) {
    if (!(error instanceof MalformedRecord)) throw error;
    const line = (await linesBefore()) + error.line + 1;
    throw new InvalidDatasetError(`${file.key}, line ${line}: ${error.message}`, {
      file: file.key,
      line,
      reason: error.reason,
    });
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

  const { bytes, buckets, latestOrderMs } = orders.finish(nBuckets);
  await objects.write(keys.partial(item), bytes, ARROW_TYPE);
  const manifest: PartialManifest = { shard: item, rows, firstLines, latestOrderMs, buckets };
  await writeJson(objects, keys.partialManifest(item), manifest);
  progress(rows.read);
  return { item, rows: rows.read };
}

/** Lines that the header takes: more than one only where a name holds a line break. */
function headerLines({ header }: InputFile): number {
  return 1 + header.reduce((sum, name) => sum + name.split('\n').length - 1, 0);
}

function tooManyOrders({ key, compression }: InputFile): InvalidDatasetError {
  const remedy =
    compression === 'gzip'
      ? 'A gzip file is read by one worker: upload the file uncompressed, or split it into several.'
      : 'Ask for more shards, or leave their number to the workflow.';
  return new InvalidDatasetError(
    `${key}: more than ${MOST_ORDERS} orders fall to one worker, which cannot hold them. ${remedy}`,
    { file: key, reason: 'shard_too_large' },
  );
}

function noRows({ key }: InputFile): InsufficientDataError {
  return new InsufficientDataError(`${key} holds a header but no row. Add order lines below it.`, {
    file: key,
    reason: 'no_rows',
  });
}

export const handler = stepHandler('BuildFeatures', itemInputSchema, buildFeatures);
