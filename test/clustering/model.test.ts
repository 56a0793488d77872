import { describe, expect, it } from 'vitest';
import { confidenceAt, flatCenters, modelOf, rawCenter } from '../../functions/clustering/model.ts';
import type { CandidateFit } from '../../functions/contracts/artifacts.ts';
import type { FittedRecipe } from '../../functions/contracts/recipe.ts';

const feature = (name: string, offset: number, scale: number) => ({
  name,
  unit: 'days',
  source: name,
  steps: [{ step: 'value' as const }],
  transform: 'zscore' as const,
  offset,
  scale,
  min: 0,
  max: 1,
});
const recipe: FittedRecipe = {
  recipe: 'rfm',
  version: 2,
  referenceAt: '2024-01-01T00:00:00.000Z',
  nSamples: 6,
  columns: [],
  leftOut: [],
  features: [feature('recency_days', 100, 10), feature('monetary', 2000, 500)],
};
const fitted: CandidateFit = {
  candidate: { item: 0, algorithm: 'kmeans', nClusters: 2, seed: 42, nInit: 10 },
  centers: [
    [0, -1],
    [2.5, 4],
  ],
  sizes: [4, 2],
  scores: { inertia: 1, silhouette: 0.5, daviesBouldin: 0.6, iterations: 3, restarts: 10 },
  importance: [],
  silhouetteSamples: 6,
};

describe('a model', () => {
  const model = modelOf(recipe, fitted);

  it('holds what scoring needs, and nothing of how the candidates were numbered', () => {
    expect(model).toMatchObject({ version: 1, algorithm: 'kmeans', nClusters: 2, seed: 42, sizes: [4, 2] });
    expect(model).not.toHaveProperty('candidate');
  });

  it('lays its centers out row by row', () => {
    expect(flatCenters(model)).toEqual(Float64Array.from([0, -1, 2.5, 4]));
  });

  it('gives a center back in raw units', () => {
    expect(rawCenter(model, 0)).toEqual({ recency_days: 100, monetary: 1500 });
    expect(rawCenter(model, 1)).toEqual({ recency_days: 125, monetary: 4000 });
  });
});

describe('confidence', () => {
  it('falls from 1 at the center to 0 at distance 5 and stays there', () => {
    expect([0, 0.4, 2.5, 5, 40].map(confidenceAt)).toEqual([1, 0.92, 0.5, 0, 0]);
  });
});
