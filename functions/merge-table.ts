import { type BucketManifest, readPartials, referenceOf } from './bucket-manifests.ts';
import type { TablePlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { checkEntityCells, checkEntityRows } from './features/check-entity-cells.ts';
import { windowStart } from './features/data-window.ts';
import { EntityMerger } from './features/entity-merger.ts';
import { placeInFile } from './features/shard-places.ts';
import type { StepContext } from './shell.ts';
import { writeEntities } from './write-entities.ts';
import { writeParts } from './write-parts.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/**
 * Merges what all row shards hold of one bucket into one row per entity: of equal ids the latest row stays, and rows
 * before the window are left out. What is left out goes to a file of its own.
 */
export async function mergeTable(
  plan: TablePlan,
  bucket: number,
  manifests: readonly BucketManifest[],
  { ports: { objects }, progress }: StepContext,
): Promise<number> {
  const { run, files, rowShards, entity } = plan;
  const keys = runKeys(run);
  const shardsOf = files.map((_, index) => manifests.filter((_, shard) => rowShards[shard]!.file === index));
  for (const [index, file] of files.entries()) {
    checkEntityRows(file, shardsOf[index]!);
    checkEntityCells(file, entity, shardsOf[index]!);
  }
  const referenceMs = referenceOf(plan, manifests, (latestMs) => latestMs);
  const merger = new EntityMerger(entity);
  for await (const [shard, partial] of readPartials(objects, plan, manifests)) {
    const { file } = rowShards[shard]!;
    const shards = shardsOf[file]!;
    const before = placeInFile(files[file]!, shards, shards.indexOf(manifests[shard]!), 0) - 1;
    merger.add(partial, file, before);
  }
  const { maxDataAgeMonths } = entity;
  const start = maxDataAgeMonths === null ? null : windowStart(referenceMs, maxDataAgeMonths);
  const { table, dropped, leftOut } = merger.finish(start);

  await writeParts(objects, keys.leftOut(bucket), leftOut.encode(), ARROW_TYPE);
  await writeEntities(objects, plan, bucket, { table, referenceMs, dropped });
  progress(table.nRows);
  return table.nRows;
}
