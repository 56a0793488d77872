import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addExact,
  addExactSquare,
  type Expansion,
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

  it('adds squares without rounding them', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.double({ noNaN: true, min: -1e9, max: 1e9 }).filter((x) => x === 0 || Math.abs(x) > 1e-100),
        ),
        (values) => {
          const squares: Expansion = [];
          let exact = 0n;
          for (const value of values) {
            addExactSquare(squares, value);
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
