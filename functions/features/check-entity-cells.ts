import type { EntityFile, EntityPlan } from '../contracts/artifacts.ts';
import { InvalidDatasetError } from '../errors.ts';
import { type CheckedShard, firstPlaceOf, placeInFile } from './shard-places.ts';

/** A file as far as errors name it. */
type NamedFile = Pick<EntityFile, 'key' | 'layout'>;

/** Share of rows, or of a column's values, above which the file and not the row is at fault. */
const MOST_UNREADABLE = 0.05;

/** Rules that are signs of a damaged file, and no business rules. */
const DAMAGE = new Set(['ragged_row', 'text_after_quote', 'invalid_json', 'unreadable_id']);

/**
 * Fails a run on a file of which too many rows are damaged.
 * @throws InvalidDatasetError naming the file, the rule that most of them broke and its first line
 */
export function checkEntityRows(file: NamedFile, shards: readonly CheckedShard[]): void {
  const read = shards.reduce((sum, { rows }) => sum + rows.read, 0);
  const counts = new Map<string, number>();
  for (const { rows } of shards) {
    for (const [rule, n] of Object.entries(rows.byRule)) {
      if (DAMAGE.has(rule)) counts.set(rule, (counts.get(rule) ?? 0) + n);
    }
  }
  const damaged = [...counts.values()].reduce((sum, n) => sum + n, 0);
  if (damaged <= MOST_UNREADABLE * read) return;
  const [rule] = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most));
  const line = firstPlaceOf(file, shards, rule);
  throw new InvalidDatasetError(
    `${file.key}, line ${line}: ${damaged} of ${read} rows cannot be read, most for ${REASONS[rule]}; at most 5 % may. ` +
      'Correct the rows, or export the file again.',
    { file: file.key, line, reason: rule },
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ragged_row:
    'having another number of fields than the header (fields that hold the delimiter must be quoted)',
  text_after_quote: 'text behind a closing quote (a quote inside a quoted field is written twice)',
  invalid_json: 'being no JSON object',
  unreadable_id: 'an id of more than 256 characters or that is not UTF-8',
};

/**
 * Fails a run on a file in a column of which too many values are of another type.
 * @throws InvalidDatasetError naming the column, its first such line and the remedy
 */
export function checkEntityCells(
  file: NamedFile,
  { columns, timeColumn }: EntityPlan,
  shards: readonly CheckedShard[],
): void {
  for (const { name, type } of columns) {
    const tallies = shards.map(
      ({ unreadable }) => unreadable?.[name] ?? { count: 0, values: 0, first: null },
    );
    const count = tallies.reduce((sum, tally) => sum + tally.count, 0);
    const values = tallies.reduce((sum, tally) => sum + tally.values, 0);
    if (count <= MOST_UNREADABLE * values) continue;
    const n = tallies.findIndex(({ first }) => first !== null);
    const line = placeInFile(file, shards, n, tallies[n]!.first!);
    const remedy =
      timeColumn === name ? 'name another "timeColumn"' : `set the "type" of "${name}" under "columns"`;
    throw new InvalidDatasetError(
      `${file.key}, line ${line}: ${count} of ${values} values of the column "${name}" cannot be read as ${KINDS[type]}; ` +
        `at most 5 % may. Correct them, or ${remedy} in the dataset's configuration.`,
      { file: file.key, line, reason: 'unreadable_cells', column: name },
    );
  }
}

const KINDS = {
  number: 'numbers, written 1234.5',
  boolean: 'yes or no',
  time: 'instants, written YYYY-MM-DD HH:MM:SS',
  category: 'texts in UTF-8',
  list: 'lists',
} as const;
