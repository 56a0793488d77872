import { encodeUtf8Column } from '../arrow/utf8.ts';
import { type Cells, timeText } from './cells.ts';

/** Values of one column as the cells of a batch: of their common type, or of texts where they have none. */
export function cellsOfValues(values: ArrayLike<unknown>): Cells {
  const nRows = values.length;
  let nulls: Uint8Array | null = null;
  let kind: Cells['kind'] | undefined;
  for (let i = 0; i < nRows; i++) {
    const value = values[i];
    if (value === null || value === undefined) {
      nulls ??= new Uint8Array(nRows);
      nulls[i] = 1;
      continue;
    }
    const own = kindOf(value);
    if (kind === undefined) kind = own;
    else if (kind !== own) kind = 'text';
  }
  if (kind === 'number' || kind === 'time') {
    const numbers = new Float64Array(nRows);
    for (let i = 0; i < nRows; i++) numbers[i] = Number(values[i] ?? 0);
    return { kind, values: numbers, nulls };
  }
  if (kind === 'boolean') {
    const flags = new Uint8Array(nRows);
    for (let i = 0; i < nRows; i++) flags[i] = values[i] === true ? 1 : 0;
    return { kind, values: flags, nulls };
  }
  const texts = new Array<string>(nRows);
  for (let i = 0; i < nRows; i++) texts[i] = textOf(values[i]);
  return { kind: 'text', ...encodeUtf8Column(texts), nulls };
}

function kindOf(value: unknown): Cells['kind'] {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'bigint') return isExact(value) ? 'number' : 'text';
  if (typeof value === 'boolean') return 'boolean';
  // A date that is none, as a damaged file may hold it, is shown as a text.
  return value instanceof Date && !Number.isNaN(value.getTime()) ? 'time' : 'text';
}

const isExact = (value: bigint) =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);

/** Lists and structures become JSON, bytes hexadecimal digits. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? 'invalid date' : timeText(value.getTime());
  if (value instanceof Uint8Array)
    return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (typeof value !== 'object') return String(value);
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part));
}
