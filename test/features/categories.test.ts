import { describe, expect, it } from 'vitest';
import type { FeatureSpec } from '../../functions/contracts/recipe.ts';
import { applyRecipe, applyRecipeToCells } from '../../functions/features/apply-recipe.ts';
import { column, type Fitting, features, fitRows, tableOf } from './recipe-fixture.ts';

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
