import type { PartialManifest, RunPlan } from './contracts/artifacts.ts';
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

/** Adds up the row counts of all shards of a run. @throws NotFoundError while a shard has not been read */
export async function readRowCounts(
  objects: ObjectStore,
  { run, rowShards }: Pick<RunPlan, 'run' | 'rowShards'>,
): Promise<RowCounts> {
  const { partialManifest } = runKeys(run);
  const manifestOf = (shard: number) => readJson<PartialManifest>(objects, partialManifest(shard));
  const counts: RowCounts[] = [];
  for await (const { rows } of readAhead(rowShards.length, manifestOf)) counts.push(rows);
  return addRowCounts(counts);
}
