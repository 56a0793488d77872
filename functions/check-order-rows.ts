import type { OrderFile } from './contracts/artifacts.ts';
import { InvalidDatasetError } from './errors.ts';
import { unreadableRule } from './features/clean-orders.ts';
import { type CheckedShard, firstPlaceOf } from './features/shard-places.ts';
import { addRowCounts } from './row-counts.ts';

/**
 * Fails a run on a file of which too many rows could not be read, once the counts of all its shards are known: a count
 * per shard would make the outcome depend on the sharding.
 * @throws InvalidDatasetError naming the file, the rule most rows broke and its first line
 */
export function checkOrderRows(file: OrderFile, shards: readonly CheckedShard[]): void {
  const rows = addRowCounts(shards.map((shard) => shard.rows));
  const broken = unreadableRule(rows);
  if (broken === undefined) return;
  const { rule, unreadable } = broken;
  const line = firstPlaceOf(file, shards, rule);
  throw new InvalidDatasetError(
    `${file.key}, line ${line}: ${unreadable} of ${rows.read} rows cannot be read, most for their ` +
      `${rule.replace('unreadable_', '')}; at most 5 % may. Numbers are written 1234.5, dates YYYY-MM-DD HH:MM:SS, ` +
      'customer ids in up to 256 characters. Correct the rows, or name the right columns in the request under "columns".',
    { file: file.key, line, reason: rule },
  );
}
