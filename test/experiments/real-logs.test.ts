import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  allocationIncrements,
  conversionIncrements,
  counter,
  MILLION,
} from '../../functions/experiments/counters.ts';
import { offPolicyEstimate, oneVariantForAll } from '../../functions/experiments/off-policy.ts';
import { readoutOf } from '../../functions/experiments/readout.ts';
import { addCounters } from '../../functions/stats/add-counters.ts';
import { REAL_DATA } from '../support/expected-clustering.ts';

const variantSchema = z.object({
  visitors: z.int(),
  conversions: z.int(),
  interval: z.tuple([z.number(), z.number()]),
  toBeBest: z.number(),
  expectedLoss: z.number(),
  lift: z.tuple([z.number(), z.number(), z.number()]).nullable(),
});
const estimateSchema = z.object({
  ips: z.number(),
  ipsError: z.number(),
  ipsInterval: z.tuple([z.number(), z.number()]),
  snips: z.number(),
  snipsError: z.number(),
  snipsInterval: z.tuple([z.number(), z.number()]),
});
/** What `bench/peers/experiments.py` recorded. */
const expected = z
  .object({
    hillstrom: z.record(z.string(), z.array(variantSchema)),
    cookieCats: z.object({ readout: z.array(variantSchema), chiSquare: z.number(), pValue: z.number() }),
    openBandit: z.object({
      realised: z.object({ random: z.number(), bts: z.number() }),
      randomFromBts: estimateSchema,
      btsFromRandom: estimateSchema,
    }),
  })
  .parse(
    JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/experiments-expected.json'), 'utf8')),
  );

/** Rows of a log; a quoted cell may hold commas. */
function rowsOf(file: string): Record<string, string>[] {
  const [head = '', ...lines] = gunzipSync(readFileSync(join(REAL_DATA, file)))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const names = head.trim().split(',');
  return lines.map((line) => {
    const cells = [...line.trim().matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(
      ([, quoted, plain]) => quoted ?? plain,
    );
    return Object.fromEntries(names.map((name, n) => [name, cells[n] ?? '']));
  });
}

/** Replays a log of an experiment with fixed chances through our counters. */
function replay(
  rows: readonly Record<string, string>[],
  variantOf: (row: Record<string, string>) => number,
  converts: (row: Record<string, string>) => boolean,
  nVariants: number,
) {
  const chances = Array.from({ length: nVariants }, () => 1 / nVariants);
  return addCounters(
    rows.flatMap((row) => {
      const variant = variantOf(row);
      const allocated = allocationIncrements(variant, chances, false, '20261128');
      return converts(row)
        ? [allocated, conversionIncrements({ variant, propensity: chances[variant]!, holdout: false }, 0, 1)]
        : [allocated];
    }),
  );
}

function expectReadout(
  found: ReturnType<typeof readoutOf>,
  wanted: readonly z.output<typeof variantSchema>[],
) {
  for (const [v, want] of wanted.entries()) {
    const variant = found.variants[v]!;
    expect([variant.allocations, variant.conversions]).toEqual([want.visitors, want.conversions]);
    expect(Math.abs(variant.probabilityToBeBest - want.toBeBest)).toBeLessThan(1e-6);
    expect(Math.abs(variant.expectedLoss - want.expectedLoss)).toBeLessThan(1e-6);
    for (const end of [0, 1] as const) expect(variant.interval[end]).toBeCloseTo(want.interval[end], 9);
    if (!want.lift) continue;
    const lifts = [variant.lift!, ...variant.liftInterval!];
    for (const [n, lift] of lifts.entries()) expect(lift).toBeCloseTo(want.lift[n]!, 6);
  }
}

const available = (folder: string) => existsSync(join(REAL_DATA, folder));

describe.skipIf(!available('hillstrom_email'))('Hillstrom’s e-mail experiment', () => {
  it('reads per channel as SciPy computes it', () => {
    const arms = ['No E-Mail', 'Mens E-Mail', 'Womens E-Mail'];
    const byChannel = Map.groupBy(
      rowsOf('hillstrom_email/hillstrom_a.csv.gz'),
      ({ channel = '' }) => channel,
    );
    expect([...byChannel.keys()].sort()).toEqual(Object.keys(expected.hillstrom).sort());
    for (const [channel, rows] of byChannel) {
      const sums = replay(
        rows,
        ({ segment = '' }) => arms.indexOf(segment),
        ({ visit }) => visit === '1',
        3,
      );
      const readout = readoutOf(sums, 3);
      expectReadout(readout, expected.hillstrom[channel]!);
      expect(readout.sampleRatio?.mismatch).toBe(false);
    }
  });
});

describe.skipIf(!available('cookie_cats'))('the Cookie Cats experiment', () => {
  it('reads as SciPy computes it, and its sample-ratio mismatch is reported', () => {
    const arms = ['gate_30', 'gate_40'];
    const sums = replay(
      rowsOf('cookie_cats/cookie_cats.csv.gz'),
      ({ version = '' }) => arms.indexOf(version),
      ({ retention_7 }) => retention_7 === 'True',
      2,
    );
    const readout = readoutOf(sums, 2);
    expectReadout(readout, expected.cookieCats.readout);
    expect(readout.sampleRatio?.chiSquare).toBeCloseTo(expected.cookieCats.chiSquare, 9);
    expect(readout.sampleRatio?.pValue).toBeCloseTo(expected.cookieCats.pValue, 9);
    expect(readout.sampleRatio?.mismatch).toBe(true);
  });
});

describe.skipIf(!available('open_bandit'))('the Open Bandit logs', () => {
  const ITEMS = 34;
  const log = (policy: string) =>
    rowsOf(`open_bandit/${policy}_men.csv.gz`).map((row) => ({
      key: `${row.item_id}/${row.position}`,
      item: Number(row.item_id),
      click: Number(row.click),
      chance: Number(row.propensity_score),
    }));
  const estimate = (rows: readonly { weight: number; click: number }[]) => {
    const sum = (of: (row: { weight: number; click: number }) => number) =>
      rows.reduce((total, row) => total + of(row), 0);
    return offPolicyEstimate({
      n: rows.length,
      weight: sum(({ weight }) => weight),
      weightSquared: sum(({ weight }) => weight ** 2),
      weightedReward: sum(({ weight, click }) => weight * click),
      squaredWeightedReward: sum(({ weight, click }) => weight ** 2 * click),
      weightedRewardSquared: sum(({ weight, click }) => (weight * click) ** 2),
    });
  };

  it('tell of one policy what the other one really had, as SciPy computes it and within the intervals', () => {
    const [random, bts] = [log('random'), log('bts')];
    const shown = Map.groupBy(bts, ({ key }) => key);
    const mean = new Map(
      [...shown].map(([key, rows]) => [key, rows.reduce((sum, { chance }) => sum + chance, 0) / rows.length]),
    );
    const cases = [
      [
        bts.map(({ chance, click }) => ({ weight: 1 / ITEMS / chance, click })),
        expected.openBandit.randomFromBts,
        expected.openBandit.realised.random,
      ],
      [
        random.map(({ key, chance, click }) => ({ weight: (mean.get(key) ?? 0) / chance, click })),
        expected.openBandit.btsFromRandom,
        expected.openBandit.realised.bts,
      ],
    ] as const;
    for (const [rows, want, realised] of cases) {
      const found = estimate(rows);
      for (const name of ['ips', 'ipsError', 'snips', 'snipsError'] as const)
        expect(found[name]).toBeCloseTo(want[name], 10);
      for (const name of ['ipsInterval', 'snipsInterval'] as const) {
        const [low, high] = found[name]!;
        expect(low).toBeCloseTo(want[name][0], 10);
        expect(high).toBeCloseTo(want[name][1], 10);
        expect([low <= realised, realised <= high]).toEqual([true, true]);
      }
    }
  });

  it('add up in whole millionths to what they add up to in full', () => {
    const rows = log('bts').filter(({ item }) => item < 3);
    const sums = addCounters(
      rows.map(({ item, chance, click }) => {
        const allocated = allocationIncrements(item, [chance, chance, chance], false, '20261128');
        return click
          ? addCounters([
              allocated,
              conversionIncrements({ variant: item, propensity: chance, holdout: false }, 0, 1),
            ])
          : allocated;
      }),
    );
    expect(sums[counter.allocations(0)]).toBe(rows.filter(({ item }) => item === 0).length);
    const full = estimate(
      rows.map(({ item, chance, click }) => ({ weight: item === 1 ? 1 / chance : 0, click })),
    );
    expect(oneVariantForAll(sums, 1, rows.length).snips).toBeCloseTo(full.snips!, 6);
    expect(sums[counter.weight(1)]! / MILLION).toBeGreaterThan(1);
  });
});
