import { describe, expect, it } from 'vitest';
import type { Model } from '../../functions/contracts/artifacts.ts';
import { distinctiveFeatures, nameByDifferences } from '../../functions/segments/name-by-differences.ts';

/** A model of these features; each cluster's center and size. All variance lies between the clusters unless told otherwise. */
const modelOf = (
  features: readonly (readonly [name: string, unit: string])[],
  clusters: readonly (readonly [size: number, center: readonly number[]])[],
  explained = 1,
): Model =>
  ({
    recipe: { features: features.map(([name, unit]) => ({ name, unit })) },
    centers: clusters.map(([, center]) => center),
    sizes: clusters.map(([size]) => size),
    importance: features.map(() => ({ explained, share: 1 / features.length })),
  }) as unknown as Model;

const names = (model: Model) => [...nameByDifferences(model).values()].map(({ name }) => name);

describe('names by differences', () => {
  it('measures differences in standard deviations of all rows, worked by hand', () => {
    // Means 0 and 4 of equal clusters: the mean of all is 2, the deviation between them 2; of all rows, 4.
    const [first, second] = distinctiveFeatures(
      modelOf(
        [['age', 'years']],
        [
          [5, [0]],
          [5, [4]],
        ],
        0.25,
      ),
    );
    expect(first).toEqual([{ feature: 'age', difference: -0.5 }]);
    expect(second).toEqual([{ feature: 'age', difference: 0.5 }]);
  });

  it('say high and low of numbers, the value of a category, and what is missing', () => {
    const model = modelOf(
      [
        ['age', 'years'],
        ['country=BR', '0/1'],
        ['city_missing', '0/1'],
      ],
      [
        [10, [3, 1, 0]],
        [10, [0, 0, 0]],
        [10, [1, 0, 1]],
      ],
    );
    expect(names(model)).toEqual([
      'Country BR, high age',
      'Low age, not country BR',
      'No city, not country BR',
    ]);
  });

  it('are numbered where they are equal, and plain where nothing tells a cluster apart', () => {
    const model = modelOf(
      [['age', 'years']],
      [
        [4, [0]],
        [4, [0]],
        [2, [9]],
      ],
      0.1,
    );
    expect(names(model)).toEqual(['Average', 'Average 2', 'High age']);
    expect(nameByDifferences(model).get(0)!.nameRule).toMatch(/^no feature lies 0\.5 standard deviations/);
  });

  it('pass over features that no cluster differs in', () => {
    const model = modelOf(
      [
        ['flat', ''],
        ['age', 'years'],
      ],
      [
        [5, [1, 0]],
        [5, [1, 4]],
      ],
    );
    const flat = {
      ...model,
      importance: [
        { explained: 0, share: 0 },
        { explained: 1, share: 1 },
      ],
    };
    expect(names(flat)).toEqual(['Low age', 'High age']);
  });
});
