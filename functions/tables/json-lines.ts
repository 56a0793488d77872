import { InvalidDatasetError } from '../errors.ts';
import { BATCH_ROWS, type TableBatch } from './cells.ts';
import { cellsOfValues } from './cells-of-values.ts';
import { MAX_RECORD_BYTES } from './csv-scanner.ts';
import { type RejectedRow, rejection, rowText } from './rejected-row.ts';

const LF = 0x0a;

/** Cuts a text into lines, over the seams of chunks; blank lines are left out. Holds at most one line. */
async function* linesOf(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  firstLine: number,
): AsyncGenerator<{ bytes: Uint8Array; line: number }> {
  let rest = new Uint8Array(0);
  let line = firstLine;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      const bytes = rest.length > 0 ? joined(rest, chunk.subarray(start, end)) : chunk.subarray(start, end);
      if (!isBlank(bytes)) yield { bytes, line };
      rest = new Uint8Array(0);
      line++;
      start = end + 1;
    }
    rest = joined(rest, chunk.subarray(start));
    if (rest.length > MAX_RECORD_BYTES) {
      const message = `the line does not end within ${MAX_RECORD_BYTES} bytes. Write one JSON object per line.`;
      throw rejection(file, { line, reason: 'record_too_long', message, text: '' });
    }
  }
  if (!isBlank(rest)) yield { bytes: rest, line };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

const isBlank = (bytes: Uint8Array) =>
  bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === LF);

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads one line. @returns the reason where it is no JSON object */
function parseLine(bytes: Uint8Array, decoder: InstanceType<typeof TextDecoder>): JsonObject | string {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
    return `found ${Array.isArray(value) ? 'an array' : `${JSON.stringify(value)}`.slice(0, 40)}, expected a JSON object`;
  } catch (cause) {
    if (cause instanceof TypeError) return 'the line is not UTF-8';
    return 'the line is not valid JSON';
  }
}

/**
 * Names of all keys in the first lines of a JSON Lines text, in the order in which they first appear.
 * @throws InvalidDatasetError when the first line is no JSON object: the file is something else then
 */
export function readJsonKeys(file: string, sample: Uint8Array, isWhole: boolean): string[] {
  const end = isWhole ? sample.length : sample.lastIndexOf(LF) + 1;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const names = new Set<string>();
  let isFirst = true;
  for (let start = 0; start < end; ) {
    const lineEnd = sample.indexOf(LF, start);
    const bytes = sample.subarray(start, lineEnd < 0 ? end : lineEnd);
    start += bytes.length + 1;
    if (isBlank(bytes)) continue;
    const object = parseLine(bytes, decoder);
    if (typeof object !== 'string') for (const name of Object.keys(object)) names.add(name);
    else if (isFirst) {
      throw new InvalidDatasetError(
        `${file} is no JSON Lines file: ${object}. Write one object per line, without brackets or commas around them.`,
        { file, line: 1, reason: 'invalid_json' },
      );
    }
    isFirst = false;
  }
  if (names.size === 0) {
    throw new InvalidDatasetError(
      `${file} holds no JSON object in its first ${end} bytes. Write one object per line.`,
      { file, line: 1, reason: 'empty_file' },
    );
  }
  return [...names];
}

/**
 * The rows of a JSON Lines text (one object per line). A key that is absent is a null; nested values become JSON text.
 * @throws InvalidDatasetError for a line that is no JSON object, unless `onReject` takes it
 */
export async function* readJsonBatches(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  names: readonly string[],
  firstLine: number,
  onReject?: (row: RejectedRow) => void,
): AsyncGenerator<TableBatch> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const values = names.map(() => [] as unknown[]);
  let places = new Int32Array(BATCH_ROWS);
  let nRows = 0;
  const batch = (): TableBatch => {
    const columns = values.map((column) => cellsOfValues(column));
    for (const column of values) column.length = 0;
    const taken = { nRows, columns, places: places.subarray(0, nRows) };
    places = new Int32Array(BATCH_ROWS);
    nRows = 0;
    return taken;
  };
  for await (const { bytes, line } of linesOf(file, chunks, firstLine)) {
    const object = parseLine(bytes, decoder);
    if (typeof object === 'string') {
      const row = {
        line,
        reason: 'invalid_json',
        message: `${object}. Write one object per line.`,
        text: rowText(bytes),
      };
      if (!onReject) throw rejection(file, row);
      onReject(row);
      continue;
    }
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      // A name such as "constructor" must not lead to what every object inherits.
      values[i]!.push(Object.hasOwn(object, name) ? object[name] : null);
    }
    places[nRows++] = line;
    if (nRows === BATCH_ROWS) yield batch();
  }
  if (nRows > 0) yield batch();
}
