import { noRows } from './build-orders.ts';
import type { EntityFile, PartialManifest, TablePlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { InvalidDatasetError } from './errors.ts';
import { checkEntityCells, checkEntityRows } from './features/check-entity-cells.ts';
import { EntityCollector } from './features/entity-collector.ts';
import { checkUnchanged } from './input-file.ts';
import { writeJson } from './json-objects.ts';
import { readShard } from './read-shard.ts';
import type { StepContext } from './shell.ts';
import { whyNotCut } from './tables/open-table.ts';
import { writeParts } from './write-parts.ts';

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
  const names = [
    ...(entity.idColumn === null ? [] : [entity.idColumn]),
    ...entity.columns.map(({ source }) => source),
  ];
  let places = 0;
  for await (const reached of readShard(objects, file, shard, names, collector)) {
    places = reached;
    if (collector.nRead > MOST_ROWS) throw tooManyRows(file);
    progress(collector.nRead);
  }
  await checkUnchanged(objects, file);

  const { parts, rejected, ...counts } = collector.finish(nBuckets);
  const rejectedParts = rejected.size > 0 ? 1 : 0;
  const manifest: PartialManifest = { shard: item, ...counts, places, rejectedParts };
  const { rows } = counts;
  if (isWhole && rows.read === 0) throw noRows(file);
  if (isWhole) {
    checkEntityRows(file, [manifest]);
    checkEntityCells(file, entity, [manifest]);
  }
  await writeParts(objects, keys.partial(item), parts, STREAM_TYPE);
  if (rejectedParts > 0) await writeParts(objects, keys.rejected(item, 0), rejected.encode(), ARROW_TYPE);
  await writeJson(objects, keys.partialManifest(item), manifest);
  progress(rows.read);
  return rows.read;
}

function tooManyRows({ key, layout }: EntityFile): InvalidDatasetError {
  const whyOne = whyNotCut(layout);
  const remedy =
    whyOne !== undefined
      ? `The file is read by one worker, since ${whyOne}: upload it as plain CSV or Parquet, or split it into several.`
      : layout.format === 'parquet'
        ? 'Ask for more shards, or write smaller row groups: one is read by one worker.'
        : 'Ask for more shards, or leave their number to the workflow.';
  return new InvalidDatasetError(
    `${key}: more than ${MOST_ROWS} rows fall to one worker, which cannot hold them. ${remedy}`,
    { file: key, reason: 'shard_too_large' },
  );
}
