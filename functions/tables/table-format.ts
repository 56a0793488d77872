import type { TableFormat } from '../contracts/table-layout.ts';
import { InvalidDatasetError } from '../errors.ts';
import { detectEncoding } from './text-encoding.ts';

const EXTENSIONS: Readonly<Record<string, TableFormat>> = {
  arrow: 'arrow',
  arrows: 'arrow-stream',
  feather: 'arrow',
  ipc: 'arrow',
  parquet: 'parquet',
  pq: 'parquet',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  xlsx: 'xlsx',
};

const XLS = 'Save it as .xlsx or as CSV.';
/** Formats known by their first bytes that are not read, and what to do. */
const REFUSED: readonly (readonly [start: string, reason: string, text: string])[] = [
  ['FEA1', 'feather_v1', "is Feather of version 1. Write it as version 2, the default of today's libraries."],
  ['\xd0\xcf\x11\xe0', 'xls', `is a spreadsheet of the old .xls kind, or one with a password. ${XLS}`],
  ['%PDF', 'pdf', 'is a PDF document. Export the table as CSV.'],
  ['BZh', 'bzip2', 'is compressed with bzip2. Use gzip.'],
  ['\xfd7zXZ', 'xz', 'is compressed with xz. Use gzip.'],
  ['\x28\xb5\x2f\xfd', 'zstd', 'is compressed with zstd. Use gzip.'],
];

/**
 * The format of a file. The content decides; the name, where the content is none of ours, so that the error of the
 * reader speaks of the right format.
 * @param sample the first bytes, decompressed
 * @throws InvalidDatasetError for a format that is known and not read
 */
export function tableFormat(file: string, sample: Uint8Array): TableFormat {
  const start = String.fromCharCode(...sample.subarray(0, 8));
  for (const [magic, reason, text] of REFUSED) {
    if (start.startsWith(magic)) throw new InvalidDatasetError(`${file} ${text}`, { file, reason });
  }
  if (start.startsWith('PAR1')) return 'parquet';
  if (start.startsWith('ARROW1')) return 'arrow';
  if (start.startsWith('\xff\xff\xff\xff')) return 'arrow-stream';
  if (start.startsWith('PK\x03\x04')) return 'xlsx';
  const extension = /\.([^./\\]+)$/.exec(file.toLowerCase().replace(/\.gz$/, ''))?.[1] ?? '';
  const named = EXTENSIONS[extension];
  if (named !== undefined && sample.length > 0) return named;
  const first = firstCharacters(sample);
  if (/^\[\s*[{[]/.test(first)) {
    throw new InvalidDatasetError(
      `${file} is one JSON array. Write one object per line (JSON Lines), without brackets or commas around them.`,
      { file, line: 1, reason: 'json_array' },
    );
  }
  return first.startsWith('{') ? 'jsonl' : 'csv';
}

/** The beginning of a text, without blanks and byte order marks. */
function firstCharacters(sample: Uint8Array): string {
  const first = sample.subarray(0, 1024);
  return new TextDecoder(detectEncoding(first, false)).decode(first).trimStart();
}
