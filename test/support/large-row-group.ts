import { type FileMetaData, parquetMetadata } from 'hyparquet';
import { ByteWriter, parquetWriteBuffer } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { cellText } from '../../functions/tables/cells.ts';
import { readParquetBatches, readParquetMetadata } from '../../functions/tables/parquet-batches.ts';
import type { TableSource } from '../../functions/tables/table-source.ts';
import { ThriftReader } from '../../functions/tables/thrift-compact.ts';

/** What reading a row group ended in; megabytes of this whole process before and at their highest. */
export interface GroupReading {
  readonly nRows: number;
  readonly bytes: number;
  readonly wrongRows: number;
  readonly beforeMb: number;
  readonly peakMb: number;
}

const ROWS = 16_384;
const DICTIONARY = 2;

const city = (i: number) => (i % 11 === 0 ? null : ['Berlin', 'Lima', 'São Paulo'][i % 3]!);
const tags = (i: number) => (i % 5 === 0 ? null : Array.from({ length: i % 3 }, (_, j) => (i + j) % 4));
const amount = (i: number) => (i % 50) / 4;

/** A file of one row group of `ROWS` rows, three columns of several pages. */
function small(): Uint8Array {
  const rows = Array.from({ length: ROWS }, (_, i) => i);
  const encoding = 'RLE_DICTIONARY' as const;
  const file = parquetWriteBuffer({
    codec: 'UNCOMPRESSED',
    rowGroupSize: ROWS,
    pageSize: 2048,
    schema: [
      { name: 'root', num_children: 3 },
      { name: 'city', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'amount', type: 'DOUBLE', repetition_type: 'REQUIRED' },
      { name: 'tags', converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
    ],
    columnData: [
      { name: 'city', data: rows.map(city), encoding },
      { name: 'amount', data: rows.map(amount), encoding },
      { name: 'tags', data: rows.map(tags), encoding },
    ],
  });
  return new Uint8Array(file);
}

/** The same pages again and again in one row group, as pandas wrote groups of 64 Mi rows. */
function repeated(file: Uint8Array, times: number): Uint8Array {
  const metadata = parquetMetadata(file.slice().buffer as ArrayBuffer);
  const group = metadata.row_groups[0]!;
  const writer = new ByteWriter();
  const magic = new TextEncoder().encode('PAR1');
  writer.appendBytes(magic);
  const times64 = BigInt(times);
  for (const { meta_data: meta } of group.columns) {
    if (!meta) continue;
    const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
    const chunk = file.subarray(start, start + Number(meta.total_compressed_size));
    const reader = new ThriftReader(chunk);
    const header = reader.readStruct();
    const dataAt = header[1] === DICTIONARY ? reader.at + Number(header[3]) : 0;
    const first = writer.offset;
    writer.appendBytes(chunk.subarray(0, dataAt));
    const firstData = writer.offset;
    for (let i = 0; i < times; i++) writer.appendBytes(chunk.subarray(dataAt));
    Object.assign(meta, {
      num_values: meta.num_values * times64,
      data_page_offset: BigInt(firstData),
      total_compressed_size: BigInt(writer.offset - first),
      ...(dataAt > 0 && { dictionary_page_offset: BigInt(first) }),
    });
  }
  group.num_rows *= times64;
  const whole: FileMetaData = { ...metadata, num_rows: group.num_rows };
  writeMetadata(writer, whole);
  writer.appendBytes(magic);
  return writer.getBytes();
}

const [, , times = '1', fields = '0,1,2'] = process.argv;
const columns = fields.split(',').map(Number);
const bytes = repeated(small(), Number(times));
const source: TableSource = {
  file: 'large.parquet',
  size: bytes.length,
  read: async (start, end) => bytes.slice(start, end),
  async *stream(start = 0, end = bytes.length) {
    yield bytes.slice(start, end);
  },
};
const beforeMb = process.resourceUsage().maxRSS / 1024;
const metadata = await readParquetMetadata(source);
let nRows = 0;
let wrongRows = 0;
for await (const batch of readParquetBatches(source, metadata, columns, 0, metadata.row_groups.length)) {
  // Every piece is looked at, not every value: that would take minutes.
  for (let row = 0; row < batch.nRows; row += 997) {
    const i = (nRows + row) % ROWS;
    const values = [city(i) ?? '', String(amount(i)), tags(i) === null ? '' : JSON.stringify(tags(i))];
    const expected = columns.map((column) => values[column]);
    const found = batch.columns.map((cells) => cellText(cells, row));
    if (JSON.stringify(found) !== JSON.stringify(expected)) wrongRows++;
  }
  nRows += batch.nRows;
}
const peakMb = process.resourceUsage().maxRSS / 1024;
const reading: GroupReading = { nRows, bytes: bytes.length, wrongRows, beforeMb, peakMb };
process.stdout.write(JSON.stringify(reading));
