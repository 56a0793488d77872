import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addAllExact,
  addExact,
  EXACT_BLOCK,
  type Expansion,
  exactSquares,
  expansionToFixed,
  FIXED_ONE,
  mergeExact,
  ratioOfFixed,
  roundExact,
} from '../../functions/stats/exact-sum.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 });

function sumOf(values: Iterable<number>): Expansion {
  const sum: Expansion = [];
  for (const value of values) addExact(sum, value);
  return sum;
}

/** A double as an exact fraction, without the code under test. */
function asFraction(value: number): [numerator: bigint, denominator: bigint] {
  let numerator = value;
  let denominator = 1n;
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    denominator *= 2n;
  }
  return [BigInt(numerator), denominator];
}

describe('exact sums', () => {
  it('adds what ordinary addition loses', () => {
    expect(roundExact(sumOf([1e16, 1, -1e16]))).toBe(1);
    expect(roundExact(sumOf(Array.from({ length: 10 }, () => 0.1)))).toBe(1);
    expect(roundExact(sumOf([1e100, 1, -1e100, 2 ** -1074]))).toBe(1);
    expect(roundExact([])).toBe(0);
  });

  it('rounds half to even, and away from a tie by what lies below it', () => {
    expect(roundExact(sumOf([2 ** 53, 1]))).toBe(2 ** 53);
    expect(roundExact(sumOf([2 ** 53, 1, 2 ** -60]))).toBe(2 ** 53 + 2);
    expect(roundExact(sumOf([2 ** 53, 1, -(2 ** -60)]))).toBe(2 ** 53);
    expect(roundExact(sumOf([2 ** 53 + 2, 1]))).toBe(2 ** 53 + 4);
  });

  it('gives the same bits in any order and any partition', () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 60 }), fc.nat(), fc.nat(), (values, cut, turn) => {
        const whole = roundExact(sumOf(values));
        const at = values.length === 0 ? 0 : turn % values.length;
        const turned = [...values.slice(at), ...values.slice(0, at)].reverse();
        const left = sumOf(turned.slice(0, cut % (turned.length + 1)));
        mergeExact(left, sumOf(turned.slice(cut % (turned.length + 1))));
        expect(Object.is(roundExact(left), whole)).toBe(true);
      }),
    );
  });

  it('agrees with whole-number arithmetic', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const fractions = values.map(asFraction);
        const denominator = 2n ** BigInt(Math.max(...fractions.map(([, d]) => d.toString(2).length - 1)));
        const numerator = fractions.reduce((sum, [n, d]) => sum + n * (denominator / d), 0n);
        expect(expansionToFixed(sumOf(values)) * denominator).toBe(numerator * FIXED_ONE);
      }),
    );
  });

  it('adds blocks to the same total as value by value, of any mix of magnitudes', () => {
    const wild = fc.oneof(
      finite,
      fc.double({ noNaN: true, min: -1, max: 1 }),
      fc.constantFrom(0, -0, Number.MIN_VALUE, 1e-300, -1e-290, 1e300, -1e301, 1 + Number.EPSILON),
      fc.integer({ min: -1_000_000, max: 1_000_000 }).map((x) => x / 100),
    );
    fc.assert(
      fc.property(fc.array(wild, { maxLength: EXACT_BLOCK, size: '+2' }), (values) => {
        const sum: Expansion = [];
        addAllExact(sum, Float64Array.from(values), values.length);
        expect(expansionToFixed(sum)).toBe(expansionToFixed(sumOf(values)));
      }),
    );
  });

  it('adds a full block of the largest equal values without rounding', () => {
    // All 53 bits set, so that both places are filled to the brim by every value of the block.
    for (const value of [2 ** 53 - 1, -(2 - Number.EPSILON), (2 ** 53 - 1) * 2 ** 900]) {
      const values = new Float64Array(EXACT_BLOCK).fill(value);
      const sum: Expansion = [];
      addAllExact(sum, values, EXACT_BLOCK);
      expect(expansionToFixed(sum)).toBe(BigInt(EXACT_BLOCK) * expansionToFixed([value]));
    }
  });

  it('adds squares without rounding them', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.double({ noNaN: true, min: -1e9, max: 1e9 }).filter((x) => x === 0 || Math.abs(x) > 1e-100),
        ),
        (values) => {
          const n = values.length;
          const rounded = new Float64Array(n);
          const errors = new Float64Array(n);
          exactSquares(Float64Array.from(values), n, rounded, errors);
          const squares: Expansion = [];
          addAllExact(squares, rounded, n);
          addAllExact(squares, errors, n);
          let exact = 0n;
          for (const value of values) {
            const fixed = expansionToFixed([value]);
            exact += fixed * fixed;
          }
          expect(expansionToFixed(squares) * FIXED_ONE).toBe(exact);
        },
      ),
    );
  });

  it('divides to the nearest double', () => {
    expect(ratioOfFixed(FIXED_ONE, 3n * FIXED_ONE)).toBe(1 / 3);
    expect(ratioOfFixed(-7n, 10n)).toBe(-0.7);
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1 }), (a, b) => {
        expect(ratioOfFixed(BigInt(a), BigInt(b))).toBe(a / b === 0 ? 0 : a / b);
      }),
    );
  });
});
