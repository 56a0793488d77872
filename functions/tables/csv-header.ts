import type { Delimiter } from '../contracts/table-layout.ts';
import { InsufficientDataError, InvalidDatasetError } from '../errors.ts';

/** Bytes from the start of a file within which its header must end. */
export const HEADER_SAMPLE_BYTES = 256 * 1024;

const DELIMITERS = [',', ';', '\t', '|'] as const;
const BOM = [0xef, 0xbb, 0xbf];

/** The header record of a CSV file. */
export interface CsvHeader {
  readonly delimiter: Delimiter;
  readonly header: readonly string[];
  /** Offset of the first byte after the header record. */
  readonly end: number;
}

/**
 * Reads the header record and takes the delimiter that splits it most often, in the order `, ; tab |` among equals.
 * @param sample the first bytes of the file, `HEADER_SAMPLE_BYTES` of them where it is that long
 * @param isWhole whether the sample is the whole file
 * @param file name for the error
 * @param asked the delimiter, where the caller knows it
 * @throws InvalidDatasetError for an empty, binary or non-UTF-8 file and for a header that does not end
 * @throws InsufficientDataError when the file ends with its header
 */
export function readCsvHeader(
  sample: Uint8Array,
  isWhole: boolean,
  file: string,
  asked?: Delimiter,
): CsvHeader {
  const start = BOM.every((byte, i) => sample[i] === byte) ? BOM.length : 0;
  if (isWhole && isBlank(sample.subarray(start))) {
    throw invalid(
      file,
      'empty_file',
      'the file is empty. Expected a header row and at least one row below it.',
    );
  }
  const nul = sample.indexOf(0);
  if (nul >= 0) {
    const line = sample.subarray(0, nul).filter((byte) => byte === 0x0a).length + 1;
    throw invalid(
      file,
      'binary',
      'there is a NUL byte, so that the file is binary or UTF-16. Save it as CSV in UTF-8, plain or gzipped.',
      line,
    );
  }
  const lineEnd = headerEnd(sample, start);
  if (lineEnd < 0 && !isWhole) {
    throw invalid(
      file,
      'header_too_long',
      `no header row ends within ${HEADER_SAMPLE_BYTES} bytes. Is a quote unclosed, or the file no CSV?`,
    );
  }
  const end = lineEnd < 0 ? sample.length : lineEnd + 1;
  // Tabs stay: the first column may have no name, as the index that pandas writes.
  const text = decode(sample.subarray(start, end), file).replace(/^ +|[ \r\n]+$/g, '');
  const [delimiter, header] = asked === undefined ? split(text) : [asked, fields(text, asked)];
  if (isWhole && isBlank(sample.subarray(end))) {
    throw new InsufficientDataError(`${file} holds a header but no row. Add rows below it.`, {
      file,
      line: 1,
      reason: 'no_rows',
    });
  }
  return { delimiter, header, end };
}

const invalid = (file: string, reason: string, text: string, line = 1) =>
  new InvalidDatasetError(`${file}, line ${line}: ${text}`, { file, line, reason });

const isBlank = (bytes: Uint8Array) =>
  bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);

/** Offset of the first line break outside quotes, −1 for none. Doubled quotes leave the parity as it was. */
function headerEnd(sample: Uint8Array, start: number): number {
  let quoted = false;
  for (let i = start; i < sample.length; i++) {
    if (sample[i] === 0x22) quoted = !quoted;
    else if (sample[i] === 0x0a && !quoted) return i;
  }
  return -1;
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(file, 'invalid_utf8', 'the header is not UTF-8. Save the file as CSV in UTF-8.');
  }
}

function split(text: string): [Delimiter, string[]] {
  const [first, ...others] = DELIMITERS.map((delimiter) => [delimiter, fields(text, delimiter)] as const);
  const [delimiter, header] = others.reduce(
    (best, next) => (next[1].length > best[1].length ? next : best),
    first!,
  );
  return [delimiter, header];
}

function fields(text: string, delimiter: string): string[] {
  const found: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    if (i < text.length && (quoted || text[i] !== delimiter)) continue;
    found.push(unquoted(text.slice(start, i).trim()));
    start = i + 1;
  }
  return found;
}

function unquoted(field: string): string {
  const isQuoted = field.length >= 2 && field.startsWith('"') && field.endsWith('"');
  return isQuoted ? field.slice(1, -1).replaceAll('""', '"') : field;
}
