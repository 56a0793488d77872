import type { EntityTable, EntityValues } from './entity-table.ts';

/**
 * Compares rows of two entity tables by the values they hold. Recency of orders is left to the instant of the latest one:
 * it grows for everybody when the reference moves on.
 * @returns whether row `a` of the one holds what row `b` of the other does; never, where the columns differ
 */
export function sameRows(one: EntityTable, other: EntityTable): (a: number, b: number) => boolean {
  const names = [...one.columns.keys()].filter((name) => !one.latestMs || name !== 'recency_days');
  const isAlike =
    one.columns.size === other.columns.size &&
    (one.latestMs === undefined) === (other.latestMs === undefined) &&
    names.every((name) => one.columns.get(name)?.type === other.columns.get(name)?.type);
  if (!isAlike) return () => false;
  const tests = names.map((name) => sameValues(one.columns.get(name)!, other.columns.get(name)!));
  if (one.latestMs && other.latestMs) tests.push(sameNumbers(one.latestMs, other.latestMs));
  return (a, b) => tests.every((isSame) => isSame(a, b));
}

type RowTest = (a: number, b: number) => boolean;

const sameNumbers =
  (one: Float64Array, other: Float64Array): RowTest =>
  (a, b) =>
    Object.is(one[a], other[b]);

function sameValues(one: EntityValues, other: EntityValues): RowTest {
  if ('values' in one && 'values' in other) return sameNumbers(one.values, other.values);
  if (one.type === 'category' && other.type === 'category') {
    return (a, b) => one.dictionary[one.codes[a]!] === other.dictionary[other.codes[b]!];
  }
  if (one.type !== 'list' || other.type !== 'list') return () => false;
  const entries = ({ offsets, codes, dictionary }: typeof one, row: number) =>
    Array.from(codes.subarray(offsets[row], offsets[row + 1]), (code) => dictionary[code]);
  return (a, b) => {
    if ((one.nulls?.[a] ?? 0) !== (other.nulls?.[b] ?? 0)) return false;
    const left = entries(one, a);
    const right = entries(other, b);
    return left.length === right.length && left.every((text, i) => text === right[i]);
  };
}
