import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestCenter } from '../../functions/clustering/nearest-center.ts';
import type {
  EntityColumnType,
  FeatureStep,
  FittedFeature,
  FittedRecipe,
} from '../../functions/contracts/recipe.ts';
import { explainPlacement } from '../../functions/segments/explain.ts';
import type { CustomerCells } from '../../functions/segments/lead-columns.ts';
import { numberRange } from '../../functions/segments/legal-moves.ts';
import { smallestChanges, type TriedModel } from '../../functions/segments/smallest-change.ts';
import { Random } from '../../functions/stats/random.ts';
import { featureOracle } from '../support/recipe-oracle.ts';

const REFERENCE = '2026-01-31T12:00:00.000Z';

/** A feature scaled as (x − offset) ÷ scale after its steps. */
const feature = (
  name: string,
  source: string,
  steps: FeatureStep[],
  [min, max] = [0, 1],
  offset = 0,
  scale = 1,
): FittedFeature => ({
  name,
  unit: 'units',
  source,
  steps,
  transform: 'zscore',
  offset,
  scale,
  min: min!,
  max: max!,
});

const VALUE: FeatureStep = { step: 'value' };
const SPENT = feature('spent', 'spent', [VALUE, { step: 'log1p' }], [0, Math.log1p(1000)], 3, 2);
const BOTS = feature('bots', 'bots', [VALUE, { step: 'invert', from: 100 }], [0, 100], 50, 25);
const VISITS = feature(
  'visits',
  'visits',
  [VALUE, { step: 'impute', value: 4 }, { step: 'clip', lower: 0, upper: 20 }],
  [0, 20],
  8,
  4,
);
const cities = ['Rio', 'Recife', 'Natal'];
const CITIES = cities.map((value) =>
  feature(`city=${value}`, 'city', [{ step: 'equals', value }], [0, 1], 0.3, 0.5),
);
const MEMBER = feature('tags~vip', 'tags', [{ step: 'member', value: 'vip' }], [0, 1], 0.2, 0.4);
const TAGS = feature('tags_count', 'tags', [{ step: 'length' }], [0, 5], 1, 2);
const RECENCY = feature('days', 'seen', [{ step: 'recency', referenceAt: REFERENCE }], [0, 300], 100, 80);
const MARRIED = feature('married', 'married', [VALUE], [0, 1], 0.5, 0.5);

const TYPES: Record<string, EntityColumnType> = {
  spent: 'number',
  bots: 'number',
  visits: 'number',
  city: 'category',
  tags: 'list',
  seen: 'time',
  married: 'boolean',
};

function modelOf(
  features: readonly FittedFeature[],
  centers: readonly number[][],
  whole: string[] = [],
): TriedModel {
  const recipe: Pick<FittedRecipe, 'columns' | 'features' | 'referenceAt'> = {
    referenceAt: REFERENCE,
    features,
    columns: [...new Set(features.map(({ source }) => source))].map((name) => ({
      name,
      type: TYPES[name]!,
      unit: 'units',
      source: name,
    })),
  };
  const prepare = (cells: CustomerCells) =>
    features.map((one) => featureOracle(one, cells[one.source] ?? null));
  return { recipe, centers, prepare, wholeColumns: new Set(whole) };
}

const clusterOf = ({ prepare, centers }: TriedModel, cells: CustomerCells) =>
  nearestCenter(prepare(cells), centers).label;

describe('the explanation of a placement', () => {
  it('says what each feature adds, and what speaks for and against the runner-up', () => {
    const told = explainPlacement(
      [1, 1],
      [
        [0, 0],
        [1, 4],
        [9, 9],
      ],
      ['a', 'b'],
    );
    expect(told).toMatchObject({
      cluster: 0,
      distance: Math.SQRT2,
      distanceParts: [
        { feature: 'a', part: 1, share: 0.5 },
        { feature: 'b', part: 1, share: 0.5 },
      ],
      runnerUp: {
        cluster: 1,
        distance: 3,
        margin: 1 - Math.SQRT2 / 3,
        marginParts: [
          { feature: 'b', part: 8, share: 8 / 7 },
          { feature: 'a', part: -1, share: -1 / 7 },
        ],
      },
    });
    expect(explainPlacement([0], [[0]], ['a'])).toMatchObject({
      cluster: 0,
      distance: 0,
      runnerUp: undefined,
    });
  });

  it('sums to the squared distance, and to the difference of two, for any row', () => {
    const number = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    const rows = fc
      .integer({ min: 1, max: 6 })
      .chain((d) =>
        fc.array(fc.array(number, { minLength: d, maxLength: d }), { minLength: 2, maxLength: 6 }),
      );
    fc.assert(
      fc.property(rows, ([row, ...centers]) => {
        const told = explainPlacement(
          row!,
          centers,
          row!.map((_, f) => `f${f}`),
        );
        const nearest = nearestCenter(row!, centers);
        expect([told.cluster, told.distance]).toEqual([nearest.label, nearest.distance]);
        const sum = (parts: readonly { part: number }[]) =>
          parts.reduce((total, { part }) => total + part, 0);
        const squared = told.distance ** 2;
        expect(Math.abs(sum(told.distanceParts) - squared)).toBeLessThanOrEqual(1e-12 * (squared + 1));
        if (told.runnerUp) {
          const further = told.runnerUp.distance ** 2;
          expect(Math.abs(sum(told.runnerUp.marginParts) - (further - squared))).toBeLessThanOrEqual(
            1e-9 * (further + 1),
          );
          expect(told.runnerUp.margin).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it('fails without centers, and for a row that the names do not fit', () => {
    expect(() => explainPlacement([1], [], ['a'])).toThrow(/0 centers/);
    expect(() => explainPlacement([1, 2], [[1]], ['a'])).toThrow(/2 values for 1 features/);
  });
});

describe('the smallest change', () => {
  it('of a number lies where the two centers are equally far, in the number its own unit', () => {
    // Centers at ln(1 + x) = 1 and 5, so that the border is at ln(1 + x) = 3.
    const model = modelOf([SPENT], [[-1], [1]]);
    const [change] = smallestChanges(model, { spent: 5 });
    expect(change).toMatchObject({ column: 'spent', unit: 'units', from: 5, cluster: 1 });
    expect(change?.to).toBeCloseTo(Math.expm1(3), 4);
    expect(clusterOf(model, { spent: change!.to })).toBe(1);
    expect(clusterOf(model, { spent: Number(change!.to) - 1e-4 })).toBe(0);
  });

  it('follows inverted scores, and whole numbers stay whole', () => {
    const bots = smallestChanges(modelOf([BOTS], [[-1], [1]]), { bots: 80 });
    expect(bots[0]?.to).toBeCloseTo(50, 4);
    const visits = smallestChanges(modelOf([VISITS], [[-1], [1.1]], ['visits']), { visits: 3 });
    expect(visits[0]).toMatchObject({ from: 3, to: 9, cluster: 1 });
  });

  it('of a category is a switch to another known value, never half of one', () => {
    const model = modelOf(CITIES, [
      [1.4, -0.6, -0.6],
      [-0.6, 1.4, -0.6],
      [-0.6, -0.6, 1.4],
    ]);
    const changes = smallestChanges(model, { city: 'Rio' });
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ column: 'city', from: 'Rio', cluster: 1, to: 'Recife' });
    expect(smallestChanges(model, { city: null })).toEqual([]);
  });

  it('of lists, booleans and times is one legal step that moves', () => {
    const tags = smallestChanges(modelOf([MEMBER], [[-0.5], [2]]), { tags: ['x'] });
    expect(tags[0]).toMatchObject({ from: ['x'], to: ['x', 'vip'], cluster: 1 });
    const married = smallestChanges(modelOf([MARRIED], [[-1], [1]]), { married: 0 });
    expect(married[0]).toMatchObject({ to: 1, cluster: 1 });
    const seen = Date.parse('2026-01-01T12:00:00Z');
    const [change] = smallestChanges(modelOf([RECENCY], [[-1], [0]]), { seen });
    expect(change).toMatchObject({ column: 'seen', cluster: 1 });
    // 30 days ago now; from 61 days on the other center is nearer (the border is at 60).
    expect((seen - Number(change?.to)) / 86_400_000).toBeCloseTo(31, 1);
  });

  it('does not leave what customers show, nor invent a value for what is missing', () => {
    expect(smallestChanges(modelOf([SPENT], [[-1], [9]]), { spent: 5 })).toEqual([]);
    expect(smallestChanges(modelOf([VISITS], [[-1], [1]]), { visits: null })).toEqual([]);
    expect(smallestChanges(modelOf([SPENT], [[0]]), { spent: 5 })).toEqual([]);
    const future = smallestChanges(modelOf([RECENCY], [[-1], [-9]]), { seen: Date.parse(REFERENCE) });
    expect(future).toEqual([]);
    expect(numberRange({ features: [BOTS] }, 'bots')).toEqual({ min: 0, max: 100 });
    expect(numberRange({ features: CITIES }, 'city')).toBeUndefined();
  });

  it('moves the customer when it is applied, and nothing smaller of that number does, for any model', () => {
    const features = [SPENT, BOTS, VISITS, ...CITIES, MEMBER, TAGS, RECENCY, MARRIED];
    // Drawn evenly: centers that coincide but for rounding are parted by rounding alone, not by a border.
    const centersOf = (seed: number, k: number) => {
      const random = new Random(seed);
      return Array.from({ length: k }, () => features.map(() => 4 * random.uniform() - 2));
    };
    const cells = fc.record({
      spent: fc.double({ min: 0, max: 1000, noNaN: true }),
      bots: fc.double({ min: 0, max: 100, noNaN: true }),
      visits: fc.integer({ min: 0, max: 20 }),
      city: fc.constantFrom(...cities),
      tags: fc.subarray(['vip', 'new', 'old']),
      seen: fc.integer({ min: Date.parse(REFERENCE) - 200 * 86_400_000, max: Date.parse(REFERENCE) }),
      married: fc.constantFrom(0, 1),
    });
    let found = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 5 }), cells, (seed, k, customer) => {
        const model = modelOf(features, centersOf(seed, k), ['visits']);
        const before = clusterOf(model, customer);
        const changes = smallestChanges(model, customer);
        found += changes.length;
        changes.reduce((last, { displacement }) => {
          expect(displacement).toBeGreaterThanOrEqual(last);
          return displacement;
        }, 0);
        for (const { column, from, to, cluster } of changes) {
          const after = clusterOf(model, { ...customer, [column]: to });
          expect(after).toBe(cluster);
          expect(after).not.toBe(before);
          if (typeof from !== 'number' || typeof to !== 'number' || column === 'seen') continue;
          for (let part = 0; part < 0.999; part += 0.1) {
            const nearer: number =
              column === 'visits' ? from + Math.trunc((to - from) * part) : from + (to - from) * part;
            if (nearer === to || column === 'married') continue;
            expect(clusterOf(model, { ...customer, [column]: nearer })).toBe(before);
          }
        }
      }),
    );
    expect(found).toBeGreaterThan(50);
  });
});
