import { describe, expect, it } from 'vitest';
import { SEGMENTATION_DEFAULTS } from '../../functions/contracts/experiment.ts';
import { activationFailed, staleModel, underperforming } from '../../functions/experiments/alerts.ts';
import { allocationIncrements, conversionIncrements, counter } from '../../functions/experiments/counters.ts';
import {
  activation,
  averageDailyVisitors,
  eligibilityOf,
  suggestionsFor,
  windowDays,
} from '../../functions/experiments/eligibility.ts';
import { offPolicyEstimate, oneVariantForAll } from '../../functions/experiments/off-policy.ts';
import { liftOverOneForAll, readoutOf } from '../../functions/experiments/readout.ts';
import { sampleRatio } from '../../functions/experiments/sample-ratio.ts';
import { addCounters } from '../../functions/stats/add-counters.ts';
import { Random } from '../../functions/stats/random.ts';

const NOW = Date.UTC(2026, 10, 28, 12);
const DAY = 86_400_000;

describe('the off-policy estimate', () => {
  /** A log with chances that follow the visitor's kind: 0 likes variant 0, 1 likes variant 1. */
  const log = (n: number) => {
    const random = new Random(5);
    return addCounters(
      Array.from({ length: n }, () => {
        const kind = random.integer(2);
        const chances = kind === 0 ? [0.9, 0.1] : [0.2, 0.8];
        const variant = random.uniform() < chances[0]! ? 0 : 1;
        const converts = random.uniform() < (kind === variant ? 0.3 : 0.1);
        const allocated = allocationIncrements(variant, chances, false, '20261128');
        const propensity = chances[variant]!;
        return converts
          ? addCounters([allocated, conversionIncrements({ variant, propensity, holdout: false }, 0, 1)])
          : allocated;
      }),
    );
  };

  it('finds what one variant for all would have given, where the plain rates do not', () => {
    const sums = log(40_000);
    const { variants, allocations } = readoutOf(sums, 2);
    for (const variant of [0, 1]) {
      const { ips, snips, ipsError, snipsError } = oneVariantForAll(sums, variant, allocations);
      expect(Math.abs(ips - 0.2)).toBeLessThan(3 * ipsError);
      expect(Math.abs(snips! - 0.2)).toBeLessThan(3 * snipsError!);
      expect(snipsError).toBeLessThan(ipsError);
      expect(variants[variant]!.conversionRate).toBeGreaterThan(0.24);
    }
  });

  it('has intervals that hold a planted rare rate far oftener than normal ones, whose misses are all too low', () => {
    const random = new Random(6);
    const chances = [0.5, 0.2, 0.2, 0.05, 0.03, 0.015, 0.005];
    const RATE = 0.01;
    const seen = { held: 0, heldByNormal: 0, tooLow: 0, tooHigh: 0 };
    for (let run = 0; run < 400; run++) {
      const sums = { n: 2000, weight: 0, weightSquared: 0, weightedReward: 0, squaredWeightedReward: 0 };
      let weightedRewardSquared = 0;
      for (let row = 0; row < sums.n; row++) {
        // What was done, by its chance; the other policy does everything equally often.
        let rest = random.uniform();
        let done = 0;
        while (done < chances.length - 1 && rest >= chances[done]!) rest -= chances[done++]!;
        const weight = 1 / chances.length / chances[done]!;
        const reward = random.uniform() < RATE ? 1 : 0;
        sums.weight += weight;
        sums.weightSquared += weight ** 2;
        sums.weightedReward += weight * reward;
        sums.squaredWeightedReward += weight ** 2 * reward;
        weightedRewardSquared += (weight * reward) ** 2;
      }
      const { ips, ipsError, ipsInterval } = offPolicyEstimate({ ...sums, weightedRewardSquared });
      if (ipsInterval[0] <= RATE && RATE <= ipsInterval[1]) seen.held++;
      if (Math.abs(ips - RATE) <= 1.96 * ipsError) seen.heldByNormal++;
      else if (ips < RATE) seen.tooLow++;
      else seen.tooHigh++;
    }
    // 95% of 400 are 380: normal ones hold 317.
    expect(seen.held).toBeGreaterThan(350);
    expect(seen.held - seen.heldByNormal).toBeGreaterThan(30);
    expect([seen.tooLow > 70, seen.tooHigh]).toEqual([true, 0]);
  });

  it('tells the lift of parting over one variant for all', () => {
    expect(liftOverOneForAll(log(40_000), 2)).toBeGreaterThan(0.2);
    expect(liftOverOneForAll({}, 2)).toBeNull();
  });

  it('is nothing where nothing weighs', () => {
    expect(oneVariantForAll({}, 0, 0)).toEqual({
      ips: 0,
      snips: null,
      ipsError: 0,
      snipsError: null,
      ipsInterval: [0, 1],
      snipsInterval: null,
    });
    expect(oneVariantForAll({}, 1, 10)).toMatchObject({ snips: null, ipsInterval: [0, 1] });
  });
});

describe('the readout', () => {
  it('of an empty segment says nothing, and does not fail', () => {
    const readout = readoutOf({}, 3);
    expect(readout).toMatchObject({ allocations: 0, conversions: 0, conversionRate: 0 });
    expect(readout.variants.map(({ probabilityToBeBest }) => probabilityToBeBest.toFixed(3))).toEqual([
      '0.333',
      '0.333',
      '0.333',
    ]);
    expect(readout.sampleRatio).toBeUndefined();
  });

  it('counts rewards between 0 and 1 as parts of a conversion', () => {
    const sums = addCounters([
      ...Array.from({ length: 10 }, () => allocationIncrements(0, [1, 0], false, '20261128')),
      conversionIncrements({ variant: 0, propensity: 1, holdout: false }, 0, 0.25),
      conversionIncrements({ variant: 0, propensity: 1, holdout: false }, 0, 0.5),
    ]);
    expect(readoutOf(sums, 2).variants[0]).toMatchObject({
      allocations: 10,
      conversions: 2,
      conversionRate: 0.075,
    });
  });

  it('shows the holdout apart', () => {
    const sums = addCounters([
      allocationIncrements(0, [1, 0], true, '20261128'),
      allocationIncrements(0, [1, 0], true, '20261128'),
      conversionIncrements({ variant: 0, propensity: 1, holdout: true }, 0, 1),
    ]);
    expect(readoutOf(sums, 2)).toMatchObject({
      allocations: 0,
      holdout: { allocations: 2, conversionRate: 0.5 },
    });
  });
});

describe('the sample-ratio check', () => {
  it('finds visitors that went missing, and none where the parts are fair', () => {
    expect(sampleRatio([44_700, 45_489], [45_094.5, 45_094.5])).toMatchObject({
      mismatch: true,
      pValue: expect.closeTo(0.0086, 4),
    });
    expect(sampleRatio([4000, 5000], [4500, 4500])?.mismatch).toBe(true);
    expect(sampleRatio([498, 502], [500, 500])?.mismatch).toBe(false);
  });

  it('says nothing of too few visitors', () => expect(sampleRatio([3, 4], [4, 3])).toBeUndefined());
});

describe('eligibility', () => {
  const seen = (perDay: number[]) => [
    {
      segment: 'default',
      sums: Object.fromEntries(perDay.map((n, i) => [counter.lastSeen(windowDays(NOW - i * DAY)[0]!), n])),
    },
  ];

  it('is the mean of the last 7 days, today included and the eighth left out', () => {
    expect(averageDailyVisitors(seen([7, 7, 7, 7, 7, 7, 7, 7000]), NOW)).toBe(7);
    expect(averageDailyVisitors([], NOW)).toBe(0);
  });

  it.each([
    [0, 'insights_only', 'low', false, false],
    [999.9, 'insights_only', 'low', false, false],
    [1000, 'manual', 'medium', true, false],
    [4999, 'manual', 'medium', true, false],
    [5000, 'manual', 'high', true, false],
    [9999, 'manual', 'high', true, false],
    [10_000, 'auto_clustering', 'very_high', true, true],
  ])(
    'at %d visitors a day is %s',
    (visitors, tier, trafficQuality, eligibleForSegmentation, eligibleForClustering) => {
      const found = eligibilityOf(visitors);
      expect(found).toMatchObject({ tier, trafficQuality, eligibleForSegmentation, eligibleForClustering });
      expect(suggestionsFor(found, SEGMENTATION_DEFAULTS).length).toBe(
        Number(eligibleForSegmentation) + Number(eligibleForClustering),
      );
    },
  );

  it('activates at 1,200 a day and not at 500, where it is asked to', () => {
    const config = { ...SEGMENTATION_DEFAULTS, auto_activation: true };
    expect(activation(config, 500)).toBeUndefined();
    expect(activation(config, 1200)).toEqual({ enabled: true, mode: 'manual', segment_by: ['source'] });
    expect(activation(config, 6000)?.segment_by).toEqual(['source', 'device']);
    expect(activation({ ...config, segment_by: ['country'] }, 1200)?.segment_by).toEqual(['country']);
    expect(activation({ ...config, auto_clustering_enabled: true }, 12_000)).toEqual({
      enabled: true,
      mode: 'auto',
    });
    expect(activation(SEGMENTATION_DEFAULTS, 1200)).toBeUndefined();
    expect(activation({ ...config, enabled: true, mode: 'auto' }, 1200)).toBeUndefined();
  });
});

describe('alerts', () => {
  it('tell of a segment that converts less than half as often as the experiment', () => {
    const segment = (conversion_rate: number, allocations = 100) => ({
      segment_key: 's',
      display_name: 'S',
      allocations,
      conversion_rate,
    });
    expect(underperforming([segment(0.049)], 0.1, 100)).toMatchObject([
      { type: 'segment_underperforming', conversion_rate: 0.049 },
    ]);
    expect(underperforming([segment(0.05), segment(0.01, 99)], 0.1, 100)).toEqual([]);
  });

  it('tell of an activation that should have been', () => {
    const off = { threshold: 1000, autoActivation: true, enabled: false };
    expect(activationFailed(off, 1200, 'conflict')).toHaveLength(1);
    expect(activationFailed({ ...off, enabled: true }, 1200, 'conflict')).toEqual([]);
    expect(activationFailed({ ...off, autoActivation: false }, 1200, 'conflict')).toEqual([]);
    expect(activationFailed(off, 999, 'conflict')).toEqual([]);
  });

  it('tell of clusters that are older than 7 days', () => {
    expect(staleModel(new Date(NOW - 7 * DAY - 1).toISOString(), NOW)).toHaveLength(1);
    expect(staleModel(new Date(NOW - 7 * DAY).toISOString(), NOW)).toEqual([]);
    expect(staleModel(undefined, NOW)).toEqual([]);
  });
});
