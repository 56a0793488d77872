import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { characteristicsOf } from '../../functions/segments/characteristics.ts';
import { columnImportance, distinctiveFeatures } from '../../functions/segments/distinctive-features.ts';
import { mergeNearest, nearestCustomers } from '../../functions/segments/sample-leads.ts';
import {
  mergeTallies,
  type PartialTally,
  type TallyColumn,
  tallyRows,
} from '../../functions/segments/segment-tally.ts';

type Row = readonly [label: number, age: number, job: string | undefined];
const JOBS = ['student', 'clerk', 'retired', '__proto__'];

function tallied(rows: readonly Row[], nClusters = 2): PartialTally[] {
  const columns = new Map<string, TallyColumn>([
    ['age', { type: 'number', values: Float64Array.from(rows, ([, age]) => age) }],
    [
      'job',
      {
        type: 'category',
        codes: Int32Array.from(rows, ([, , job]) => (job === undefined ? -1 : JOBS.indexOf(job))),
        dictionary: JOBS,
      },
    ],
  ]);
  return tallyRows(
    Int32Array.from(rows, ([label]) => label),
    nClusters,
    columns,
  );
}

const ROWS: Row[] = [
  [0, 20, 'student'],
  [0, 22, 'student'],
  [0, Number.NaN, 'clerk'],
  [1, 60, 'retired'],
  [1, 64, undefined],
  [-1, 999, 'clerk'],
];

describe('the tally of a segment', () => {
  const [young, old] = tallied(ROWS).map((partial) => mergeTallies([partial]));

  it('counts what is there: missing values and noise count nowhere', () => {
    expect([young?.size, old?.size]).toEqual([3, 2]);
    expect(young?.numbers.get('age')).toMatchObject({
      count: 2,
      mean: 21,
      median: 21,
      standardDeviation: 1,
      min: 20,
      max: 22,
    });
    expect(young?.categories.get('job')).toEqual([
      ['student', 2],
      ['clerk', 1],
    ]);
    expect(old?.categories.get('job')).toEqual([['retired', 1]]);
    expect(mergeTallies(tallied([])).numbers.size).toBe(0);
  });

  it('ranks a value among all, equal ones half', () => {
    const age = mergeTallies(tallied(ROWS)).numbers.get('age')!;
    expect([10, 20, 21, 64, 70].map(age.rank)).toEqual([0, 0.125, 0.25, 0.875, 1]);
    expect(age.quantile(0.5)).toBe(41);
  });

  it('passes over columns of lists', () => {
    const [partial] = tallyRows(Int32Array.of(0), 1, new Map([['tags', { type: 'list' }]]));
    expect(partial).toEqual({ size: 1, numbers: {}, categories: {} });
  });

  it('takes names of data for names, not for parts of JavaScript', () => {
    const values = Float64Array.of(1);
    const columns = new Map<string, TallyColumn>([
      ['__proto__', { type: 'number', values }],
      ['constructor', { type: 'number', values }],
    ]);
    const partial: PartialTally[] = JSON.parse(JSON.stringify(tallyRows(Int32Array.of(0), 1, columns)));
    expect([...mergeTallies(partial).numbers.keys()].sort()).toEqual(['__proto__', 'constructor']);
  });

  it('is the same to the last bit in whatever buckets and order the rows come', () => {
    const row = fc.tuple(
      fc.integer({ min: -1, max: 1 }),
      fc.oneof(fc.double({ min: -1e9, max: 1e9 }), fc.constant(Number.NaN)),
      fc.option(fc.constantFrom(...JOBS), { nil: undefined }),
    );
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (rows, nBuckets) => {
        const buckets = Array.from({ length: nBuckets }, (_, b) =>
          tallied(rows.filter((_row, i) => i % nBuckets === b)),
        );
        const parts: PartialTally[][] = JSON.parse(JSON.stringify(buckets.toReversed()));
        const plain = (partials: PartialTally[]) => {
          const { size, numbers, categories } = mergeTallies(partials);
          return JSON.stringify([size, [...numbers], [...categories]]);
        };
        const whole = tallied(rows);
        for (const cluster of [0, 1])
          expect(plain(parts.map((part) => part[cluster]!))).toBe(plain([whole[cluster]!]));
        expect(plain(parts.flat())).toBe(plain(whole));
      }),
    );
  });
});

describe('what sets a segment apart', () => {
  const rows: Row[] = [
    [0, 0, 'student'],
    [0, 2, 'student'],
    [1, 8, 'clerk'],
    [1, 10, 'student'],
  ];
  const partials = tallied(rows);
  const segments = partials.map((partial) => mergeTallies([partial]));
  const whole = mergeTallies(partials);
  const importance = columnImportance(segments, whole);

  it('is measured in standard deviations of all customers, by the formulas worked by hand', () => {
    const deviation = Math.sqrt((25 + 9 + 9 + 25) / 4);
    const [first, second] = distinctiveFeatures(segments[1]!, whole, importance);
    expect(first).toMatchObject({ column: 'age', standardisedDifference: 4 / deviation });
    expect(second).toMatchObject({
      column: 'job',
      value: 'clerk',
      standardisedDifference: 0.25 / Math.sqrt(0.25 * 0.75),
    });
  });

  it('is important by the share of the variance that the segments explain', () => {
    expect(importance.get('age')).toBeCloseTo((4 * 16) / (25 + 9 + 9 + 25), 12);
    // τ = (Σ within − Σ p² n) ÷ (n − Σ p² n) = ((2 + 1) − 2.5) ÷ (4 − 2.5)
    expect(importance.get('job')).toBeCloseTo(1 / 3, 12);
  });

  it('is important between 0 and 1 for any rows, and not at all for a constant', () => {
    const row = fc.tuple(
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom('student', 'clerk'),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (some) => {
        const parts = tallied(some);
        const found = columnImportance(
          parts.map((part) => mergeTallies([part])),
          mergeTallies(parts),
        );
        for (const value of found.values()) expect(value >= 0 && value <= 1).toBe(true);
      }),
    );
    const constant = tallied([
      [0, 5, 'clerk'],
      [1, 5, 'clerk'],
    ]);
    const parts = constant.map((part) => mergeTallies([part]));
    expect([...columnImportance(parts, mergeTallies(constant)).values()]).toEqual([0, 0]);
    expect(distinctiveFeatures(parts[0]!, mergeTallies(constant), new Map())).toEqual([]);
  });

  it('is told with distributions and dominant values', () => {
    const leads = mergeTallies(
      tallyRows(
        new Int32Array(20),
        1,
        new Map<string, TallyColumn>([
          ['ltv', { type: 'number', values: Float64Array.from({ length: 20 }, (_, i) => i) }],
          [
            'country',
            {
              type: 'category',
              codes: Int32Array.from({ length: 20 }, (_, i) => (i < 14 ? 0 : i < 19 ? 1 : 2)),
              dictionary: ['BR', 'AR', 'US'],
            },
          ],
        ]),
      ),
    );
    const told = characteristicsOf(leads, { money: 'ltv', country: 'country' }, []);
    expect(told).toMatchObject({
      avg_ltv: 9.5,
      avg_behavior_score: null,
      dominant_countries: ['BR', 'AR'],
      dominant_states: [],
      categories: {
        country: [
          { value: 'BR', share: 0.7 },
          { value: 'AR', share: 0.25 },
          { value: 'US', share: 0.05 },
        ],
      },
    });
    expect(told.distributions.ltv).toMatchObject({
      mean: 9.5,
      std: Math.sqrt(33.25),
      median: 9.5,
      count: 20,
    });
  });
});

describe('sample leads', () => {
  it('are those nearest to the center, ties by id, in whatever parts they were found', () => {
    const customer = fc.tuple(fc.integer({ min: -1, max: 1 }), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(
        fc.array(customer, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        (customers, nParts) => {
          const all = customers.map(([label, distance], i) => ({ id: `c${i}`, label, distance }));
          const found = Array.from({ length: nParts }, (_, p) => {
            const part = all.filter((_one, i) => i % nParts === p);
            return nearestCustomers(
              part.map(({ id }) => id),
              part.map(({ label }) => label),
              part.map(({ distance }) => distance),
              2,
            );
          });
          for (const cluster of [0, 1]) {
            const expected = all
              .filter(({ label }) => label === cluster)
              .sort((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1))
              .slice(0, 3);
            expect(mergeNearest(found.map((part) => part[cluster]!)).map(([, id]) => id)).toEqual(
              expected.map(({ id }) => id),
            );
          }
        },
      ),
    );
  });
});
