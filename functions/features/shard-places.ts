import type { PartialManifest, PlannedFile } from '../contracts/artifacts.ts';

/** What is looked at of the manifests of a file's shards, in their order. */
export type CheckedShard = Pick<PartialManifest, 'rows' | 'firstLines' | 'places' | 'unreadable'>;

/** 1-based line (or row) of a file, from one counted behind the beginning of its shard `n`. */
export function placeInFile(
  { layout }: Pick<PlannedFile, 'layout'>,
  shards: readonly Pick<CheckedShard, 'places'>[],
  n: number,
  line: number,
): number {
  return shards.slice(0, n).reduce((sum, { places }) => sum + places, layout.firstPlace + line);
}

/** The first line (or row) of a file that a rule dropped. */
export function firstPlaceOf(
  file: Pick<PlannedFile, 'layout'>,
  shards: readonly CheckedShard[],
  rule: string,
): number {
  const n = shards.findIndex(({ firstLines }) => firstLines[rule] !== undefined);
  return placeInFile(file, shards, n, shards[n]!.firstLines[rule]!);
}
