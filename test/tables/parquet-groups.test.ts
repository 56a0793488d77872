import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parquetMetadata } from 'hyparquet';
import { ByteWriter, parquetWriteBuffer } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { describe, expect, it } from 'vitest';
import type { GroupReading } from '../support/large-row-group.ts';
import { cellsOf, chunkedSource } from '../support/read-cells.ts';

const ROWS = 16_384;
const SCRIPT = fileURLToPath(new URL('../support/large-row-group.ts', import.meta.url));

/** Reads a row group of `times` × 16,384 rows in a process of its own, whose memory can be told. */
function readGroup(times: number, columns: string): GroupReading {
  const args = ['--max-old-space-size=192', SCRIPT, String(times), columns];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(child.status, child.stderr).toBe(0);
  return JSON.parse(child.stdout);
}

describe('a row group of Parquet', () => {
  it('of more than 16 Mi rows is read page by page, in the memory that a small one takes', () => {
    const small = readGroup(100, '0,1');
    const large = readGroup(1030, '0,1');
    expect(large).toMatchObject({ nRows: 1030 * ROWS, wrongRows: 0 });
    expect(large.nRows).toBeGreaterThan(1 << 24);
    // Besides the file itself, which the test holds. All values at once would take 270 MB.
    const taken = ({ peakMb, beforeMb }: GroupReading) => peakMb - beforeMb;
    expect(taken(large)).toBeLessThan(taken(small) + 100);
  }, 240_000);

  it('gives every list, where runs of pages end between rows', () => {
    expect(readGroup(60, '2')).toMatchObject({ nRows: 60 * ROWS, wrongRows: 0 });
  }, 120_000);

  it('fails on a struct in more rows than are held at once, before it reads it', async () => {
    const file = new Uint8Array(
      parquetWriteBuffer({
        schema: [
          { name: 'root', num_children: 1 },
          { name: 'place', repetition_type: 'OPTIONAL', num_children: 2 },
          { name: 'city', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
          { name: 'zip', type: 'INT32', repetition_type: 'OPTIONAL' },
        ],
        columnData: [{ name: 'place', data: [{ city: 'Lima', zip: 1 }, null] }],
      }),
    );
    expect((await cellsOf(chunkedSource('t.parquet', file))).texts.place).toEqual([
      '{"city":"Lima","zip":1}',
      null,
    ]);
    const metadata = parquetMetadata(file.slice().buffer as ArrayBuffer);
    const group = metadata.row_groups[0]!;
    group.num_rows = metadata.num_rows = 20_000_000n;
    for (const { meta_data } of group.columns) meta_data!.num_values = group.num_rows;
    const writer = new ByteWriter();
    const end = file.length - 8 - new DataView(file.buffer).getUint32(file.length - 8, true);
    writer.appendBytes(file.subarray(0, end));
    writeMetadata(writer, metadata);
    writer.appendBytes(new TextEncoder().encode('PAR1'));
    await expect(cellsOf(chunkedSource('t.parquet', writer.getBytes()))).rejects.toThrow(
      /"place.city" is part of a struct or map in a row group of 20000000 rows; at most 16777216 are read/,
    );
  });
});
