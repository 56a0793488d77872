import { type BetaDistribution, betaDistribution } from '../stats/beta-distribution.ts';

/** What is believed of a variant's mean reward: a Beta distribution, both parameters at least 1. */
export interface Posterior {
  readonly successes: number;
  readonly failures: number;
}

/** How the variants of one segment stand to each other. */
export interface Comparison {
  /** By variant: probability that no other is better; they sum to 1. */
  readonly toBeBest: readonly number[];
  /** By variant: what choosing it costs against the best one, on the scale of the reward, in the mean. */
  readonly expectedLoss: readonly number[];
}

/** Nodes and weights of Gauss-Legendre quadrature with 8 points on [−1, 1] (Abramowitz & Stegun, table 25.4), the positive half. */
const NODES = [0.18343464249564978, 0.525532409916329, 0.7966664774136267, 0.9602898564975363] as const;
const WEIGHTS = [0.362683783378362, 0.31370664587788727, 0.22238103445337448, 0.10122853629037626] as const;

/** Where densities bend, in standard deviations from their means: between two of these, eight points see all of it. */
const BENDS = [-9, -6, -4, -2.5, -1.25, 0, 1.25, 2.5, 4, 6, 9] as const;

/**
 * Compares posteriors by one quadrature over all of them, without chance: probability to be best is ∫ f_v ∏ F_u, and the
 * mean of the best one is 1 − ∫ ∏ F_u. Good to 1e-6.
 */
export function comparePosteriors(posteriors: readonly Posterior[]): Comparison {
  const beliefs = posteriors.map(({ successes, failures }) => betaDistribution(successes, failures));
  if (beliefs.length === 1) return { toBeBest: [1], expectedLoss: [0] };
  const toBeBest = beliefs.map(() => 0);
  let belowBest = 0;
  forEachNode(beliefs, (x, weight) => {
    const below = beliefs.map((belief) => belief.cumulative(x));
    for (const [v, belief] of beliefs.entries()) {
      const others = below.reduce((product, value, u) => (u === v ? product : product * value), 1);
      toBeBest[v]! += weight * belief.density(x) * others;
    }
    belowBest += weight * below.reduce((product, value) => product * value, 1);
  });
  const total = toBeBest.reduce((sum, value) => sum + value, 0);
  const best = 1 - belowBest;
  return {
    toBeBest: toBeBest.map((value) => value / total),
    expectedLoss: beliefs.map(({ mean }) => Math.max(0, best - mean)),
  };
}

/** The interval that holds the middle `level` of what is believed. */
export function credibleInterval(
  { successes, failures }: Posterior,
  level = 0.95,
): readonly [number, number] {
  const belief = betaDistribution(successes, failures);
  return [belief.quantile((1 - level) / 2), belief.quantile((1 + level) / 2)];
}

/** Relative lift of one variant over another: the median of what is believed, and the interval of its middle. */
export interface Lift {
  readonly lift: number;
  readonly interval: readonly [number, number];
}

/** What is believed of `variant ÷ control − 1`; the two are independent. */
export function liftOver(control: Posterior, variant: Posterior, level = 0.95): Lift {
  const base = betaDistribution(control.successes, control.failures);
  const other = betaDistribution(variant.successes, variant.failures);
  const nodes: [number, number][] = [];
  forEachNode([base], (x, weight) => {
    const mass = weight * base.density(x);
    if (mass > 1e-14) nodes.push([x, mass]);
  });
  const below = (ratio: number) =>
    nodes.reduce((sum, [x, mass]) => sum + mass * other.cumulative(ratio * x), 0);
  const start = other.mean / base.mean;
  const quantile = (p: number) => rootOf((ratio) => below(ratio) - p, start) - 1;
  return { lift: quantile(0.5), interval: [quantile((1 - level) / 2), quantile((1 + level) / 2)] };
}

/** Where a function that rises over x above 0 from below 0 to above 0 is 0: the false position, and every third time the middle. */
function rootOf(rising: (x: number) => number, start: number): number {
  let low = 0;
  let atLow = rising(low);
  let high = 2 * start;
  let atHigh = rising(high);
  while (atHigh < 0 && high < 1e12) {
    [low, atLow] = [high, atHigh];
    high *= 2;
    atHigh = rising(high);
  }
  for (let step = 0; step < 60 && high - low > 1e-10 * high; step++) {
    // Where the line through both ends helps no more, the middle does.
    const x = step % 3 === 2 ? (low + high) / 2 : (low * atHigh - high * atLow) / (atHigh - atLow);
    const at = rising(x);
    if (at === 0) return x;
    if (at < 0) [low, atLow] = [x, at];
    else [high, atHigh] = [x, at];
  }
  return (low + high) / 2;
}

function forEachNode(beliefs: readonly BetaDistribution[], visit: (x: number, weight: number) => void): void {
  const bends = beliefs.flatMap(({ mean, standardDeviation }) =>
    BENDS.map((times) => mean + times * standardDeviation),
  );
  const cuts = [...new Set([0, 1, ...bends.filter((x) => x > 0 && x < 1)])].sort((a, b) => a - b);
  for (const [n, end] of cuts.slice(1).entries()) {
    const start = cuts[n]!;
    const half = (end - start) / 2;
    for (const [i, node] of NODES.entries()) {
      visit(start + half * (1 - node), half * WEIGHTS[i]!);
      visit(start + half * (1 + node), half * WEIGHTS[i]!);
    }
  }
}
