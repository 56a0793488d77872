import { noRows } from './build-orders.ts';
import type { EntityFile, PartialManifest, RowShard, TablePlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { InvalidDatasetError } from './errors.ts';
import { checkEntityCells, checkEntityRows } from './features/check-entity-cells.ts';
import { EntityCollector } from './features/entity-collector.ts';
import { checkUnchanged, lineBreaksBefore, objectSource } from './input-file.ts';
import { writeJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import type { StepContext } from './shell.ts';
import { BatchRecords } from './tables/batch-records.ts';
import { blanksToTabs } from './tables/blank-separated.ts';
import { placeOf } from './tables/cells.ts';
import { CsvScanner, MalformedRecord } from './tables/csv-scanner.ts';
import { whyNotCut } from './tables/open-table.ts';
import { readTable, readText } from './tables/read-table.ts';
import type { TableSource } from './tables/table-source.ts';

const STREAM_TYPE = 'application/vnd.apache.arrow.stream';
const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Most rows of one shard: with 15 columns of numbers they take 1 GB, and 64 MiB of rows hold fewer. */
const MOST_ROWS = 4_000_000;

/** Reads the rows of one shard as typed cells and writes them by entity bucket; rows that are not used go to a file of their own. */
export async function buildEntities(
  plan: TablePlan,
  item: number,
  { ports: { objects }, progress }: StepContext,
): Promise<number> {
  const { run, files, rowShards, nBuckets, entity } = plan;
  const keys = runKeys(run);
  const shard = rowShards[item]!;
  const file = files[shard.file]!;
  const { firstPlace } = file.layout;
  const isFirst = rowShards[item - 1]?.file !== shard.file;
  const isWhole = isFirst && rowShards[item + 1]?.file !== shard.file;
  await checkUnchanged(objects, file);

  const place = { file: shard.file, firstPlace: shard.firstPlace ?? firstPlace };
  const collector = new EntityCollector(entity, file.cells, place);
  let places = 0;
  try {
    for await (const reached of readShard(objects, file, shard, plan, collector)) {
      places = reached;
      if (collector.nRead > MOST_ROWS) throw tooManyRows(file);
      progress(collector.nRead);
    }
  } catch (error) {
    if (!(error instanceof MalformedRecord)) throw error;
    const before = isFirst ? firstPlace - 1 : await lineBreaksBefore(objects, file.key, shard.start);
    const line = before + error.line + 1;
    throw new InvalidDatasetError(`${file.key}, line ${line}: ${error.message}`, {
      file: file.key,
      line,
      reason: error.reason,
    });
  }
  await checkUnchanged(objects, file);

  const { bytes, rejected, firstLines, ...counts } = collector.finish(nBuckets);
  const manifest: PartialManifest = { shard: item, ...counts, firstLines: {}, places };
  const { rows } = counts;
  if (isWhole && rows.read === 0) throw noRows(file);
  const shards = [{ ...manifest, firstLines }];
  if (isWhole) {
    checkEntityRows(file, shards);
    checkEntityCells(file, entity, shards);
  }
  await objects.write(keys.partial(item), bytes, STREAM_TYPE);
  await objects.write(keys.rejected(item), rejected.encode(), ARROW_TYPE);
  await writeJson(objects, keys.partialManifest(item), { ...manifest, firstLines });
  progress(rows.read);
  return rows.read;
}

/** Hands all rows of a shard to the collector; yields the lines or rows covered so far after every piece. */
async function* readShard(
  objects: ObjectStore,
  file: EntityFile,
  shard: RowShard,
  { entity }: TablePlan,
  collector: EntityCollector,
): AsyncGenerator<number> {
  const { layout } = file;
  const { header, delimiter, format } = layout;
  const names = [
    ...(entity.idColumn === null ? [] : [entity.idColumn]),
    ...entity.columns.map(({ source }) => source),
  ];
  const selected = names.map((name) => header.indexOf(name));
  const source = objectSource(objects, file);
  if (format === 'csv') {
    const scanner = new CsvScanner(
      { delimiter, nColumns: header.length, selected },
      (record) => collector.add(record),
      (fault, bytes) => collector.fault(fault, bytes),
    );
    const convert = layout.separatedByBlanks ? blanksToTabs() : (bytes: Uint8Array) => bytes;
    for await (const chunk of readText(source, layout, shard)) {
      scanner.push(convert(chunk));
      yield scanner.line;
    }
    scanner.end();
    yield scanner.line;
    return;
  }
  const counted = countingSource(source);
  let base = shard.start === layout.firstRecord ? layout.firstPlace : 1;
  let records: BatchRecords | undefined;
  let nRows = 0;
  const onReject = ({ reason, line, text }: { reason: string; line: number; text: string }) =>
    collector.reject(reason, line - base, text);
  for await (const batch of readTable(counted.source, layout, {
    columns: selected,
    range: shard,
    onReject,
  })) {
    // Rows of Parquet are numbered through the whole file.
    if (records === undefined && format === 'parquet') base = placeOf(batch, 0);
    records ??= new BatchRecords(selected.length, base);
    records.forEach(batch, (record) => collector.add(record));
    nRows += batch.nRows;
    yield nRows;
  }
  yield format === 'jsonl' ? counted.lineFeeds() : nRows;
}

/** The source, with the line feeds counted that are streamed from it. */
function countingSource(source: TableSource): { source: TableSource; lineFeeds: () => number } {
  let count = 0;
  const counted: TableSource = {
    ...source,
    async *stream(start, end) {
      for await (const chunk of source.stream(start, end)) {
        for (let i = chunk.indexOf(0x0a); i >= 0; i = chunk.indexOf(0x0a, i + 1)) count++;
        yield chunk;
      }
    },
  };
  return { source: counted, lineFeeds: () => count };
}

function tooManyRows({ key, layout }: EntityFile): InvalidDatasetError {
  const whyOne = whyNotCut(layout);
  const remedy =
    whyOne !== undefined
      ? `The file is read by one worker, since ${whyOne}: upload it as plain CSV or Parquet, or split it into several.`
      : 'Ask for more shards, or leave their number to the workflow.';
  return new InvalidDatasetError(
    `${key}: more than ${MOST_ROWS} rows fall to one worker, which cannot hold them. ${remedy}`,
    { file: key, reason: 'shard_too_large' },
  );
}
