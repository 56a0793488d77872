import { decodeArrow } from './arrow/ipc.ts';
import { joinBytes } from './arrow/join-bytes.ts';
import type { PartialManifest, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { type RejectedColumns, RejectedRows, rejectedTable } from './features/rejected-rows.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';

/** Files in memory at once. */
const AHEAD = 2;

/**
 * All rows of a run that were read and not used, piece by piece: those that could not be used, in the order of files and
 * lines; then those that merging left out, in the order of entities. Neither depends on the sharding.
 */
export async function* rejectedRows(objects: ObjectStore, plan: RunPlan): AsyncGenerator<RejectedColumns> {
  const { run, files, rowShards, nBuckets } = plan;
  const keys = runKeys(run);
  const tableAt = async (key: string) => decodeArrow(await objects.read(key));
  yield rejectedTable(decodeArrow(joinBytes(new RejectedRows().encode())), files, 0);
  const manifestOf = (shard: number) => readJson<PartialManifest>(objects, keys.partialManifest(shard));
  let before = 0;
  for await (const { shard, places, rejectedParts } of readAhead(rowShards.length, manifestOf)) {
    const { file } = rowShards[shard]!;
    if (rowShards[shard - 1]?.file !== file) before = files[file]!.layout.firstPlace;
    const partOf = (part: number) => tableAt(keys.rejected(shard, part));
    for await (const rejected of readAhead(rejectedParts, partOf, AHEAD)) {
      yield rejectedTable(rejected, files, before);
    }
    before += places;
  }
  // Of orders every row that passes the rules is used.
  if (plan.recipe === 'rfm') return;
  const leftOutOf = (bucket: number) => tableAt(keys.leftOut(bucket));
  for await (const leftOut of readAhead(nBuckets, leftOutOf, AHEAD)) yield rejectedTable(leftOut, files, 0);
}
