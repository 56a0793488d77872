import { describe, expect, it } from 'vitest';
import { alone } from '../../functions/clustering/crew.ts';
import { placeRows, sampleRows } from '../../functions/clustering/placed-rows.ts';
import { InvalidDatasetError } from '../../functions/errors.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';
import { blobs, matrixOf } from '../support/random-matrix.ts';

const kernels = loadKernelsSync();

describe('placeRows', () => {
  it('moves a column far from 0 by one of its own values, exactly, and leaves the others', () => {
    const data = matrixOf([
      [1_000_001, -3, -2000.5],
      [1_000_003, 5, -2001],
      [1_000_002.5, 0, -2004],
    ]);
    kernels.memory.scope(() => {
      const placed = placeRows(kernels, data);
      expect(placed.scale).toBe(1);
      expect(placed.offset[1]).toBe(0);
      data.values.forEach((value, at) => {
        expect(placed.rows[at]! + placed.offset[at % 3]!).toBe(value);
      });
      expect(placed.largest).toBeLessThanOrEqual(5);
    });
  });

  it.each([1, 2, 3, 5, 8, 13])('gives values whose sums are exact in any order: %i features', (d) => {
    const data = blobs(1003, d, 4, d, { heavyTail: true });
    kernels.memory.scope(() => {
      const { rows } = placeRows(kernels, data);
      const column = Array.from({ length: 1003 }, (_, i) => rows[i * d]!);
      const sum = (values: number[]) => values.reduce((total, x) => total + x, 0);
      const forwards = sum(column);
      expect(sum([...column].reverse())).toBe(forwards);
      expect(sum(new Random(1).shuffle([...column]))).toBe(forwards);
      const largest = Math.max(...column.map(Math.abs));
      column.forEach((x, i) => {
        expect(Math.abs(x - data.values[i * d]!)).toBeLessThanOrEqual(largest * 2 ** -33);
      });
    });
  });

  it('scales extreme magnitudes by a power of two', () => {
    for (const magnitude of [1e30, 1e-30]) {
      kernels.memory.scope(() => {
        const data = matrixOf([[magnitude], [-2 * magnitude], [4 * magnitude]]);
        const placed = placeRows(kernels, data);
        expect(Number.isInteger(Math.log2(placed.scale))).toBe(true);
        expect(placed.rows[2]! / placed.scale).toBe(Math.fround(4 * magnitude));
        expect(Math.abs(placed.rows[2]!)).toBeLessThanOrEqual(2 ** 40);
      });
    }
  });

  it('takes values up to the largest of float32, whose sums would be infinite', () => {
    const largest = 2 ** 127 * (2 - 2 ** -23);
    kernels.memory.scope(() => {
      const placed = placeRows(kernels, matrixOf(Array.from({ length: 9 }, () => Array(16).fill(-largest))));
      placed.rows.forEach((value, at) => {
        expect(value / placed.scale + placed.offset[at % 16]!).toBe(-largest);
      });
    });
  });

  /** Numbers of rows around whole groups of four, and around kernel calls. */
  const lengths = [1, 2, 3, 4, 5, 8, 301, 4095, 4096, 4097, 8199];
  const shapes = lengths.flatMap((nSamples) => [1, 3, 4, 13].map((d) => [nSamples, d] as const));

  it.each(shapes)(
    'places rows that lie in the kernels’ memory as any others, and leaves them: %i × %i',
    (nSamples, d) => {
      for (const offset of [0, 1e6]) {
        const data = blobs(nSamples, d, 3, d, { offset });
        kernels.memory.scope(() => {
          const expected = placeRows(kernels, data);
          const there = kernels.memory.f32(nSamples * d + 64).fill(Number.NaN);
          const values = there.subarray(0, nSamples * d);
          values.set(data.values);
          const { rows, ...placement } = placeRows(kernels, { ...data, values });
          const { rows: expectedRows, ...expectedPlacement } = expected;
          expect(placement).toEqual(expectedPlacement);
          expect(rows.findIndex((value, at) => value !== expectedRows[at])).toBe(-1);
          expect(values.findIndex((value, at) => value !== data.values[at])).toBe(-1);
        });
      }
    },
  );

  it.each([1, 3, 4, 7, 16])('takes a sample of the rows as they were placed: %i features', (d) => {
    const data = blobs(200, d, 3, d);
    kernels.memory.scope(() => {
      const placed = placeRows(kernels, data);
      const numbers = [199, 0, 77, 77, 12];
      const sample = sampleRows(kernels, placed, Int32Array.from(numbers), alone(kernels));
      const rows = numbers.flatMap((row) => [...placed.rows.subarray(row * d, (row + 1) * d)]);
      expect([...sample.rows]).toEqual(rows);
      expect(sample.nSamples).toBe(5);
    });
  });

  it.each([1, 3, 4, 6, 13, 16])(
    'knows the range of every column, wherever its ends lie: %i features',
    (d) => {
      const random = new Random(d);
      for (let j = 0; j < d; j++) {
        for (const end of [-100, 100]) {
          const data = blobs(301, d, 3, d);
          data.values[random.integer(301) * d + j] = end;
          kernels.memory.scope(() => expect(placeRows(kernels, data).largest).toBe(100));
        }
      }
    },
  );

  it.each([1, 4, 7])('finds the one value that is not finite: %i features', (d) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const at of [0, 150 * d, 301 * d - 1]) {
        const data = blobs(301, d, 3, d);
        data.values[at] = value;
        expect(() => placeRows(kernels, data)).toThrow(InvalidDatasetError);
        kernels.memory.scope(() => {
          const values = kernels.memory.f32(301 * d);
          values.set(data.values);
          const there = { ...data, values };
          expect(() => placeRows(kernels, there)).toThrow(`Row ${Math.floor(at / d)}, column ${at % d} `);
        });
      }
    }
  });

  it('fails for a matrix with fewer values than rows × features', () => {
    const short = { nSamples: 3, nFeatures: 2, values: new Float32Array(5) };
    expect(() => placeRows(kernels, short)).toThrow(InvalidDatasetError);
    expect(() => placeRows(kernels, short)).toThrow('5 values, which is not 3 rows of 2 features');
  });
});
