/**
 * The Beta distribution. The incomplete beta function is its continued fraction by Lentz's method (Press et al., Numerical
 * Recipes, 3rd ed., 6.4), the logarithm of the gamma function Lanczos' series with the coefficients of Godfrey (g = 7,
 * n = 9). Good to 1e-8 for parameters from 1 to 1e7, as `test/stats/beta-distribution.test.ts` holds against SciPy.
 */
export interface BetaDistribution {
  readonly mean: number;
  readonly standardDeviation: number;
  /** Density at x in [0, 1]. */
  density(x: number): number;
  /** Probability of at most x. */
  cumulative(x: number): number;
  /** x below which a share p lies, to 1e-12. */
  quantile(p: number): number;
}

const MOST_TERMS = 100_000;
const TINY = 1e-300;

/** The Beta distribution with both parameters above 0. @throws RangeError for others */
export function betaDistribution(a: number, b: number): BetaDistribution {
  if (!(a > 0 && b > 0 && Number.isFinite(a + b))) {
    throw new RangeError(`A Beta distribution needs two parameters above 0, not ${a} and ${b}.`);
  }
  const logScale = logGamma(a + b) - logGamma(a) - logGamma(b);
  const logPower = (x: number) => logScale + a * Math.log(x) + b * Math.log1p(-x);
  const mean = a / (a + b);

  const cumulative = (x: number): number => {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const front = Math.exp(logPower(x));
    // The fraction converges fast on its own side of the mean.
    return x < (a + 1) / (a + b + 2)
      ? (front * continuedFraction(a, b, x)) / a
      : 1 - (front * continuedFraction(b, a, 1 - x)) / b;
  };
  return {
    mean,
    standardDeviation: Math.sqrt((mean * (1 - mean)) / (a + b + 1)),
    density(x) {
      if (x < 0 || x > 1) return 0;
      if (x === 0) return a > 1 ? 0 : a === 1 ? Math.exp(logScale) : Number.POSITIVE_INFINITY;
      if (x === 1) return b > 1 ? 0 : b === 1 ? Math.exp(logScale) : Number.POSITIVE_INFINITY;
      return Math.exp(logPower(x)) / (x * (1 - x));
    },
    cumulative,
    quantile(p) {
      let low = 0;
      let high = 1;
      for (let step = 0; step < 60 && high - low > 1e-13; step++) {
        const middle = (low + high) / 2;
        if (cumulative(middle) < p) low = middle;
        else high = middle;
      }
      return (low + high) / 2;
    },
  };
}

function continuedFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / notZero(1 + even * d);
    c = notZero(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / notZero(1 + odd * d);
    c = notZero(1 + odd / c);
    const change = d * c;
    value *= change;
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return value;
}

const notZero = (value: number) => (Math.abs(value) < TINY ? TINY : value);

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** Logarithm of the gamma function of x above 0: Stirling's series from 15 on, where it is exact to the last bits. */
export function logGamma(x: number): number {
  if (x >= 15) {
    const square = 1 / (x * x);
    const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / x;
    return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
  }
  let sum: number = LANCZOS[0];
  for (let n = 1; n < LANCZOS.length; n++) sum += LANCZOS[n]! / (x - 1 + n);
  const shifted = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(shifted) - shifted + Math.log(sum);
}
