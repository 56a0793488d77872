import { describe, expect, it } from 'vitest';
import { Random } from '../../functions/stats/random.ts';
import { CsvNumbers } from '../../functions/tables/csv-numbers.ts';

const DELIMITER = ';';

/** Cells as numbers, or as texts where they were read as none; what was left; whether it stopped. */
function read(text: string, nColumns: number, { chunk = 1 << 20, texts = [] as number[] } = {}) {
  const bytes = new TextEncoder().encode(text);
  const reader = new CsvNumbers(DELIMITER, nColumns, texts);
  const rows: (number | string)[][] = [];
  let at = 0;
  while (at < bytes.length && !reader.isStopped) {
    at += reader.push(
      bytes.subarray(at, at + chunk),
      ({ nRecords, values, capacity, others, bytes: own }) => {
        const first = rows.length;
        for (let row = 0; row < nRecords; row++) {
          rows.push(Array.from({ length: nColumns }, (_, column) => values[column * capacity + row]!));
        }
        for (let i = 0; i < others.length; i += 4) {
          const [record = 0, column = 0, start, end] = others.subarray(i, i + 4);
          rows[first + record]![column] = new TextDecoder().decode(own.subarray(start, end));
        }
        return true;
      },
    );
  }
  const rest = new TextDecoder().decode(reader.rest) + new TextDecoder().decode(bytes.subarray(at));
  return { rows, rest, isStopped: reader.isStopped };
}

describe('numbers of a CSV text', () => {
  it('are read with blanks, signs, points and line ends of either kind', () => {
    const { rows, rest } = read('1;-2.5;+.25\n 7. ;\t0008;-0\r\n', 3);
    expect(rows).toEqual([
      [1, -2.5, 0.25],
      [7, 8, -0],
    ]);
    expect(rest).toBe('');
  });

  it('are told from texts, which come without blanks around', () => {
    const { rows } = read('1e3;;  a b \r\n.;5 5;5\r \n-;1.2.3;é"\n', 3);
    expect(rows).toEqual([
      ['1e3', '', 'a b'],
      ['.', '5 5', '5\r'],
      ['-', '1.2.3', 'é"'],
    ]);
  });

  it('are read as texts in columns that are wanted as such', () => {
    expect(read('007;1\n008;2\n', 2, { texts: [0] }).rows).toEqual([
      ['007', 1],
      ['008', 2],
    ]);
  });

  it.each([1, 7, 4096, 1 << 20])('are correctly rounded, or left as text: chunks of %i bytes', (chunk) => {
    const random = new Random(5);
    const digits = (most: number) =>
      Array.from({ length: random.integer(most + 1) }, () => random.integer(10));
    const field = () => `${['', '-'][random.integer(2)]}${digits(12).join('')}.${digits(14).join('')}`;
    const floats = () => String(Math.fround(random.uniform() * 10 ** random.integer(9)));
    const table = Array.from({ length: chunk === 1 ? 300 : 20_000 }, () => [field(), floats(), field()]);
    const { rows, rest } = read(`${table.map((row) => row.join(DELIMITER)).join('\n')}\n`, 3, { chunk });
    expect(rest).toBe('');
    const read64 = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : String(cell))));
    expect(read64).toEqual(
      table.map((row, i) =>
        row.map((cell, j) => (typeof rows[i]![j] === 'string' ? cell : String(Number(cell)))),
      ),
    );
    const nNumbers = rows.flat().filter((cell) => typeof cell === 'number').length;
    expect(nNumbers).toBeGreaterThan(0.7 * 3 * table.length);
  });

  it.each(['"3";4\n', '3\n', '3;4;5\n', '3;\0\n', '\n'])(
    'stop before a record that takes a full reader: %j',
    (odd) => {
      const found = read(`1;2\n${odd}5;6\n`, 2);
      expect(found).toEqual({ rows: [[1, 2]], rest: `${odd}5;6\n`, isStopped: true });
    },
  );

  it('leave a last record without a line break', () => {
    expect(read('1;2\n3;4', 2)).toEqual({ rows: [[1, 2]], rest: '3;4', isStopped: false });
  });

  it('stop at a record longer than a block, and where records are refused', () => {
    expect(read(`1;${'9'.repeat(1 << 17)}\n`, 2)).toMatchObject({ rows: [], isStopped: true });
    const reader = new CsvNumbers(DELIMITER, 1, []);
    reader.push(new TextEncoder().encode('1\n2\n'), () => false);
    expect(reader.isStopped).toBe(true);
    expect(new TextDecoder().decode(reader.rest)).toBe('1\n2\n');
  });
});
