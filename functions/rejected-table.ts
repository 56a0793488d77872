import { decodeArrow } from './arrow/ipc.ts';
import type { PartialManifest, TablePlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { type RejectedColumns, RejectedRows, rejectedTable } from './features/rejected-rows.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';

/** Shards in memory at once. */
const AHEAD = 2;

/**
 * All rows of a run that were read and not used, piece by piece: those that could not be used, in the order of files and
 * lines; then those that merging left out, in the order of entities. Neither depends on the sharding.
 */
export async function* rejectedRows(objects: ObjectStore, plan: TablePlan): AsyncGenerator<RejectedColumns> {
  const { run, files, rowShards, nBuckets } = plan;
  const keys = runKeys(run);
  yield rejectedTable(decodeArrow(new RejectedRows().encode()), files, 0);
  const shardOf = async (shard: number) => {
    const manifest = readJson<PartialManifest>(objects, keys.partialManifest(shard));
    const rejected = objects.read(keys.rejected(shard)).then(decodeArrow);
    return [shard, (await manifest).places ?? 0, await rejected] as const;
  };
  let before = 0;
  for await (const [shard, places, rejected] of readAhead(rowShards.length, shardOf, AHEAD)) {
    const { file } = rowShards[shard]!;
    if (rowShards[shard - 1]?.file !== file) before = files[file]!.layout.firstPlace;
    yield rejectedTable(rejected, files, before);
    before += places;
  }
  const leftOutOf = async (bucket: number) => decodeArrow(await objects.read(keys.leftOut(bucket)));
  for await (const leftOut of readAhead(nBuckets, leftOutOf, AHEAD)) yield rejectedTable(leftOut, files, 0);
}
