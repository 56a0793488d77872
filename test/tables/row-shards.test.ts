import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvScanner, MAX_RECORD_BYTES } from '../../functions/tables/csv-scanner.ts';
import { findRecordStart } from '../../functions/tables/record-boundary.ts';
import { planRowShards, shardBytes } from '../../functions/tables/row-shards.ts';

const encode = (text: string) => new TextEncoder().encode(text);

/** Number of records in a range, read by the scanner: which fails unless the range holds whole records. */
function countRecords(bytes: Uint8Array, nColumns: number): number {
  let count = 0;
  const scanner = new CsvScanner({ delimiter: ',', nColumns, selected: [0] }, () => {
    count++;
  });
  scanner.push(bytes);
  scanner.end();
  return count;
}

/** Plans shards of records below a header, and notes every range that was read. */
async function plan(records: readonly string[], nShards: number, lineBreak = '\n', nColumns = 3) {
  const header = 'a,b,c\n';
  const bytes = encode(header + records.join(lineBreak));
  const reads: [number, number][] = [];
  const ranges = await planRowShards(
    { size: bytes.length, firstRecord: header.length, delimiter: ',', nColumns },
    nShards,
    async (start, end) => {
      reads.push([start, end]);
      return bytes.slice(start, end);
    },
  );
  return { bytes, ranges, reads, header };
}

function expectWholeRecords({ bytes, ranges, header }: Awaited<ReturnType<typeof plan>>, nRecords: number) {
  expect(ranges[0]![0]).toBe(header.length);
  expect(ranges.at(-1)![1]).toBe(bytes.length);
  for (const [i, [start]] of ranges.entries()) if (i > 0) expect(start).toBe(ranges[i - 1]![1]);
  const counts = ranges.map(([start, end]) => countRecords(bytes.subarray(start, end), 3));
  expect(counts.reduce((sum, n) => sum + n, 0)).toBe(nRecords);
}

const MB = 1024 * 1024;

/** Records of about `bytes` in all. */
function filled(bytes: number, record: (i: number) => string): string[] {
  const records: string[] = [];
  for (let size = 0; size < bytes; size += records.at(-1)!.length + 1) records.push(record(records.length));
  return records;
}

describe('row shards', () => {
  it('hold whole records of any small file, at any number of shards', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', 'é'), maxLength: 5 });
    const record = fc
      .tuple(field, field, field)
      .map((fields) =>
        fields.map((text) => (/[,"\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(','),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('\n', '\r\n'),
        async (records, nShards, lineBreak) => {
          const planned = await plan(records, nShards, lineBreak);
          expect(planned.ranges.length).toBeLessThanOrEqual(nShards);
          expectWholeRecords(planned, records.length);
        },
      ),
    );
  });

  it('are of about equal size, and found by reading little of a large file', async () => {
    const records = filled(20 * MB, (i) =>
      i % 3 === 0 ? `${i},"two\nlines, ""quoted""\n\n",x` : `${i},text ${i},y`,
    );
    const planned = await plan(records, 8);
    expectWholeRecords(planned, records.length);
    const sizes = planned.ranges.map(([start, end]) => end - start);
    expect(sizes).toHaveLength(8);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(1000);
    const bytesRead = planned.reads.reduce((sum, [start, end]) => sum + end - start, 0);
    expect(bytesRead).toBeLessThan(0.5 * MB);
  });

  it('are found without a quote in sight', async () => {
    const records = filled(10 * MB, (i) => `${i},plain text of a row,${i}`);
    const planned = await plan(records, 4);
    expectWholeRecords(planned, records.length);
    expect(planned.ranges).toHaveLength(4);
  });

  it('are found by reading on where quoted text looks like records', async () => {
    // Inside and outside of quotes read alike: three fields per line, with balanced quotes.
    const records = filled(6 * MB, () => `x,"${'\na,b,c'.repeat(50_000)}\n",z`);
    const planned = await plan(records, 3);
    expectWholeRecords(planned, records.length);
  });

  it('are found in a file of which every window reads two ways', async () => {
    // What lies between two quotes is always the same: inside and outside cannot be told apart from the middle.
    const records = filled(9 * MB, () => ',",\n,",');
    const planned = await plan(records, 4);
    expectWholeRecords(planned, records.length);
    expect(planned.ranges.length).toBeGreaterThan(1);
  });

  it('are fewer than asked for where there are fewer records', async () => {
    const { ranges } = await plan(['a,b,c', 'd,e,f\n'], 10);
    expect(ranges.length).toBeLessThanOrEqual(3);
    expect((await plan([''], 5)).ranges).toEqual([[6, 6]]);
  });
});

describe('the first record of a window', () => {
  const find = (text: string, atFileEnd = false) =>
    findRecordStart(encode(text), { delimiter: ',', nColumns: 3 }, atFileEnd);

  it('is found when the window begins in a quoted field', () => {
    expect(find('es, lots",c\n1,2,3\n4,"x\ny",6\n', true)).toBe(12);
  });

  it('is found when the window begins in an unquoted field', () => {
    expect(find('b,c\n1,"2",3\n4,5,6\n', true)).toBe(4);
  });

  it('fails to be found, rather than guessed, while two readings stand', () => {
    expect(find('b,c\n1,2,3\n4,5,6\n')).toBeUndefined();
  });

  it('is certain once an open quote would make the row too long', () => {
    expect(find(`b,c\n${'1,2,3\n'.repeat(MAX_RECORD_BYTES / 6 + 10)}`)).toBe(4);
  });

  it('is not sought in rows that break the grammar', () => {
    expect(find('x,y\n1,2\n"a"b,c,d\n', true)).toBeUndefined();
  });
});

describe('shardBytes', () => {
  const MIB = 2 ** 20;

  it('keeps shards small for tables that fit one machine, and the number of requests for large ones', () => {
    const ofGib = (gib: number) => shardBytes(gib * 1024 * MIB) / MIB;
    expect([0, 0.5, 1, 2, 4, 625].map(ofGib)).toEqual([16, 16, 16, 32, 64, 64]);
  });
});
