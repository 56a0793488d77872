import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignMaximum } from '../../functions/segments/assignment.ts';

const totalOf = (weights: number[][], columnOf: ArrayLike<number>) =>
  weights.reduce((sum, row, i) => sum + (row[columnOf[i]!] ?? 0), 0);

/** The best total over every way of pairing, by trying them all. */
function bestTotal(weights: number[][], row = 0, used = 0): number {
  const nColumns = weights[0]?.length ?? 0;
  if (row === weights.length) return 0;
  const rowsLeft = weights.length - row;
  const columnsLeft = nColumns - used.toString(2).replaceAll('0', '').length;
  let best = rowsLeft > columnsLeft ? bestTotal(weights, row + 1, used) : Number.NEGATIVE_INFINITY;
  for (let column = 0; column < nColumns; column++) {
    if (used & (1 << column)) continue;
    best = Math.max(best, weights[row]![column]! + bestTotal(weights, row + 1, used | (1 << column)));
  }
  return best;
}

describe('optimal assignment', () => {
  it('takes the pairs whose sum is largest, not the largest pair', () => {
    expect([
      ...assignMaximum([
        [9, 8],
        [8, 1],
      ]),
    ]).toEqual([1, 0]);
    expect([...assignMaximum([[0.5, 0.9, 0.1]])]).toEqual([1]);
    expect([...assignMaximum([[1], [3], [2]])]).toEqual([-1, 0, -1]);
  });

  it('has nothing to assign without rows or columns', () => {
    expect([...assignMaximum([])]).toEqual([]);
    expect([...assignMaximum([[], []])]).toEqual([-1, -1]);
  });

  it('agrees with trying every pairing, for any shape and sign', () => {
    const matrix = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })).chain(([n, m]) =>
      fc.array(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: m, maxLength: m }), {
        minLength: n,
        maxLength: n,
      }),
    );
    fc.assert(
      fc.property(matrix, (weights) => {
        const columnOf = assignMaximum(weights);
        const taken = [...columnOf].filter((column) => column >= 0);
        expect(taken).toHaveLength(Math.min(weights.length, weights[0]!.length));
        expect(new Set(taken).size).toBe(taken.length);
        expect(totalOf(weights, columnOf)).toBe(bestTotal(weights));
      }),
      { numRuns: 200 },
    );
  });

  it('fails for rows of different lengths and for weights that are no numbers', () => {
    expect(() => assignMaximum([[1, 2], [1]])).toThrow(/2 rows of 2 finite weights/);
    expect(() => assignMaximum([[1, Number.NaN]])).toThrow(/finite/);
  });
});
