import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { createGunzip } from 'node:zlib';
import { InvalidDatasetError, InvalidRequestError } from '../functions/errors.ts';
import type { TableColumn } from './numeric-table-column.ts';

/** How the rows of a file are written; `csv` stands for all text with a delimiter. */
export type TableFormat = 'csv' | 'arrow' | 'parquet';

/** The bytes of a file: its start, and a way to all of them. */
export interface FileBytes {
  readonly file: string;
  /** The first `SAMPLE_BYTES` or more, fewer where the file is shorter. */
  readonly sample: Uint8Array;
  /** Whether the sample is all there is. */
  readonly isWhole: boolean;
  /** All bytes, the sample first; to be read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

const SAMPLE_BYTES = 64 * 1024;
const GZIP = [0x1f, 0x8b];

/**
 * Every column of a file.
 * @throws InvalidRequestError when the file is not there or not readable
 * @throws InvalidDatasetError when its bytes are no table
 */
export async function readColumns(
  file: string,
): Promise<{ format: TableFormat; columns: readonly TableColumn[] }> {
  await requireFile(file);
  const bytes = await sampled(file, unzipped(file));
  const format = formatOf(bytes);
  if (format === 'csv') {
    const { readCsvColumns } = await import('./numeric-table-csv.ts');
    return { format, columns: await readCsvColumns(bytes) };
  }
  const parts: Uint8Array[] = [];
  for await (const chunk of bytes.chunks) parts.push(chunk);
  const whole = Buffer.concat(parts);
  if (format === 'arrow') {
    const { readArrowColumns } = await import('./numeric-table-arrow.ts');
    return { format, columns: readArrowColumns(whole, file) };
  }
  const { readParquetColumns } = await import('./numeric-table-parquet.ts');
  return { format, columns: await readParquetColumns(whole, file) };
}

async function requireFile(file: string): Promise<void> {
  const stats = await stat(file).catch(() => undefined);
  if (!stats) throw new InvalidRequestError(`There is no file ${file}: check the path.`, { file });
  if (stats.isDirectory()) throw new InvalidRequestError(`${file} is a folder: name a file in it.`, { file });
}

/** The bytes of a file, unzipped where they are gzip. */
async function* unzipped(file: string): AsyncGenerator<Uint8Array> {
  const source = createReadStream(file, { highWaterMark: 1 << 20 });
  try {
    const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
    const first = await chunks.next();
    if (first.done) return;
    const all = async function* () {
      yield first.value;
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    };
    if (GZIP.every((byte, i) => first.value[i] === byte)) yield* gunzip(all(), file);
    else yield* all();
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new InvalidRequestError(`${file} cannot be read: ${cause.message}.`, { file }, { cause });
  } finally {
    source.destroy();
  }
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const { Readable } = await import('node:stream');
  const { pipeline } = await import('node:stream/promises');
  const output = createGunzip({ chunkSize: 1 << 18 });
  // A failure reaches the reader through `output`, which the pipeline destroys with it.
  const done = pipeline(Readable.from(chunks), output).catch(() => undefined);
  try {
    yield* output;
  } catch (cause) {
    if (!(cause instanceof Error && 'errno' in cause && !('syscall' in cause))) throw cause;
    throw new InvalidDatasetError(
      `${file} is gzip, but damaged or cut off: ${cause.message}. Copy or compress it again.`,
      { file, reason: 'corrupt_gzip' },
      { cause },
    );
  } finally {
    output.destroy();
    await done;
  }
}

async function sampled(file: string, all: AsyncGenerator<Uint8Array>): Promise<FileBytes> {
  const first: Uint8Array[] = [];
  let size = 0;
  let isWhole = false;
  while (size < SAMPLE_BYTES && !isWhole) {
    const next = await all.next();
    if (next.done) isWhole = true;
    else {
      first.push(next.value);
      size += next.value.length;
    }
  }
  const sample = Buffer.concat(first);
  const chunks = async function* () {
    if (sample.length > 0) yield sample;
    yield* all;
  };
  return { file, sample, isWhole, chunks: chunks() };
}

const EXTENSIONS: Readonly<Record<string, TableFormat>> = {
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.feather': 'arrow',
  '.ipc': 'arrow',
  '.parquet': 'parquet',
  '.pq': 'parquet',
};

/** The content decides; the name, where the content is none of ours, so that the error speaks of the right format. */
function formatOf({ file, sample }: FileBytes): TableFormat {
  const start = Buffer.from(sample.subarray(0, 8)).toString('latin1');
  if (start.startsWith('PAR1')) return 'parquet';
  if (start.startsWith('ARROW1') || start.startsWith('\xff\xff\xff\xff')) return 'arrow';
  if (start.startsWith('FEA1')) {
    throw new InvalidDatasetError(
      `${file} is Feather of version 1, which is not read. Write it as version 2, the default of today's libraries.`,
      { file, reason: 'feather_v1' },
    );
  }
  if (start.startsWith('PK\x03\x04')) {
    throw new InvalidDatasetError(
      `${file} is a zip archive, such as a spreadsheet. Save the sheet as CSV, or unzip it.`,
      { file, reason: 'zip' },
    );
  }
  return EXTENSIONS[extname(file.replace(/\.gz$/i, '')).toLowerCase()] ?? 'csv';
}
