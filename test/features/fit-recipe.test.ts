import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntityColumn, FeatureSpec } from '../../functions/contracts/recipe.ts';
import { applyRecipe, applyRecipeToCells, unscaleValue } from '../../functions/features/apply-recipe.ts';
import { column, type Fitting, fitRows, type Row, tableOf } from './recipe-fixture.ts';

const DAY = 86_400_000;

/** Feature columns by name. */
function features(fitting: Fitting): Record<string, number[]> {
  const recipe = fitRows(fitting);
  const columns = applyRecipe(recipe, tableOf(fitting.columns, fitting.rows));
  return Object.fromEntries(recipe.features.map(({ name }, f) => [name, Array.from(columns[f]!)]));
}

const numbers = (
  values: readonly (number | null)[],
  spec: Partial<Extract<FeatureSpec, { kind: 'numeric' }>> = {},
) => ({
  columns: [column('x', 'number', 'points')],
  specs: [{ kind: 'numeric', column: 'x', ...spec }] as FeatureSpec[],
  rows: values.map((x) => ({ x })),
});

describe('scaling', () => {
  it('brings minimum and maximum to 0 and 1 (S0-04)', () => {
    expect(features({ ...numbers([10, 20, 50]), scaling: 'minmax' }).x).toEqual([0, 0.25, 1]);
  });

  it('brings the mean to 0 and the population deviation to 1 (S0-05)', () => {
    expect(features({ ...numbers([2, 4, 4, 4, 5, 5, 7, 9]), scaling: 'zscore' }).x).toEqual([
      -1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2,
    ]);
  });

  it('brings the median to 0 and the quartiles one apart', () => {
    expect(features({ ...numbers([1, 2, 3, 4, 1000]), scaling: 'robust' }).x).toEqual([
      -1, -0.5, 0, 0.5, 498.5,
    ]);
  });

  it('takes the deviation for the quartiles where these coincide', () => {
    const [recipe] = [fitRows({ ...numbers([0, 0, 0, 0, 0, 0, 0, 10]), scaling: 'robust' })];
    expect(recipe.features[0]).toMatchObject({ offset: 0, scale: Math.sqrt(100 / 8 - (10 / 8) ** 2) });
  });

  it('clips at quantiles before it scales', () => {
    const values = Array.from({ length: 101 }, (_, i) => i);
    const clipped = features({
      ...numbers(values, { winsorise: { lower: 0.05, upper: 0.9 } }),
      scaling: 'minmax',
    }).x!;
    expect(clipped[0]).toBe(0);
    expect(clipped[5]).toBe(0);
    expect(clipped[6]).toBeCloseTo(1 / 85, 6);
    expect(clipped[90]).toBe(1);
    expect(clipped[100]).toBe(1);
  });

  it('takes logarithms before it scales', () => {
    const { x } = features({
      ...numbers([0, Math.E - 1, Math.E ** 2 - 1], { log1p: true }),
      scaling: 'minmax',
    });
    expect(x).toEqual([0, expect.closeTo(0.5, 7), 1]);
  });

  it('turns the sense of a score round (bot_score)', () => {
    expect(features(numbers([100, 30, 0], { invert: 100 })).x).toEqual([0, 70, 100]);
  });

  it('fails to take logarithms of numbers below 0, naming the least', () => {
    expect(() => fitRows(numbers([5, -3], { log1p: true }))).toThrow(
      /cannot be ln\(1 \+ x\): its smallest value is -3/,
    );
  });

  it('keeps digits of a small spread on a large offset', () => {
    const { x } = features({ ...numbers([1e9, 1e9 + 1, 1e9 + 2]), scaling: 'zscore' });
    expect(x).toEqual([-Math.fround(Math.sqrt(1.5)), 0, Math.fround(Math.sqrt(1.5))]);
  });
});

describe('missing numbers', () => {
  it('become the median, with an indicator beside', () => {
    expect(features(numbers([1, null, 3, 8, null]))).toEqual({
      x: [1, 3, 3, 8, 3],
      x_missing: [0, 1, 0, 0, 1],
    });
  });

  it.each([
    ['mean', [1, 4, 3, 8, 4]],
    ['zero', [1, 0, 3, 8, 0]],
    [-7, [1, -7, 3, 8, -7]],
  ] as const)('become %s where asked for, without an indicator where not', (impute, expected) => {
    expect(features(numbers([1, null, 3, 8, null], { impute, indicator: false }))).toEqual({ x: expected });
  });

  it('count in mean and deviation as what stands in for them', () => {
    const recipe = fitRows({ ...numbers([0, 10, null, null], { impute: 5 }), scaling: 'zscore' });
    expect(recipe.features[0]).toMatchObject({ name: 'x', offset: 5, scale: Math.sqrt(12.5) });
  });

  it('leave nothing but the indicator’s own constant where there is no number at all', () => {
    const both = {
      columns: [column('x', 'number'), column('y', 'number')],
      specs: ['x', 'y'].map((name): FeatureSpec => ({ kind: 'numeric', column: name })),
      rows: [
        { x: null, y: 1 },
        { x: null, y: 2 },
      ],
    };
    const { features: kept, leftOut } = fitRows(both);
    expect(kept.map(({ name }) => name)).toEqual(['y']);
    expect(leftOut.map(({ name, reason }) => [name, reason])).toEqual([
      ['x', 'constant'],
      ['x_missing', 'constant'],
    ]);
  });
});

describe('categories', () => {
  const countries = (values: readonly (string | null)[], spec: object = {}) => ({
    columns: [column('country', 'category')],
    specs: [{ kind: 'onehot', column: 'country', ...spec }] as FeatureSpec[],
    rows: values.map((country) => ({ country })),
  });

  it('get one 0/1 feature each, most frequent first (S0-06: as wide as there are values)', () => {
    expect(features(countries(['US', 'BR', 'BR', 'AR']))).toEqual({
      'country=BR': [0, 1, 1, 0],
      'country=AR': [0, 0, 0, 1],
      'country=US': [1, 0, 0, 0],
    });
  });

  it('share `other` beyond the bound, and so does a value that was never seen', () => {
    const fitting = countries(['US', 'BR', 'BR', 'AR'], { maxCategories: 1 });
    expect(features(fitting)).toEqual({ 'country=BR': [0, 1, 1, 0], 'country=other': [1, 0, 0, 1] });
    expect([...applyRecipeToCells(fitRows(fitting), { country: 'FR' })]).toEqual([0, 1]);
  });

  it('keep `other` however rare it is, so that a value never seen is told by it, alone and in a batch', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i === 7 ? 'AR' : i % 3 === 0 ? 'BR' : 'US'));
    const fitting = countries(values, { maxCategories: 2 });
    const recipe = fitRows({ ...fitting, selection: { nearConstantShare: 0.995, maxCorrelation: 0.98 } });
    expect(recipe.features.map(({ name }) => name)).toEqual(['country=US', 'country=other']);
    expect(recipe.leftOut.map(({ name, reason }) => [name, reason])).toEqual([['country=BR', 'correlated']]);
    const rows = ['FR', 'AR', 'US', 'BR'].map((country) => ({ country }));
    const batch = applyRecipe(recipe, tableOf(fitting.columns, rows));
    expect(batch.map((feature) => [...feature])).toEqual([
      [0, 0, 1, 0],
      [1, 1, 0, 0],
    ]);
    for (const [i, row] of rows.entries()) {
      expect([...applyRecipeToCells(recipe, row)]).toEqual(batch.map((feature) => feature[i]));
    }
  });

  it('are all 0 for a value never seen where each has its own: `other` would move no label', () => {
    const fitting = countries(['US', 'BR', 'BR', 'AR']);
    const recipe = fitRows(fitting);
    expect([...applyRecipeToCells(recipe, { country: 'FR' })]).toEqual([0, 0, 0]);
    const batch = applyRecipe(recipe, tableOf(fitting.columns, [{ country: 'FR' }, { country: 'BR' }]));
    expect(batch.map((feature) => feature[0])).toEqual([0, 0, 0]);
  });

  it('are all 0 where the value is missing, with an indicator', () => {
    expect(features(countries(['BR', null, 'AR']))).toEqual({
      'country=AR': [0, 0, 1],
      'country=BR': [1, 0, 0],
      country_missing: [0, 1, 0],
    });
  });

  it('keep 50 columns of 10,000 values, and none of more', () => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => `c${i % n}`).concat(['c0']);
    const { features: kept } = fitRows(countries(many(10_000)));
    expect(kept).toHaveLength(51);
    const beyond = {
      columns: [column('country', 'category'), column('n', 'number')],
      specs: [
        { kind: 'onehot', column: 'country' },
        { kind: 'numeric', column: 'n' },
      ] as FeatureSpec[],
      rows: many(10_001).map((country, n) => ({ country, n })),
    };
    for (const shards of [1, 3]) {
      expect(fitRows({ ...beyond, shards }).leftOut).toEqual([
        {
          name: 'country',
          source: 'country',
          reason: 'high_cardinality',
          detail: 'more than 10000 different values',
        },
      ]);
    }
  });

  it('in order become their position, and what is not in the list is missing (ltv_class)', () => {
    const fitting: Fitting = {
      columns: [column('ltv_class', 'category')],
      specs: [{ kind: 'ordinal', column: 'ltv_class', order: ['Low', 'Medium', 'High'] }],
      rows: ['High', 'Low', 'Medium', 'Medium', 'unknown'].map((ltv_class) => ({ ltv_class })),
    };
    expect(features(fitting)).toEqual({ ltv_class: [2, 0, 1, 1, 1], ltv_class_missing: [0, 0, 0, 0, 1] });
  });
});

describe('lists', () => {
  const lists = (values: readonly (readonly string[] | null)[], top: number) => ({
    columns: [column('product_types', 'list')],
    specs: [{ kind: 'list', column: 'product_types', top }] as FeatureSpec[],
    rows: values.map((product_types) => ({ product_types })),
  });

  it('become their length and membership of the most frequent entries, repeats counted once per row', () => {
    expect(
      features(lists([['tea', 'tea', 'milk'], ['tea'], [], ['milk', 'beer'], ['beer', 'beer']], 2)),
    ).toEqual({
      product_types_count: [3, 1, 0, 2, 2],
      'product_types~beer': [0, 0, 0, 1, 1],
      'product_types~milk': [1, 0, 0, 1, 0],
    });
  });

  it('tell an empty list from a missing one', () => {
    expect(features(lists([['tea'], [], null], 0))).toEqual({
      product_types_count: [1, 0, 0],
      product_types_missing: [0, 0, 1],
    });
  });
});

describe('times', () => {
  const times = (
    specs: readonly FeatureSpec[],
    values: readonly string[],
    more: Partial<Fitting> = {},
  ): Fitting => ({
    columns: [column('created_at', 'time')],
    specs,
    rows: values.map((text) => ({ created_at: Date.parse(text) })),
    ...more,
  });

  it('become whole days to the reference', () => {
    const spec: FeatureSpec = { kind: 'recency', column: 'created_at', name: 'days_since_lead' };
    expect(
      features(times([spec], ['2025-12-31T23:59:59Z', '2025-12-31T00:00:00Z', '2025-07-05T12:00:00Z'])),
    ).toEqual({
      days_since_lead: [0, 1, 179],
    });
  });

  it('become hour, weekday, weekend and business hours by the clock of the time zone', () => {
    const spec: FeatureSpec = {
      kind: 'calendar',
      column: 'created_at',
      parts: ['hour_of_day', 'day_of_week', 'is_weekend', 'is_business_hours'],
    };
    const fitting = times([spec], ['2026-03-06T12:30:00Z', '2026-03-09T02:00:00Z'], {
      timeZone: 'America/Sao_Paulo',
    });
    // Friday 09:30, and Sunday 23:00.
    expect(features(fitting)).toEqual({
      hour_of_day: [9, 23],
      day_of_week: [4, 6],
      is_weekend: [0, 1],
      is_business_hours: [1, 0],
    });
  });

  it('go round in circles where asked to: midnight lies next to 23 h', () => {
    const spec: FeatureSpec = {
      kind: 'calendar',
      column: 'created_at',
      parts: ['hour_of_day'],
      cyclic: true,
    };
    const found = features(
      times([spec], ['2026-01-01T00:00:00Z', '2026-01-01T06:00:00Z', '2026-01-01T23:00:00Z']),
    );
    expect(found.hour_of_day_sin![0]).toBe(0);
    expect(found.hour_of_day_sin![1]).toBe(1);
    expect(found.hour_of_day_cos![2]).toBeCloseTo(Math.cos(Math.PI / 12), 6);
  });

  it('of two columns keep their features apart by name', () => {
    const fitting: Fitting = {
      columns: [column('a', 'time'), column('b', 'time')],
      specs: ['a', 'b'].map(
        (name): FeatureSpec => ({ kind: 'calendar', column: name, parts: ['hour_of_day'] }),
      ),
      rows: [
        { a: 0, b: 5 * 3_600_000 },
        { a: 3_600_000, b: 0 },
      ],
    };
    expect(Object.keys(features(fitting))).toEqual(['hour_of_day', 'b_hour_of_day']);
  });
});

describe('selection', () => {
  const selection = { nearConstantShare: 0.9, maxCorrelation: 0.95 };
  const specsOf = (columns: readonly EntityColumn[]) =>
    columns.map(({ name }): FeatureSpec => ({ kind: 'numeric', column: name }));

  it('leaves out constant, nearly constant, repeated and correlated features, saying why', () => {
    const columns = ['a', 'fixed', 'rare', 'twice', 'near', 'free'].map((name) => column(name, 'number'));
    const rows = Array.from({ length: 200 }, (_, i) => {
      const a = (i * 7919) % 200;
      return {
        a,
        fixed: 3,
        rare: i === 5 ? 1 : 0,
        twice: 500 - 2 * a,
        near: a + ((i * 31) % 20),
        free: (i * 104729) % 211,
      };
    });
    const { features: kept, leftOut } = fitRows({
      columns,
      specs: specsOf(columns),
      rows,
      selection,
      scaling: 'zscore',
    });
    expect(kept.map(({ name }) => name)).toEqual(['a', 'free']);
    expect(leftOut).toEqual([
      { name: 'fixed', source: 'fixed', reason: 'constant', detail: 'always 3' },
      { name: 'rare', source: 'rare', reason: 'near_constant', detail: '0 in 99.50 % of the sampled rows' },
      { name: 'twice', source: 'twice', reason: 'duplicate', detail: 'the same as a (correlation -1.000)' },
      {
        name: 'near',
        source: 'near',
        reason: 'correlated',
        detail: expect.stringMatching(/^correlation 0\.99\d with a$/),
      },
    ]);
  });

  it('leaves out constants alone where it is switched off', () => {
    const columns = ['a', 'b', 'c'].map((name) => column(name, 'number'));
    const rows = [1, 2, 3].map((a) => ({ a, b: a, c: 7 }));
    expect(fitRows({ columns, specs: specsOf(columns), rows }).features.map(({ name }) => name)).toEqual([
      'a',
      'b',
    ]);
  });

  it('fails where no feature is left, with the reasons', () => {
    expect(() => fitRows(numbers([4, 4, 4]))).toThrow(/No feature tells the 3 rows apart \(x: always 4\)/);
    expect(() => fitRows(numbers([4]))).toThrow(/No feature tells the 1 rows apart/);
  });
});

describe('a fitted recipe', () => {
  const columns = [
    column('amount', 'number'),
    column('visits', 'number'),
    column('country', 'category'),
    column('member', 'boolean'),
    column('seen', 'time'),
    column('types', 'list'),
  ];
  const specs: FeatureSpec[] = [
    { kind: 'numeric', column: 'amount', log1p: true, winsorise: { lower: 0.01, upper: 0.95 } },
    { kind: 'numeric', column: 'visits', scaling: 'robust' },
    { kind: 'onehot', column: 'country', maxCategories: 3 },
    { kind: 'boolean', column: 'member' },
    { kind: 'recency', column: 'seen' },
    { kind: 'calendar', column: 'seen', parts: ['hour_of_day', 'is_weekend'], cyclic: true },
    { kind: 'list', column: 'types', top: 2 },
  ];
  const cell = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 6 });
  const row: fc.Arbitrary<Row> = fc.record({
    amount: cell(fc.double({ min: 0, max: 1e6, noNaN: true })),
    visits: cell(fc.integer({ min: -5, max: 40 })),
    country: cell(fc.constantFrom('BR', 'US', 'AR', 'DE', 'FR')),
    member: cell(fc.constantFrom(0, 1)),
    seen: cell(fc.integer({ min: 1_700_000_000_000, max: 1_760_000_000_000 })),
    types: cell(fc.array(fc.constantFrom('tea', 'milk', 'beer'), { maxLength: 4 })),
  });
  const tables = fc.array(row, { minLength: 3, maxLength: 60 });
  const fitting = (rows: readonly Row[]) => ({
    columns,
    specs,
    rows,
    scaling: 'zscore' as const,
    timeZone: 'Europe/Madrid',
  });

  it('is the same to the byte, however the rows were shared out', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 2, max: 8 }), (rows, shards) => {
        const whole = JSON.stringify(attempt(() => fitRows(fitting(rows))));
        expect(JSON.stringify(attempt(() => fitRows({ ...fitting(rows), shards })))).toBe(whole);
      }),
      { numRuns: 100 },
    );
  });

  it('prepares one customer to the same bits as the batch', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        const recipe = attempt(() => fitRows(fitting(rows)));
        if (typeof recipe === 'string') return;
        const batch = applyRecipe(recipe, tableOf(columns, rows));
        rows.forEach((cells, i) => {
          const alone = applyRecipeToCells(JSON.parse(JSON.stringify(recipe)), cells);
          expect([...alone]).toEqual(batch.map((values) => values[i]));
        });
      }),
      { numRuns: 100 },
    );
  });

  it('gives finite features only, whatever is missing', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        const recipe = attempt(() => fitRows(fitting(rows)));
        if (typeof recipe === 'string') return;
        for (const values of applyRecipe(recipe, tableOf(columns, rows)))
          expect(values.every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it('can be read backwards: a scaled value in its own unit', () => {
    const recipe = fitRows({ ...numbers([10, 20, 60]), scaling: 'zscore' });
    const [scaled] = applyRecipe(recipe, tableOf([column('x', 'number')], [{ x: 20 }]));
    expect(unscaleValue(recipe.features[0]!, scaled![0]!)).toBeCloseTo(20, 5);
  });

  const recipe = fitRows(
    fitting([
      { amount: 1, visits: 2, country: 'BR', member: 1, seen: 3 * DAY, types: ['tea'] },
      { visits: 5 },
    ]),
  );
  it.each([
    ['a column that it does not have', { age: 3 }, /no column "age".*amount, visits/],
    ['a text for a number', { amount: '12' }, /amount must be a finite number or null; found "12"/],
    ['a number for a text', { country: 5 }, /country must be a text or null; found 5/],
    ['a text for a list', { types: 'tea' }, /types must be a list of texts or null/],
    ['2 for a boolean', { member: 2 }, /member must be 0 or 1 or null/],
    [
      'a time beyond all dates',
      { seen: 1e30 },
      /seen must be an instant in ISO 8601 or ms since the epoch or null/,
    ],
    ['a text that is no instant', { seen: '31/12/2025' }, /seen must be an instant in ISO 8601/],
    ['an infinite number', { amount: Number.POSITIVE_INFINITY }, /amount must be a finite number/],
    ['a value too far out for float32', { visits: 1e300 }, /visits is 1e\+300, too far from the 2 rows/],
  ])('fails for %s, naming it', (_what, cells, message) => {
    expect(() => applyRecipeToCells(recipe, cells as unknown as Row)).toThrow(message);
  });
});

/** A result, or the message of what it failed with: some tables have nothing to tell rows apart. */
function attempt<T>(make: () => T): T | string {
  try {
    return make();
  } catch (error) {
    return (error as Error).message;
  }
}
