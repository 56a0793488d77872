import type { TableLayout, TextEncoding } from '../contracts/table-layout.ts';
import { gunzip, isGzip } from '../decompress/gunzip.ts';
import { InsufficientDataError } from '../errors.ts';
import { blanksToTabs, isBlankSeparated } from './blank-separated.ts';
import { HEADER_SAMPLE_BYTES, readCsvHeader } from './csv-header.ts';
import { distinctNames } from './distinct-names.ts';
import { readJsonKeys } from './json-lines.ts';
import { plainSource } from './plain-source.ts';
import type { LayoutOptions } from './read-options.ts';
import { tableFormat } from './table-format.ts';
import type { TableSource } from './table-source.ts';
import { detectEncoding, isByteOriented, toUtf8 } from './text-encoding.ts';

const LF = 0x0a;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NUMBER_OR_NONE =
  /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)|na|n\/a|null|none|)$/i;

/**
 * Finds out how a file is to be read, from its first `HEADER_SAMPLE_BYTES` or its footer: compression, format,
 * encoding, delimiter and the names of its columns. Text whose first row is all numbers has no header: its columns are
 * called c1, c2, ….
 * @throws InvalidDatasetError for a file that is empty, damaged or of no known format
 * @throws InsufficientDataError for a text that ends with its header
 *
 * Readers of binary formats are loaded when such a file comes: a text waits for none of them.
 */
export async function openTable(source: TableSource, options: LayoutOptions = {}): Promise<TableLayout> {
  const { file } = source;
  const { compression, sample, isWhole } = await readSample(source);
  const format = sample.length === 0 ? 'csv' : tableFormat(file, sample);
  const layout = {
    format,
    compression,
    encoding: 'utf-8',
    delimiter: ',',
    separatedByBlanks: false,
    firstRecord: 0,
    firstPlace: 1,
    sheet: null,
  } as const;
  if (format === 'csv')
    return { ...layout, ...(await textLayout(file, sample, isWhole, compression, options)) };
  if (format === 'jsonl') {
    const encoding = options.encoding ?? detectEncoding(sample, isWhole);
    const text = await utf8Sample(sample, encoding);
    return { ...layout, encoding, header: readJsonKeys(file, text, isWhole) };
  }
  const plain = await plainSource(source, compression);
  if (format === 'parquet') {
    const { parquetNames, readParquetMetadata } = await import('./parquet-batches.ts');
    return { ...layout, header: distinctNames(parquetNames(await readParquetMetadata(plain))) };
  }
  if (format === 'xlsx') {
    const sheet = options.sheet ?? null;
    const { readSheetHeader } = await import('./xlsx-batches.ts');
    const { header, firstPlace } = await readSheetHeader(file, await plain.read(0, plain.size), sheet);
    return { ...layout, sheet, header: distinctNames(header), firstPlace };
  }
  const [{ readArrowNames }, { arrowStream }] = await Promise.all([
    import('./arrow-batches.ts'),
    import('./arrow-stream.ts'),
  ]);
  const names = await readArrowNames(file, arrowStream(plain, format, { start: 0, end: 0 }));
  return { ...layout, header: distinctNames(names) };
}

/** The beginning of a file, decompressed. */
async function readSample(source: TableSource) {
  const first = await source.read(0, Math.min(source.size, HEADER_SAMPLE_BYTES));
  if (!isGzip(first))
    return { compression: 'none', sample: first, isWhole: first.length >= source.size } as const;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of gunzip(source.stream(), source.file)) {
    parts.push(part);
    length += part.length;
    if (length > HEADER_SAMPLE_BYTES) break;
  }
  const isWhole = length <= HEADER_SAMPLE_BYTES;
  const sample = concatenated(parts).subarray(0, HEADER_SAMPLE_BYTES);
  return { compression: 'gzip', sample, isWhole } as const;
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

async function utf8Sample(sample: Uint8Array, encoding: TextEncoding): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const chunks = async function* () {
    yield sample;
  };
  for await (const part of toUtf8(chunks(), encoding)) parts.push(part);
  return concatenated(parts);
}

async function textLayout(
  file: string,
  sample: Uint8Array,
  isWhole: boolean,
  compression: TableLayout['compression'],
  { encoding: asked, delimiter: askedDelimiter }: LayoutOptions,
): Promise<
  Pick<TableLayout, 'header' | 'encoding' | 'delimiter' | 'separatedByBlanks' | 'firstRecord' | 'firstPlace'>
> {
  const encoding = asked ?? detectEncoding(sample, isWhole);
  const text = await utf8Sample(sample, encoding);
  const separatedByBlanks = askedDelimiter === undefined && isBlankSeparated(text);
  const start = firstLine(text);
  const head = separatedByBlanks ? blanksToTabs()(text.subarray(start)) : text.subarray(start);
  // Without a header a lone row is a table: whether rows are missing is told below.
  const lineEnd = isWhole && head.length > 0 ? [Uint8Array.of(LF)] : [];
  const { delimiter, header, end } = readCsvHeader(
    concatenated([head, ...lineEnd]),
    isWhole && head.length === 0,
    file,
    separatedByBlanks ? '\t' : askedDelimiter,
  );
  const hasNoHeader =
    header.some((name) => NUMBER.test(name)) && header.every((name) => NUMBER_OR_NONE.test(name));
  const places = { encoding, delimiter, separatedByBlanks };
  if (hasNoHeader) {
    const firstRecord = start + (head[0] === 0xef && head[1] === 0xbb ? 3 : 0);
    const names = header.map((_, i) => `c${i + 1}`);
    return {
      ...places,
      header: names,
      firstRecord: rawOffset(text, firstRecord, encoding, compression),
      firstPlace: 1 + lineBreaks(text.subarray(0, start)),
    };
  }
  // Blanks become single tabs, so that offsets are told from the lines.
  const headerLines = lineBreaks(head.subarray(0, Math.min(end, head.length)));
  const firstRecord = separatedByBlanks
    ? afterLines(text, start, headerLines)
    : Math.min(start + end, text.length);
  if (
    isWhole &&
    text.subarray(firstRecord).every((byte) => byte === 0x20 || byte === 0x09 || byte === LF || byte === 0x0d)
  ) {
    throw new InsufficientDataError(
      `${file} has ${header.length} columns but no row. Add rows below the header.`,
      {
        file,
        line: 1,
        reason: 'no_rows',
      },
    );
  }
  return {
    ...places,
    header: distinctNames(header),
    firstRecord: rawOffset(text, firstRecord, encoding, compression),
    firstPlace: 1 + lineBreaks(text.subarray(0, firstRecord)),
  };
}

/** Offset in the file of an offset in its UTF-8 text; of files that cannot be cut, it stays one in the text. */
function rawOffset(text: Uint8Array, offset: number, encoding: TextEncoding, compression: string): number {
  if (compression === 'gzip' || !isByteOriented(encoding) || encoding === 'utf-8') return offset;
  // Windows-1252 has one byte per character, all of them in the basic plane.
  return new TextDecoder().decode(text.subarray(0, offset)).length;
}

/** Offset of the first line that is not blank. */
function firstLine(text: Uint8Array): number {
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === LF) start = i + 1;
    else if (text[i] !== 0x20 && text[i] !== 0x09 && text[i] !== 0x0d) return start;
  }
  return text.length;
}

function afterLines(text: Uint8Array, start: number, lines: number): number {
  let at = start;
  for (let n = 0; n < lines; n++) {
    const end = text.indexOf(LF, at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return at;
}

function lineBreaks(bytes: Uint8Array): number {
  return bytes.reduce((breaks, byte) => breaks + (byte === LF ? 1 : 0), 0);
}

/** Whether a file of this layout can be cut into ranges; why not is said in words. */
export function whyNotCut({ format, compression, encoding }: TableLayout): string | undefined {
  if (compression === 'gzip') return 'a gzip file can only be read from its beginning';
  if (format === 'xlsx') return 'a spreadsheet can only be read from its beginning';
  if (format === 'arrow-stream') return 'an Arrow stream has no index of its batches';
  return isByteOriented(encoding) ? undefined : 'UTF-16 is read from its beginning';
}
