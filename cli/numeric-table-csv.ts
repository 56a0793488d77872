import { InvalidDatasetError } from '../functions/errors.ts';
import { readCsvHeader } from '../functions/tables/csv-header.ts';
import { type CsvRecord, CsvScanner, MalformedRecord } from '../functions/tables/csv-scanner.ts';
import { parseNumber } from '../functions/tables/values.ts';
import { blanksToTabs, isBlankSeparated } from './numeric-table-blanks.ts';
import { ColumnCollector, type TableColumn } from './numeric-table-column.ts';
import type { FileBytes } from './numeric-table-file.ts';

const LF = 0x0a;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
/** What other programs write for "no value". */
const MISSING = new Set(['', 'NA', 'N/A', '#N/A', 'null', 'NULL', 'None']);

/**
 * Columns of text separated by comma, semicolon, tab, bar or runs of blanks. A first row that is all numbers is data;
 * the columns are then called c1, c2, ….
 * @throws InvalidDatasetError naming the line of what cannot be read
 */
export async function readCsvColumns({ file, sample, isWhole, chunks }: FileBytes): Promise<TableColumn[]> {
  const separatedByBlanks = isBlankSeparated(sample);
  const start = firstLine(sample);
  if (start === sample.length && isWhole) {
    throw new InvalidDatasetError(`${file} is empty. Expected a header row, and rows of numbers below it.`, {
      file,
      reason: 'empty_file',
    });
  }
  const head = separatedByBlanks ? blanksToTabs()(sample.subarray(start)) : sample.subarray(start);
  // A line break at the end lets a header, or a lone row, be a whole line.
  const { delimiter, header, end } = readCsvHeader(
    isWhole ? Buffer.concat([head, Buffer.of(LF)]) : head,
    false,
    file,
  );
  const isData = header.some((name) => NUMBER.test(name)) && header.every(isNumberOrNone);
  const names = isData ? header.map((_, i) => `c${i + 1}`) : distinctNames(header);
  const collectors = names.map((name) => new ColumnCollector(name));
  const firstRow = isData ? (head[0] === 0xef ? 3 : 0) : end;
  const firstRowLine = 1 + lineBreaks(sample.subarray(0, start)) + lineBreaks(head.subarray(0, firstRow));
  const scanner = new CsvScanner(
    { delimiter, nColumns: names.length, selected: names.map((_, column) => column) },
    (record) => collectRecord(record, collectors, firstRowLine, file),
  );
  try {
    const convert = separatedByBlanks ? blanksToTabs() : (bytes: Uint8Array) => bytes;
    let skip = start;
    let skipConverted = firstRow;
    for await (const chunk of chunks) {
      const bytes = convert(chunk.subarray(skip));
      scanner.push(bytes.subarray(skipConverted));
      skip = 0;
      skipConverted = 0;
    }
    scanner.end();
  } catch (cause) {
    if (!(cause instanceof MalformedRecord)) throw cause;
    const line = firstRowLine + cause.line;
    throw new InvalidDatasetError(
      `${file}, line ${line}: ${cause.message}`,
      { file, line, reason: cause.reason },
      { cause },
    );
  }
  return collectors.map((collector) => collector.finish());
}

const isNumberOrNone = (text: string) => NUMBER.test(text) || NOT_FINITE.test(text) || MISSING.has(text);

/** Offset of the first line that is not blank. */
function firstLine(sample: Uint8Array): number {
  let start = 0;
  for (let i = 0; i < sample.length; i++) {
    if (sample[i] === LF) start = i + 1;
    else if (sample[i] !== 0x20 && sample[i] !== 0x09 && sample[i] !== 0x0d) return start;
  }
  return sample.length;
}

function lineBreaks(bytes: Uint8Array): number {
  return bytes.reduce((breaks, byte) => breaks + (byte === LF ? 1 : 0), 0);
}

/** Names nobody gave become c1, c2, …; names given twice get a number, as `price.1`. */
function distinctNames(header: readonly string[]): string[] {
  const taken = new Set<string>();
  return header.map((name, i) => {
    const wanted = name || `c${i + 1}`;
    let free = wanted;
    for (let n = 1; taken.has(free); n++) free = `${wanted}.${n}`;
    taken.add(free);
    return free;
  });
}

function collectRecord(
  record: CsvRecord,
  collectors: readonly ColumnCollector[],
  firstRowLine: number,
  file: string,
): void {
  const { bytes, starts, ends } = record;
  for (let slot = 0; slot < collectors.length; slot++) {
    const collector = collectors[slot]!;
    if (collector.keepsTexts) {
      collectText(collector, textOf(record, slot, firstRowLine, file), firstRowLine + record.line);
    } else if (collector.holdsText) collector.addFault('text', '');
    else {
      const value = numberOf(bytes, starts[slot]!, ends[slot]!);
      if (Number.isNaN(value)) {
        collectText(collector, textOf(record, slot, firstRowLine, file), firstRowLine + record.line);
      } else collector.addNumber(value);
    }
  }
}

/** Digits, sign, point and all up to which `parseNumber` needs no text. */
const SHORT = 16;

/** The number in bytes [start, end), NaN where there is none. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start <= SHORT) return parseNumber(bytes, start, end);
  const text = asBuffer(bytes).toString('latin1', start, end);
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}

let seen: Uint8Array = new Uint8Array(0);
let seenAsBuffer = Buffer.alloc(0);

/** The same bytes as a Buffer, which decodes faster; records of one chunk share it. */
function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes !== seen) {
    seen = bytes;
    seenAsBuffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
  }
  return seenAsBuffer;
}

function collectText(collector: ColumnCollector, text: string, line: number): void {
  if (NUMBER.test(text) || NOT_FINITE.test(text)) {
    const value = NOT_FINITE.test(text) ? Number.NaN : Number(text);
    collector.addNumber(value, text, line);
  } else collector.addFault(MISSING.has(text) ? 'missing' : 'text', text, line);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(
  { bytes, starts, ends, escaped, line }: CsvRecord,
  slot: number,
  firstRowLine: number,
  file: string,
): string {
  try {
    const text = decoder.decode(bytes.subarray(starts[slot], ends[slot]));
    return escaped[slot] ? text.replaceAll('""', '"') : text;
  } catch (cause) {
    const at = firstRowLine + line;
    throw new InvalidDatasetError(
      `${file}, line ${at}: field ${slot + 1} is not UTF-8. Save the file as UTF-8.`,
      { file, line: at, reason: 'invalid_utf8' },
      { cause },
    );
  }
}
