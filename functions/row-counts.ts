import type { EntitiesManifest, PartialManifest, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import type { RowCounts } from './contracts/records.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';

/** Adds up row counts. */
export function addRowCounts(counts: readonly RowCounts[]): RowCounts {
  const byRule: Record<string, number> = {};
  let [read, used, rejected] = [0, 0, 0];
  for (const rows of counts) {
    read += rows.read;
    used += rows.used;
    rejected += rows.rejected;
    for (const [rule, count] of Object.entries(rows.byRule)) byRule[rule] = (byRule[rule] ?? 0) + count;
  }
  return { read, used, rejected, byRule };
}

/**
 * Adds up the row counts of all shards of a run, less what merging left out.
 * @throws NotFoundError while a shard has not been read or, of a table, a bucket not been merged
 */
export async function readRowCounts(
  objects: ObjectStore,
  { run, rowShards, recipe, nBuckets }: Pick<RunPlan, 'run' | 'rowShards' | 'recipe' | 'nBuckets'>,
): Promise<RowCounts> {
  const { partialManifest, entitiesManifest } = runKeys(run);
  const manifestOf = (shard: number) => readJson<PartialManifest>(objects, partialManifest(shard));
  const counts: RowCounts[] = [];
  for await (const { rows } of readAhead(rowShards.length, manifestOf)) counts.push(rows);
  if (recipe === 'rfm') return addRowCounts(counts);
  const mergedOf = (bucket: number) => readJson<EntitiesManifest>(objects, entitiesManifest(bucket));
  for await (const { dropped = {} } of readAhead(nBuckets, mergedOf)) {
    const rejected = Object.values(dropped).reduce((sum, n) => sum + n, 0);
    counts.push({ read: 0, used: -rejected, rejected, byRule: dropped });
  }
  return addRowCounts(counts);
}
