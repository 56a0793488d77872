import { describe, expect, it } from 'vitest';
import { betaDistribution, logGamma } from '../../functions/stats/beta-distribution.ts';
import { chiSquareTail } from '../../functions/stats/chi-square.ts';
import { drawBeta } from '../../functions/stats/draw-beta.ts';
import { Random } from '../../functions/stats/random.ts';

// [a, b, x, cdf, pdf, ppf(.975)] of scipy.stats.beta, SciPy 1.17.1.
const SCIPY = [
  [1, 1, 0.3, 0.3, 1, 0.975],
  [2, 5, 0.1, 0.11426500000000002, 1.9683, 0.6412345789976748],
  [100, 900, 0.11, 0.8536706312207899, 22.85065732105082, 0.11932646296672046],
  [1e4, 9e4, 0.1005, 0.7016237796035054, 364.51868838643793, 0.10186693747729417],
  [1e6, 9e6, 0.1001, 0.8540726113405728, 2411.410299153481, 0.10018601425711385],
  [3, 1e5, 3e-5, 0.5768267220608587, 22404.516815087405, 7.224354453190225e-5],
] as const;

describe('the Beta distribution', () => {
  it.each(SCIPY)('with %d and %d agrees with SciPy', (a, b, x, cdf, pdf, ppf) => {
    const belief = betaDistribution(a, b);
    expect(Math.abs(belief.cumulative(x) / cdf - 1)).toBeLessThan(1e-8);
    expect(Math.abs(belief.density(x) / pdf - 1)).toBeLessThan(1e-7);
    expect(Math.abs(belief.quantile(0.975) / ppf - 1)).toBeLessThan(1e-8);
  });

  it('begins and ends where it should', () => {
    const belief = betaDistribution(1, 3);
    expect([belief.cumulative(0), belief.cumulative(1)]).toEqual([0, 1]);
    expect(belief.density(0)).toBeCloseTo(3, 12);
    expect(belief.density(1)).toBe(0);
    expect(betaDistribution(3, 1).density(1)).toBeCloseTo(3, 12);
    expect(belief.density(-1)).toBe(0);
  });

  it('knows factorials by their gamma function on both sides of its seam', () => {
    for (const [n, factorial] of [
      [5, 24],
      [14.999999999, Math.exp(logGamma(15))],
      [21, 2432902008176640000],
    ] as const) {
      expect(Math.abs(Math.exp(logGamma(n)) / factorial - 1)).toBeLessThan(1e-8);
    }
  });

  it.each([
    [0, 1],
    [1, -1],
    [Number.NaN, 1],
    [1, Number.POSITIVE_INFINITY],
  ])('fails for the parameters %d and %d', (a, b) => {
    expect(() => betaDistribution(a, b)).toThrow(RangeError);
  });

  it.each([
    [1, 1],
    [3, 40],
    [500, 1500],
  ] as const)('is what draws of (%d, %d) follow, by Kolmogorov and Smirnov', (a, b) => {
    const random = new Random(7);
    const n = 20_000;
    const draws = Float64Array.from({ length: n }, () => drawBeta(random, a, b)).sort();
    const belief = betaDistribution(a, b);
    const distance = draws.reduce(
      (most, x, i) => Math.max(most, Math.abs(belief.cumulative(x) - (i + 0.5) / n)),
      0,
    );
    // 1.63 / √n is the distance that one of a hundred samples exceeds.
    expect(distance).toBeLessThan(1.63 / Math.sqrt(n));
  });
});

describe('the chi-square tail', () => {
  // scipy.stats.chi2.sf, SciPy 1.17.1.
  it.each([
    [6.9024, 1, 0.008608011641870307],
    [1, 5, 0.9625657732472964],
    [50, 20, 0.0002214766382487835],
  ])('at %d with %d degrees of freedom agrees with SciPy', (statistic, degrees, tail) => {
    expect(Math.abs(chiSquareTail(statistic, degrees) / tail - 1)).toBeLessThan(1e-12);
  });

  it('is certain at 0', () => expect(chiSquareTail(0, 3)).toBe(1));
});
