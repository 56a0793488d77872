import type { EntityTable, EntityValues } from './entity-table.ts';

/** Tables of the same columns laid end to end; at least one. */
export function joinTables(tables: readonly EntityTable[]): EntityTable {
  const [first, ...rest] = tables;
  if (first === undefined || rest.length === 0) return first ?? { nRows: 0, ids: [], columns: new Map() };
  return {
    nRows: tables.reduce((sum, { nRows }) => sum + nRows, 0),
    ids: tables.flatMap(({ ids }) => ids),
    columns: new Map(
      [...first.columns.keys()].map((name) => [
        name,
        joined(tables.map(({ columns }) => columns.get(name)!)),
      ]),
    ),
  };
}

function joined(parts: readonly EntityValues[]): EntityValues {
  const [first] = parts;
  if ('values' in first!) {
    const numbers = parts.flatMap((part) => ('values' in part ? [part.values] : []));
    return { type: first.type, values: concatenated(numbers, (n) => new Float64Array(n)) };
  }
  const numberOf = new Map<string, number>();
  const recoded = parts.flatMap((part) => {
    if ('values' in part) return [];
    const own = part.dictionary.map((text) => {
      const known = numberOf.get(text) ?? numberOf.size;
      numberOf.set(text, known);
      return known;
    });
    return [part.codes.map((code) => (code < 0 ? -1 : own[code]!))];
  });
  const codes = concatenated(recoded, (n) => new Int32Array(n));
  const dictionary = [...numberOf.keys()];
  if (first!.type === 'category') return { type: 'category', codes, dictionary };
  const lists = parts.flatMap((part) => (part.type === 'list' ? [part] : []));
  const offsets = [0];
  const nulls: number[] = [];
  let end = 0;
  for (const list of lists) {
    for (let row = 0; row + 1 < list.offsets.length; row++) {
      offsets.push(end + list.offsets[row + 1]!);
      nulls.push(list.nulls?.[row] ?? 0);
    }
    end += list.codes.length;
  }
  return {
    type: 'list',
    offsets: Int32Array.from(offsets),
    codes,
    dictionary,
    nulls: Uint8Array.from(nulls),
  };
}

function concatenated<T extends Float64Array | Int32Array>(
  parts: readonly T[],
  allocate: (n: number) => T,
): T {
  const whole = allocate(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
