import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dbscan } from '../../functions/clustering/dbscan.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import {
  densityConfidence,
  densityRatio,
  riskAt,
  riskContributions,
} from '../../functions/segments/density-risk.ts';
import { COLUMN_ALIASES, findLeadColumns } from '../../functions/segments/lead-columns.ts';
import { nearestCoreRows } from '../../functions/segments/nearest-core.ts';
import { firedRules, OUTLIER_RULES, type Population } from '../../functions/segments/outlier-rules.ts';
import { byRisk, contaminationThreshold, describeOutlier } from '../../functions/segments/outliers.ts';
import { QuantileDigest } from '../../functions/stats/quantiles.ts';

const kernels = loadKernelsSync();
const REFERENCE = Date.UTC(2026, 0, 31, 12);

/** Numbers spread evenly over 0..100; 95 % of the leads are from SP and facebook, 5 % from RJ and google. */
const population: Population = {
  quantile: (_, q) => 100 * q,
  share: (_, value) => ({ SP: 0.95, RJ: 0.05, facebook: 0.95, google: 0.05 })[value] ?? 0.001,
};
const LEAD = {
  behavior_score: 50,
  purchase_value: 40,
  state: 'SP',
  utm_source: 'facebook',
  created_at: Date.UTC(2026, 0, 1),
};
const columns = findLeadColumns(Object.keys(LEAD));
const firedFor = (cells: object) =>
  firedRules({ ...LEAD, ...cells }, columns, population, REFERENCE).map(({ rule }) => rule.id);

describe('columns of leads', () => {
  it('are found by their names, whatever the case and punctuation, the preferred name first', () => {
    expect(findLeadColumns(['Lead Source', 'Country', 'UTM-Source', 'value', 'LTV'])).toEqual({
      source: 'UTM-Source',
      country: 'Country',
      money: 'LTV',
    });
    expect(findLeadColumns([])).toEqual({});
    expect(new Set(Object.values(COLUMN_ALIASES).flat()).size).toBe(
      Object.values(COLUMN_ALIASES).flat().length,
    );
  });
});

describe('patterns of outliers', () => {
  it('fire on the cases of the source and not just before them', () => {
    expect(firedFor({})).toEqual([]);
    expect(firedFor({ behavior_score: 95 })).toEqual([]);
    expect(firedFor({ behavior_score: 95.5 })).toEqual(['bot_like']);
    expect(firedFor({ behavior_score: 81, created_at: REFERENCE - 86_399_999 })).toEqual(['instant_lead']);
    expect(firedFor({ behavior_score: 81, created_at: REFERENCE - 86_400_000 })).toEqual([]);
    expect(firedFor({ behavior_score: 80, created_at: REFERENCE })).toEqual([]);
    expect(firedFor({ utm_source: 'unknown_source', purchase_value: 80 })).toEqual(['unusual_source']);
    expect(firedFor({ utm_source: 'unknown_source', purchase_value: 79 })).toEqual([]);
    expect(firedFor({ utm_source: 'google', purchase_value: 99 })).toEqual([]);
    expect(firedFor({ state: 'AC', purchase_value: 80 })).toEqual(['geographic_mismatch']);
    expect(firedFor({ utm_source: null, state: 'AC', purchase_value: 90, behavior_score: 98 })).toEqual([
      'bot_like',
      'unusual_source',
      'geographic_mismatch',
    ]);
  });

  it('read the class High as high value, and never fire on columns that are not there', () => {
    const withClass = findLeadColumns(['ltv_class', 'country']);
    const fired = firedRules({ ltv_class: 'High', country: 'XX' }, withClass, population, REFERENCE);
    expect(fired.map(({ rule }) => rule.id)).toEqual(['geographic_mismatch']);
    expect(firedRules({ behavior_score: 99 }, {}, population, REFERENCE)).toEqual([]);
  });

  it('are printed in the documentation, with every bound', () => {
    const text = readFileSync('docs/algorithms.md', 'utf8');
    const rows = OUTLIER_RULES.map(({ id, conditions }) => {
      const words = conditions.map(({ concepts, is, bound }) => `${concepts.join(' or ')} ${is} ${bound}`);
      return `| \`${id}\` | ${words.join('; ')} |`;
    });
    expect(rows.filter((row) => !text.includes(row))).toEqual([]);
  });
});

describe('risk by density', () => {
  it('follows the published formula', () => {
    expect(riskAt(densityRatio('noise', 3, 1))).toBe(0.75);
    expect(densityConfidence(densityRatio('core', 0.5, 1))).toBeCloseTo(2 / 3, 15);
    expect(densityConfidence(densityRatio('border', 0.2, 1))).toBe(0.5);
    expect(riskAt(densityRatio('noise', Number.POSITIVE_INFINITY, 1))).toBe(1);
    expect(densityConfidence(Number.POSITIVE_INFINITY)).toBe(0);
  });

  it('gives outliers alone a confidence below 0.5', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (distance) => {
        expect(densityConfidence(densityRatio('core', distance, 1))).toBeGreaterThanOrEqual(0.5);
        expect(densityConfidence(densityRatio('noise', distance, 1))).toBeLessThan(0.5);
      }),
    );
  });

  it('is shared out over the features without remainder', () => {
    const rows = fc.array(
      fc.tuple(
        fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
        fc.float({ noNaN: true, min: -1e6, max: 1e6 }),
      ),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(rows, fc.double({ min: 0, max: 1, noNaN: true }), (pairs, risk) => {
        const contributions = riskContributions(
          risk,
          pairs.map(([x]) => x),
          pairs.map(([, reference]) => reference),
          pairs.map((_, f) => `f${f}`),
        );
        const sum = contributions.reduce((total, { contribution }) => total + contribution, 0);
        expect(sum).toBeCloseTo(risk, 12);
        expect(contributions.every(({ contribution }) => contribution >= 0)).toBe(true);
      }),
    );
  });
});

describe('outliers of DBSCAN', () => {
  /** Two dense squares, a row between them and one far out along the second feature. */
  const square = (x: number, y: number) =>
    [0, 0.1, 0.2, 0.3].flatMap((dx) => [0, 0.1, 0.2, 0.3].map((dy) => [x + dx, y + dy]));
  const points = [...square(0, 0), ...square(5, 0), [2, 0], [0, 9]];
  const rows = { nSamples: points.length, nFeatures: 2, values: Float64Array.from(points.flat()) };
  const fit = dbscan(kernels, rows, { eps: 0.3, minSamples: 5, noiseDistances: true });

  it('are measured from the nearest core row', () => {
    const noise = Int32Array.from([32, 33]);
    expect([...noise].map((row) => fit.labels[row])).toEqual([-1, -1]);
    const nearest = nearestCoreRows(rows, fit, noise);
    expect([...nearest].map((row) => points[row])).toEqual([
      [0.3, 0],
      [0, 0.3],
    ]);
    expect([...nearestCoreRows(rows, { labels: fit.labels }, noise)]).toEqual([-1, -1]);
  });

  it('are told with their rules, or with distance and features, in three languages', () => {
    const context = { features: ['a', 'b'], columns, population, referenceMs: REFERENCE };
    const far = {
      id: 'lead_1',
      row: [0, 9],
      reference: [0, 0.3],
      ratio: fit.noiseDistances![33]! / 0.3,
      cells: LEAD,
    };
    const described = describeOutlier(far, { ...context, locale: 'en' });
    expect(described.reason).toBe('29 times as far from the others as is usual, mostly by b, a');
    expect(described.risk_score).toBeCloseTo(29 / 30, 10);
    expect(described.confidence).toBeCloseTo(1 / 30, 10);
    expect(described.contributions).toEqual([
      { feature: 'b', contribution: described.risk_score },
      { feature: 'a', contribution: 0 },
    ]);
    expect(described).toMatchObject({ suspicious: true, rules: [], features: {} });
    const bot = { ...far, cells: { ...LEAD, behavior_score: 98.5 } };
    expect(describeOutlier(bot, { ...context, locale: 'pt-BR' })).toMatchObject({
      reason: 'comportamento intenso demais, como o de um robô (behavior_score 98,5 > 95)',
      rules: ['bot_like'],
      features: { behavior_score: 98.5, bot_like_behavior: true },
    });
    const alone = { ...far, ratio: Number.POSITIVE_INFINITY };
    expect(describeOutlier(alone, { ...context, locale: 'es' }).reason).toMatch(/^ninguna región densa/);
    const listed = [described, { ...described, lead_id: 'a' }, { ...described, risk_score: 1 }].sort(byRisk);
    expect(listed.map(({ lead_id, risk_score }) => [lead_id, risk_score === 1])).toEqual([
      ['lead_1', true],
      ['a', false],
      ['lead_1', false],
    ]);
  });
});

describe('outliers by contamination', () => {
  it('are at most that share of the rows, those farthest from their centers', () => {
    const distance = fc.double({ min: 0, max: 1000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(distance, { minLength: 1, maxLength: 100 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (distances, share) => {
          const digest = new QuantileDigest();
          for (const one of distances) digest.add(one);
          const threshold = contaminationThreshold(digest, share);
          expect(distances.filter((one) => one > threshold).length).toBeLessThanOrEqual(
            share * distances.length,
          );
        },
      ),
    );
    const ten = new QuantileDigest();
    for (let i = 1; i <= 10; i++) ten.add(i);
    expect(contaminationThreshold(ten, 0.2)).toBe(8);
    expect(() => contaminationThreshold(ten, 1.5)).toThrow(/0 to 1/);
  });
});
