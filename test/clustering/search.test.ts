import { describe, expect, it } from 'vitest';
import { selectCandidate } from '../../functions/clustering/search.ts';
import type { CandidateFit } from '../../functions/contracts/artifacts.ts';
import { InsufficientDataError } from '../../functions/errors.ts';

const fitted = (nClusters: number, silhouette: number, daviesBouldin: number): CandidateFit => ({
  candidate: { item: nClusters - 2, algorithm: 'kmeans', nClusters, seed: 42, nInit: 10 },
  centers: Array.from({ length: nClusters }, (_, i) => [i]),
  sizes: Array.from({ length: nClusters }, () => 1),
  scores: { inertia: 1, silhouette, daviesBouldin, iterations: 3, restarts: 10 },
  importance: [],
  silhouetteSamples: 10,
});

const selectionOf = (...fits: CandidateFit[]) => selectCandidate(fits).report;

describe('the selection among candidates', () => {
  it('takes the highest silhouette and says that Davies-Bouldin agrees', () => {
    const { selected, reason } = selectionOf(fitted(2, 0.5, 0.9), fitted(3, 0.6, 0.4), fitted(4, 0.55, 0.8));
    expect(selected).toBe(3);
    expect(reason).toBe(
      '3 clusters of 3 candidates (silhouette 0.6000, Davies-Bouldin 0.4000): ' +
        'the highest silhouette; Davies-Bouldin agrees, being the lowest too.',
    );
  });

  it('says which candidate Davies-Bouldin prefers when it disagrees, as in the printed drill-down', () => {
    const { selected, reason } = selectionOf(
      fitted(2, 0.4934960901737213, 0.5208518741969365),
      fitted(3, 0.4140159785747528, 0.4869059685396701),
    );
    expect(selected).toBe(2);
    expect(reason).toContain('the highest silhouette; Davies-Bouldin prefers 3 clusters (0.4869).');
  });

  it('breaks equal silhouettes by Davies-Bouldin, and equal both by fewer clusters', () => {
    const byScore = selectionOf(fitted(2, 0.5, 0.9), fitted(3, 0.5, 0.4), fitted(4, 0.1, 0.1));
    expect(byScore.selected).toBe(3);
    expect(byScore.reason).toContain('the lowest Davies-Bouldin among those with the highest silhouette');
    const byClusters = selectionOf(fitted(5, 0.5, 0.4), fitted(3, 0.5, 0.4), fitted(2, 0.5, 0.7));
    expect(byClusters.selected).toBe(3);
    expect(byClusters.reason).toContain('the fewest clusters');
  });

  it('does not depend on the order of the candidates, and lists them by number of clusters', () => {
    const fits = [fitted(2, 0.5, 0.9), fitted(3, 0.6, 0.8), fitted(4, 0.6, 0.8)];
    const report = selectionOf(...fits);
    expect(selectionOf(...fits.toReversed())).toEqual(report);
    expect(report.candidates.map(({ nClusters }) => nClusters)).toEqual([2, 3, 4]);
  });

  it('never prints two different scores alike', () => {
    const { reason } = selectionOf(fitted(2, 0.123456789, 0.5), fitted(3, 0.123456788, 0.4999999));
    expect(reason).toContain('silhouette 0.123456789, Davies-Bouldin 0.5000000');
    expect(reason).toContain('prefers 3 clusters (0.4999999)');
  });

  it('says that a single number of clusters was asked for', () => {
    expect(selectionOf(fitted(5, 0.6, 0.7)).reason).toBe(
      '5 clusters were asked for (silhouette 0.6000, Davies-Bouldin 0.7000).',
    );
  });

  it('fails without candidates', () => {
    expect(() => selectCandidate([])).toThrow(InsufficientDataError);
  });
});
