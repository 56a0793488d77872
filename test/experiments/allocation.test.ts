import { describe, expect, it } from 'vitest';
import {
  allocationPolicySchema,
  SEGMENTATION_DEFAULTS,
  type SegmentCounters,
} from '../../functions/contracts/experiment.ts';
import { type AllocationSettings, beliefOf, chooseVariant } from '../../functions/experiments/allocation.ts';
import { comparePosteriors, liftOver } from '../../functions/experiments/compare-posteriors.ts';
import { allocationIncrements, counter, MILLION } from '../../functions/experiments/counters.ts';
import { posteriorsOf } from '../../functions/experiments/posteriors.ts';
import { drawBeta } from '../../functions/stats/draw-beta.ts';
import { Random } from '../../functions/stats/random.ts';

/** Counters of a segment by hand: [allocations, conversions] of each variant. */
const counted = (segment: string, ...variants: [number, number][]): SegmentCounters => ({
  segment,
  sums: Object.fromEntries(
    variants.flatMap(([n, c], v) => [
      [counter.allocations(v), n],
      [counter.conversions(0, v), c],
      [counter.rewards(0, v), c * MILLION],
    ]),
  ),
});

const settings = (policy: object = {}, weights = [0.5, 0.5]): AllocationSettings => ({
  variants: weights.map((weight) => ({ weight })),
  policy: allocationPolicySchema.parse({ burn_in: 0, ...policy }),
  segmentation: { ...SEGMENTATION_DEFAULTS, enabled: true, mode: 'manual', segment_by: ['source'] },
});

const learning = { nVariants: 2, ...settings() };
const shares = (wanted: AllocationSettings, segments: SegmentCounters[], segment: string, n = 20_000) => {
  const belief = beliefOf(wanted, segments, segment);
  const counts = wanted.variants.map(() => 0);
  for (let i = 0; i < n; i++) counts[chooseVariant(wanted, belief, 'exp_1', `user-${i}`).variant]!++;
  return { chances: belief.chances, observed: counts.map((count) => count / n) };
};

describe('what a segment believes', () => {
  it('is its own trials and 20 visitors’ worth of the rest of its parent', () => {
    const segments = [counted('source:a', [100, 20], [50, 5]), counted('source:b', [100, 50], [300, 30])];
    const [control, other] = posteriorsOf(learning, segments, 'source:a');
    // Flat prior 1 and 1; own 20 of 100; of the others' 50 of 100 the worth of 20 visitors, 10 and 10.
    expect(control).toEqual({ successes: 1 + 20 + 10, failures: 1 + 80 + 10 });
    expect(other).toEqual({ successes: 1 + 5 + 2, failures: 1 + 45 + 18 });
  });

  it('is what all segments together believe while it has too few visitors', () => {
    const segments = [counted('source:a', [30, 20], [50, 5]), counted('source:b', [100, 50], [300, 30])];
    expect(posteriorsOf(learning, segments, 'source:a')).toEqual([
      { successes: 71, failures: 61 },
      { successes: 36, failures: 316 },
    ]);
    expect(posteriorsOf(learning, segments, 'source:new')).toEqual(
      posteriorsOf(learning, segments, 'source:a'),
    );
  });

  it('comes from the nearest parent that has enough visitors', () => {
    const segments = [
      counted('source:a|device:x', [10, 1], [10, 1]),
      counted('source:a|device:y', [200, 100], [200, 20]),
      counted('source:ab|device:y', [5000, 0], [5000, 5000]),
    ];
    expect(posteriorsOf(learning, segments, 'source:a|device:x')).toEqual([
      { successes: 102, failures: 110 },
      { successes: 22, failures: 190 },
    ]);
  });

  it('is flat where nobody came', () => {
    expect(posteriorsOf(learning, [], 'default')).toEqual([
      { successes: 1, failures: 1 },
      { successes: 1, failures: 1 },
    ]);
  });

  it('never has more successes than trials, whoever counts first', () => {
    expect(posteriorsOf(learning, [counted('default', [1, 3], [0, 1])], 'default')).toEqual([
      { successes: 2, failures: 1 },
      { successes: 1, failures: 1 },
    ]);
  });
});

describe('an allocation', () => {
  const segments = [counted('source:a', [400, 60], [400, 40]), counted('source:b', [400, 40], [400, 52])];

  it('gives each variant the chance that it says, by Thompson sampling', () => {
    for (const segment of ['source:a', 'source:b', 'source:new']) {
      const { chances, observed } = shares(settings(), segments, segment);
      for (const [v, chance] of chances.entries())
        expect(Math.abs(observed[v]! - chance)).toBeLessThan(0.012);
    }
  });

  it('learns another best variant in each segment', () => {
    expect(beliefOf(settings(), segments, 'source:a').chances[0]).toBeGreaterThan(0.9);
    expect(beliefOf(settings(), segments, 'source:b').chances[1]).toBeGreaterThan(0.7);
  });

  it('is the same for the same visitor, experiment and counters, and another for another seed', () => {
    const belief = beliefOf(settings(), segments, 'source:b');
    const of = (seed: number) =>
      Array.from(
        { length: 200 },
        (_, i) => chooseVariant(settings({ seed }), belief, 'exp_1', `u${i}`).variant,
      ).join('');
    expect(of(1)).toBe(of(1));
    expect(of(1)).not.toBe(of(2));
  });

  it('goes by the weights until the burn-in is over, and for good where the policy is fixed', () => {
    for (const policy of [{ burn_in: 1601 }, { policy: 'fixed' }]) {
      const { chances, observed } = shares(settings(policy, [0.8, 0.2]), segments, 'source:a');
      expect(chances).toEqual([0.8, 0.2]);
      expect(observed[0]).toBeCloseTo(0.8, 1);
    }
    expect(beliefOf(settings({ burn_in: 1600 }), segments, 'source:a').posteriors).toBeDefined();
  });

  it('leaves no variant without a chance, however bad it looks', () => {
    const hopeless = [counted('default', [1000, 900], [1000, 1])];
    const { chances, observed } = shares(settings({ min_weight: 0.05 }), hopeless, 'default');
    expect(chances[1]).toBeCloseTo(0.05, 6);
    expect(observed[1]).toBeGreaterThan(0.04);
    expect(beliefOf(settings({ min_weight: 0.5 }), hopeless, 'default').chances).toEqual([0.5, 0.5]);
  });

  it('keeps the holdout on the first variant, by a draw that no seed of the variants changes', () => {
    const belief = beliefOf(settings(), segments, 'source:b');
    const choices = Array.from({ length: 10_000 }, (_, i) =>
      chooseVariant(settings({ holdout: 0.1 }), belief, 'exp_1', `u${i}`),
    );
    const held = choices.filter(({ holdout }) => holdout);
    expect(held.length / choices.length).toBeCloseTo(0.1, 1);
    expect(held.every(({ variant, chances }) => variant === 0 && chances[0] === 1)).toBe(true);
    const free = chooseVariant(settings(), belief, 'exp_1', 'u5');
    if (!choices[5]!.holdout) expect(choices[5]!.variant).toBe(free.variant);
  });

  it('adds whole numbers to the counters, and its chances to what was expected', () => {
    const added = allocationIncrements(1, [0.25, 0.75], false, '20261128');
    expect(added).toEqual({
      'n:1': 1,
      'w:1': 1_333_333,
      'ww:1': 1_777_778,
      'd:20261128': 1,
      'e:0': 250_000,
      'e:1': 750_000,
    });
    expect(allocationIncrements(0, [1, 0], true, '20261128')).toEqual({ h: 1, 'd:20261128': 1 });
  });
});

describe('the comparison of posteriors', () => {
  it('agrees with a million draws on who is best and what another choice costs', () => {
    const posteriors = [
      { successes: 10, failures: 90 },
      { successes: 20, failures: 80 },
      { successes: 1000, failures: 9000 },
    ];
    const random = new Random(11);
    const n = 200_000;
    const best = [0, 0, 0];
    let highest = 0;
    for (let i = 0; i < n; i++) {
      const draws = posteriors.map(({ successes, failures }) => drawBeta(random, successes, failures));
      const most = Math.max(...draws);
      best[draws.indexOf(most)]!++;
      highest += most;
    }
    const { toBeBest, expectedLoss } = comparePosteriors(posteriors);
    for (const [v, chance] of toBeBest.entries()) expect(Math.abs(best[v]! / n - chance)).toBeLessThan(0.003);
    expect(Math.abs(highest / n - 0.1 - expectedLoss[0]!)).toBeLessThan(0.001);
  });

  it('gives equal beliefs equal chances, and twenty of them sum to 1', () => {
    const { toBeBest } = comparePosteriors(
      Array.from({ length: 20 }, () => ({ successes: 3, failures: 50 })),
    );
    for (const chance of toBeBest) expect(chance).toBeCloseTo(0.05, 8);
    expect(toBeBest.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 12);
  });

  it('sees a narrow belief between wide ones', () => {
    const { toBeBest } = comparePosteriors([
      { successes: 1, failures: 1 },
      { successes: 500_000, failures: 500_000 },
    ]);
    expect(toBeBest[0]).toBeCloseTo(0.5, 4);
  });

  it('tells lift with an interval that mirrors when the two change places', () => {
    const low = { successes: 100, failures: 900 };
    const high = { successes: 120, failures: 880 };
    const { lift, interval } = liftOver(low, high);
    const back = liftOver(high, low);
    expect((1 + lift) * (1 + back.lift)).toBeCloseTo(1, 6);
    expect((1 + interval[0]) * (1 + back.interval[1])).toBeCloseTo(1, 6);
    // Four million draws of NumPy give 0.2008, −0.0651 and 0.5454.
    expect([lift, ...interval].map((x) => x.toFixed(2))).toEqual(['0.20', '-0.06', '0.55']);
  });
});
