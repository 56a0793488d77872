import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOCALES } from '../../functions/contracts/dataset.ts';
import type { ClusteringAlgorithm } from '../../functions/contracts/segmentation-records.ts';
import { InsufficientDataError, InvalidRequestError } from '../../functions/errors.ts';
import type { Locale } from '../../functions/segments/localized-text.ts';
import { VERDICT_RULES } from '../../functions/segments/verdict-rules.ts';
import {
  judgeRun,
  type RunFacts,
  refuseIfAdvised,
  withholdsNames,
} from '../../functions/segments/verdicts.ts';

/** A run that nothing is to be said about. */
const SOUND: RunFacts = {
  rows: 500,
  min_data_points: 100,
  requested_clusters: 5,
  clusters: 5,
  silhouette: 0.5,
  largest_share: 0.4,
  noise_share: 0.05,
  p_uniform: 0.025,
  p_independent: 0.025,
};
const codes = (facts: RunFacts, algorithm: ClusteringAlgorithm = 'kmeans', locale: Locale = 'en') =>
  judgeRun(algorithm, { ...SOUND, ...facts }, locale).map(({ code }) => code);

/** One of three clusters holds this share. */
const large = (largest_share: number) => ({ largest_share, clusters: 3 });

describe('the verdict on a run', () => {
  it('is silent about a sound run, and about what was not measured', () => {
    for (const algorithm of ['kmeans', 'dbscan', 'hierarchical'] as const) {
      expect(codes({}, algorithm)).toEqual([]);
      expect(judgeRun(algorithm, {}, 'en')).toEqual([]);
    }
  });

  it.each<[string, ClusteringAlgorithm, RunFacts, RunFacts]>([
    ['too_few_rows', 'kmeans', { rows: 99 }, { rows: 100 }],
    ['too_few_clusters', 'kmeans', { requested_clusters: 2 }, { requested_clusters: 3 }],
    ['too_many_clusters', 'kmeans', { requested_clusters: 11 }, { requested_clusters: 10 }],
    ['no_structure', 'kmeans', { p_uniform: 0.05 }, { p_uniform: 0.025 }],
    ['all_noise', 'dbscan', { clusters: 0, noise_share: 1 }, { clusters: 1 }],
    ['no_split', 'hierarchical', { clusters: 1 }, { clusters: 2 }],
    ['single_columns', 'kmeans', { p_independent: 0.05 }, { p_independent: 0.025 }],
    ['weak_separation', 'kmeans', { silhouette: 0.299 }, { silhouette: 0.3 }],
    ['one_dense_cluster', 'dbscan', { largest_share: 0.991 }, { largest_share: 0.99 }],
    ['one_large_cluster', 'kmeans', large(0.991), large(0.99)],
    ['many_outliers', 'dbscan', { noise_share: 0.21 }, { noise_share: 0.2 }],
  ])('is %s just past its bound (%s)', (code, algorithm, past, at) => {
    expect(codes(past, algorithm)).toEqual([code]);
    expect(codes(at, algorithm)).toEqual([]);
  });

  it('has a case above for every row of the table, printed in the documentation', () => {
    const source = readFileSync('test/segments/verdicts.test.ts', 'utf8');
    const text = readFileSync('docs/algorithms.md', 'utf8');
    const sign = { below: '<', above: '>', atMost: '≤' };
    const rows = VERDICT_RULES.map(({ code, severity, status, algorithms, conditions }) => {
      const words = conditions.map(({ fact, is, bound }) => `${fact} ${sign[is]} ${bound}`).join(', ');
      return `| \`${code}\` | ${status === undefined ? severity : `${severity}, ${status}`} | ${algorithms?.join(', ') ?? 'all'} | ${words} |`;
    });
    expect(VERDICT_RULES.filter(({ code }) => !source.includes(`['${code}', `))).toEqual([]);
    expect(rows.filter((row) => !text.includes(row))).toEqual([]);
  });

  it('says what was found, what was expected and what to do, in every language', () => {
    expect(judgeRun('dbscan', { ...SOUND, largest_share: 0.9996 }, 'pt-BR')).toEqual([
      {
        code: 'one_dense_cluster',
        severity: 'advice',
        message:
          'Um cluster contém 99,9% dos clientes: epsilon é grande demais para distingui-los. Reduza-o ou use epsilon "auto".',
        fact: 'largest_share',
        found: 0.9996,
        bound: 0.99,
      },
    ]);
    const worst = {
      rows: 1,
      requested_clusters: 1,
      clusters: 0,
      silhouette: -1,
      largest_share: 1,
      noise_share: 1,
      p_uniform: 1,
      p_independent: 1,
    };
    for (const locale of LOCALES) {
      for (const algorithm of ['kmeans', 'dbscan', 'hierarchical'] as const) {
        for (const { message } of judgeRun(algorithm, { ...SOUND, ...worst }, locale))
          expect(message).not.toMatch(/[{}]/);
      }
    }
  });

  it('keeps names from clusters of nothing, and only from those', () => {
    expect(withholdsNames(judgeRun('kmeans', { ...SOUND, p_uniform: 0.5 }, 'en'))).toBe(true);
    expect(withholdsNames(judgeRun('kmeans', { ...SOUND, silhouette: 0.1 }, 'en'))).toBe(false);
  });

  it('fails too few rows with 422, and numbers of clusters out of range with 400', () => {
    const refuse = (facts: RunFacts) => () =>
      refuseIfAdvised(judgeRun('kmeans', { ...SOUND, ...facts }, 'en'));
    expect(refuse({ silhouette: 0 })).not.toThrow();
    expect(refuse({ rows: 12 })).toThrow(InsufficientDataError);
    expect(refuse({ rows: 12 })).toThrow(/12 customers are fewer than the 100 .* Raise max_data_age_months/);
    expect(refuse({ requested_clusters: 11 })).toThrow(InvalidRequestError);
    expect(refuse({ requested_clusters: 2 })).toThrow(/it must be 3 to 10/);
  });
});
