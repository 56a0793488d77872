import type { InputFile, PartialManifest, RunPlan } from './contracts/artifacts.ts';
import type { RowCounts } from './contracts/records.ts';
import { InvalidDatasetError } from './errors.ts';
import { unreadableRule } from './features/clean-orders.ts';

/**
 * Fails a run on a file of which too many rows could not be read, now that the counts of all its shards are known: a
 * count per shard would make the outcome depend on the sharding.
 * @throws InvalidDatasetError naming the file, a line and the rule most rows broke
 */
export function checkReadable(
  { files, rowShards }: Pick<RunPlan, 'files' | 'rowShards'>,
  manifests: readonly Pick<PartialManifest, 'rows' | 'firstLines'>[],
): void {
  for (const [index, { key }] of files.entries()) {
    const ofFile = manifests.filter((_, shard) => rowShards[shard]?.file === index);
    const rows = { read: 0, byRule: {} as Record<string, number> };
    for (const { rows: counts } of ofFile) {
      rows.read += counts.read;
      for (const [rule, n] of Object.entries(counts.byRule)) rows.byRule[rule] = (rows.byRule[rule] ?? 0) + n;
    }
    const broken = unreadableRule(rows);
    if (broken === undefined) continue;
    const lines = ofFile.flatMap(({ firstLines }) => firstLines[broken.rule] ?? []);
    throw unreadableFile({ key }, rows.read, broken, lines.length > 0 ? Math.min(...lines) : undefined);
  }
}

/** The error for a file of which too many rows could not be read. */
export function unreadableFile(
  { key }: Pick<InputFile, 'key'>,
  read: RowCounts['read'],
  { rule, unreadable }: { readonly rule: string; readonly unreadable: number },
  line: number | undefined,
): InvalidDatasetError {
  const what = rule.replace('unreadable_', '');
  return new InvalidDatasetError(
    `${key}${line === undefined ? '' : `, line ${line}`}: ${unreadable} of ${read} rows cannot be read, most for ` +
      `their ${what}; at most 5 % may. Numbers are written 1234.5, dates YYYY-MM-DD HH:MM:SS, customer ids in up to 256 ` +
      'characters. Correct the rows, or name the right columns in the request under "columns".',
    { file: key, ...(line === undefined ? {} : { line }), reason: rule },
  );
}
