import { gzipSync } from 'node:zlib';
import { Float64, Table, vectorFromArray } from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import type { TableSource } from '../../functions/tables/table-source.ts';
import { cellsOf, chunkedSource, reportOf } from '../support/read-cells.ts';
import { writeArrow } from '../support/table-writers.ts';

const MB = 1024 * 1024;
const arrow = writeArrow(new Table({ x: vectorFromArray([1, 2, 3], new Float64()) }), 'file');
const parquet = new Uint8Array(
  parquetWriteBuffer({ columnData: [{ name: 'x', data: [1, 2, 3], type: 'DOUBLE' }] }),
);
const failure = (name: string, reason: string) =>
  expect.objectContaining({ name, context: expect.objectContaining({ reason, file: expect.any(String) }) });

/** A file that is made as it is read: `repeat` times the same megabyte between a head and a tail. */
function generated(
  file: string,
  head: string,
  megabyte: Uint8Array,
  repeat: number,
): TableSource & { bytesRead: number } {
  const first = new TextEncoder().encode(head);
  const source = {
    file,
    size: first.length + repeat * megabyte.length,
    bytesRead: 0,
    async read(start: number, end: number) {
      const bytes = new Uint8Array(end - start);
      for (let i = start; i < end; i++) {
        bytes[i - start] = i < first.length ? first[i]! : megabyte[(i - first.length) % megabyte.length]!;
      }
      return bytes;
    },
    async *stream(start = 0) {
      yield first.subarray(start);
      for (let i = 0; i < repeat; i++) {
        source.bytesRead += megabyte.length;
        yield megabyte;
      }
    },
  };
  return source;
}

describe('a file that is no table', () => {
  const files: [string, string | Uint8Array, string, string][] = [
    ['empty.csv', '', 'InvalidDatasetError', 'empty_file'],
    ['empty.parquet', '', 'InvalidDatasetError', 'empty_file'],
    ['header.csv', 'a,b\n', 'InsufficientDataError', 'no_rows'],
    [
      'junk.csv',
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 167 + (i >> 3)) & 255),
      'InvalidDatasetError',
      'binary',
    ],
    ['array.json', '[\n {"a":1}]', 'InvalidDatasetError', 'json_array'],
    ['text.jsonl', 'a,b\n1,2\n', 'InvalidDatasetError', 'invalid_json'],
    ['old.xls', Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1), 'InvalidDatasetError', 'xls'],
    ['table.csv.xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), 'InvalidDatasetError', 'xz'],
    ['broken.xlsx', 'PK\x03\x04 and no more', 'InvalidDatasetError', 'corrupt_xlsx'],
    [
      'cut.csv.gz',
      gzipSync('a,b\n1,2\n'.repeat(50)).subarray(0, -9),
      'InvalidDatasetError',
      'truncated_gzip',
    ],
    ['cut.arrow', arrow.subarray(0, arrow.length - 20), 'InvalidDatasetError', 'corrupt_arrow'],
    ['cut.parquet', parquet.subarray(0, parquet.length - 20), 'InvalidDatasetError', 'corrupt_parquet'],
    ['open-quote.csv', 'a,b\n1,"2\n3,4\n', 'InvalidDatasetError', 'unclosed_quote'],
  ];

  it.each(files)('fails with a reason: %s', async (name, content, error, reason) => {
    await expect(reportOf(chunkedSource(name, content))).rejects.toThrow(failure(error, reason));
  });

  it('fails wherever an Arrow or a Parquet file is cut', async () => {
    for (const [name, whole] of [
      ['a.arrow', arrow],
      ['a.parquet', parquet],
    ] as const) {
      for (let end = 12; end < whole.length; end += 37) {
        await expect(cellsOf(chunkedSource(name, whole.slice(0, end)))).rejects.toThrow(
          expect.objectContaining({ name: 'InvalidDatasetError' }),
        );
      }
    }
  });

  it('fails on a codec that is not known, naming it', async () => {
    const lzo = parquetWriteBuffer({
      columnData: [{ name: 'x', data: ['a', 'b'], type: 'STRING' }],
      codec: 'LZO',
      compressors: { LZO: (bytes) => bytes },
    });
    const file = chunkedSource('lzo.parquet', new Uint8Array(lzo));
    await expect(cellsOf(file)).rejects.toThrow(failure('InvalidDatasetError', 'unknown_codec'));
    await expect(cellsOf(file)).rejects.toThrow(/LZO/);
  });
});

describe('rows that cannot be read', () => {
  it('are counted with their lines and masked examples, the others are read', async () => {
    const report = await reportOf(
      chunkedSource('r.csv', 'name,mail\nAnn,a@b.de\nBob\nCy,c@d.fr,+1 555\nDi,d@e.it\n', 3),
    );
    expect(report).toMatchObject({ nRows: 2, nRejected: 2 });
    expect(report.rejections.ragged_row).toEqual({
      count: 2,
      examples: [
        { line: 3, message: 'the row has 1 fields where the header has 2', masked: 'Aaa' },
        { line: 4, message: 'the row has 3 fields where the header has 2', masked: 'Aa,a@a.aa,+9 999' },
      ],
    });
  });

  it('are lines that are no JSON objects', async () => {
    const report = await reportOf(chunkedSource('r.jsonl', '{"a":1}\n{"a":\n[1]\n{"a":2}\n'));
    expect(report).toMatchObject({ nRows: 2, nRejected: 2 });
    expect(report.rejections.invalid_json!.examples.map(({ line }) => line)).toEqual([2, 3]);
  });
});

describe('tables of unusual size', () => {
  it('may have 10,000 columns, and names twice', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `column ${i % 5000}`);
    const row = names.map((_, i) => i % 7).join(',');
    const report = await reportOf(
      chunkedSource('wide.csv', `${names.join(',')}\n${`${row}\n`.repeat(50)}`, 65_536),
    );
    expect(report.columns).toHaveLength(10_000);
    expect(new Set(report.columns.map(({ name }) => name)).size).toBe(10_000);
    expect(report.duplicates.count).toBe(49);
  });

  it('fails on a field of 100 MB before it is held', async () => {
    const letters = new Uint8Array(MB).fill(0x61);
    for (const start of ['a,b\n1,', 'a,b\n1,"']) {
      const source = generated('field.csv', start, letters, 100);
      await expect(reportOf(source)).rejects.toThrow(failure('InvalidDatasetError', 'record_too_long'));
      expect(source.bytesRead).toBeLessThan(4 * MB);
    }
    const line = generated('field.jsonl', '{"a":1}\n{"a":"', letters, 100);
    await expect(reportOf(line)).rejects.toThrow(failure('InvalidDatasetError', 'record_too_long'));
    expect(line.bytesRead).toBeLessThan(4 * MB);
  });

  it('fails on a spreadsheet that would unpack to 1,000 times its size, before it does', async () => {
    // A directory is all that is read of it: one entry that announces 1 GB.
    const entry = new Uint8Array(46);
    const end = new Uint8Array(22);
    const head = new TextEncoder().encode('PK\x03\x04'.padEnd(1_000_000, '-'));
    new DataView(entry.buffer).setUint32(0, 0x02014b50, true);
    new DataView(entry.buffer).setUint32(24, 1_000_000_000, true);
    new DataView(end.buffer).setUint32(0, 0x06054b50, true);
    new DataView(end.buffer).setUint32(16, head.length, true);
    const archive = new Uint8Array(Buffer.concat([head, entry, end]));
    await expect(reportOf(chunkedSource('bomb.xlsx', archive))).rejects.toThrow(
      failure('InvalidDatasetError', 'zip_bomb'),
    );
  });

  it('reads 300 MB out of a 1,000:1 gzip in bounded memory, and fails on one of NULs', async () => {
    const rows = new TextEncoder().encode('1,2\n'.repeat(MB / 4));
    const bomb = gzipSync(Buffer.concat([Buffer.from('a,b\n'), ...new Array<Uint8Array>(300).fill(rows)]), {
      level: 9,
    });
    expect(bomb.length).toBeLessThan(0.4 * MB);
    const before = process.memoryUsage().rss;
    let peak = before;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 20);
    const { openTable } = await import('../../functions/tables/open-table.ts');
    const { readTable } = await import('../../functions/tables/read-table.ts');
    const source = chunkedSource('bomb.csv.gz', bomb, 64 * 1024);
    let nRows = 0;
    for await (const batch of readTable(source, await openTable(source), { columns: [0] }))
      nRows += batch.nRows;
    clearInterval(timer);
    expect(nRows).toBe((300 * MB) / 4);
    expect(peak - before).toBeLessThan(200 * MB);
    const nuls = gzipSync(new Uint8Array(100 * MB));
    await expect(reportOf(chunkedSource('nul.csv.gz', nuls))).rejects.toThrow(
      failure('InvalidDatasetError', 'binary'),
    );
  }, 120_000);
});
