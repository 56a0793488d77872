import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exploreBodySchema,
  type PurchasingCustomer,
  type Subsegments,
} from '../../functions/contracts/drilldown.ts';
import { exploreSubsegments } from '../../functions/drilldown/explore-subsegments.ts';
import { loadKernels } from '../../functions/kernels/instance.ts';
import { exampleCustomers, exampleLabels, printedParent } from './example.ts';

const kernels = await loadKernels();
const explore = (body: Record<string, unknown>) => exploreSubsegments(kernels, exploreBodySchema.parse(body));
const example = { customers: exampleCustomers, labels: exampleLabels };
const parent = (answer: ReturnType<typeof explore>, label: number) =>
  answer.subsegment_results[label] as Subsegments;

/** Numbers within 1e-6 of each other, everything else and every order the same. */
function expectEqualWithin(actual: unknown, expected: unknown, path = '$'): void {
  if (typeof expected === 'number' && typeof actual === 'number') {
    expect(Math.abs(actual - expected), path).toBeLessThanOrEqual(1e-6);
  } else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(actual as object), path).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) {
      expectEqualWithin((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
    }
  } else expect(actual, path).toBe(expected);
}

describe('drill-down into the printed customers', () => {
  it('returns the printed object from raw values, but for its untrue claim about Davies-Bouldin', () => {
    const found = parent(explore({ ...example, target_cluster: 1, scaling: 'none' }), 1);
    expectEqualWithin(found, {
      ...printedParent,
      selection_description:
        'Inside parent-cluster 1, k = 2 yielded the highest silhouette (0.493); Davies-Bouldin prefers k = 3 (0.487 against 0.521).',
    });
  });

  it('scores z-scored features by default, as the oracle does, with the same partition and texts', () => {
    const found = parent(explore({ ...example, target_cluster: 1 }), 1);
    expect(
      found.benchmark.map(({ k, silhouette, davies_bouldin }) => [k, silhouette, davies_bouldin]),
    ).toEqual([
      [2, expect.closeTo(0.553982, 6), expect.closeTo(0.503692, 6)],
      [3, expect.closeTo(0.449199, 6), expect.closeTo(0.362908, 6)],
    ]);
    const { nested_labels, nested_cluster_legend, nested_centroids, nested_interpretations_en } = found;
    expectEqualWithin(
      { nested_labels, nested_cluster_legend, nested_centroids, nested_interpretations_en },
      Object.fromEntries(
        ['nested_labels', 'nested_cluster_legend', 'nested_centroids', 'nested_interpretations_en'].map(
          (key) => [key, printedParent[key]],
        ),
      ),
    );
  });

  it('finds the partition of the oracle for k = 3', () => {
    const { nested_labels } = parent(
      explore({ ...example, target_cluster: 1, scaling: 'none', k_range: [3] }),
      1,
    );
    const groups = Object.groupBy(Object.keys(nested_labels), (id) => nested_labels[id]!);
    expect(Object.values(groups)).toEqual([
      ['C007', 'C026', 'C030'],
      ['C014', 'C038'],
      ['C012', 'C033'],
    ]);
  });

  it('explores every parent without a target, and says which one is too small', () => {
    const { subsegment_results } = explore(example);
    expect(Object.keys(subsegment_results)).toEqual(['0', '1', '2']);
    expect(subsegment_results['2']).toEqual({
      status: 'too_small',
      n_customers: 2,
      n_distinct: 2,
      message:
        'Parent-cluster 2 has 2 customers of 2 different profiles: splitting it into k = 2 needs at least 2 different profiles and 3 customers.',
    });
    const { nested_labels, nested_cluster_legend } = parent(explore(example), 0);
    expect(Object.keys(nested_labels)).toHaveLength(31);
    expect(nested_cluster_legend.reduce((sum, { n_customers }) => sum + n_customers, 0)).toBe(31);
  });

  it('echoes the options that it used', () => {
    expect(explore({ ...example, scaling: 'log1p', window: 'Q3', locale: 'es' }).options).toEqual({
      k_range: [2, 3],
      scaling: 'log1p',
      categories: 'none',
      seed: 42,
      restarts: 10,
      window: 'Q3',
      locale: 'es',
    });
  });

  it('gives the same bytes for the same request', () => {
    const request = { ...example, categories: 'onehot50', k_range: [2, 3, 4, 5] };
    expect(JSON.stringify(explore(request))).toBe(JSON.stringify(explore(request)));
  });

  it.each(['zscore', 'none', 'minmax', 'log1p'])(
    'finds the same partitions and scores in any order of the customers (%s)',
    (scaling) => {
      const request = { ...example, scaling, categories: 'onehot50' };
      const { subsegment_results: expected } = explore(request);
      fc.assert(
        fc.property(
          fc.shuffledSubarray([...exampleCustomers], { minLength: exampleCustomers.length }),
          (customers) => {
            const { subsegment_results } = explore({ ...request, customers });
            for (const label of ['0', '1']) {
              const [found, wanted] = [subsegment_results, expected].map(
                (results) => results[label] as Subsegments,
              ) as [Subsegments, Subsegments];
              expect(found.benchmark).toEqual(wanted.benchmark);
              expect(found.nested_labels).toEqual(wanted.nested_labels);
              expect(found.nested_centroids).toEqual(wanted.nested_centroids);
            }
          },
        ),
        { numRuns: 20 },
      );
    },
  );
});

describe('drill-down texts', () => {
  const request = { ...example, target_cluster: 1, scaling: 'none' };

  it('are Portuguese and Spanish where asked for, numbers included', () => {
    expect(parent(explore({ ...request, locale: 'pt-BR' }), 1).nested_interpretations_pt_br?.['0']).toBe(
      '4 clientes, gasto médio 2.224, 21,5 compras/mês. Principais categorias: fitness-watch, fridge, water-filter.',
    );
    expect(parent(explore({ ...request, locale: 'es' }), 1).nested_interpretations_es?.['0']).toBe(
      '4 clientes, gasto medio 2.224, 21,5 compras/mes. Categorías principales: fitness-watch, fridge, water-filter.',
    );
  });

  it('name the window where the request does', () => {
    expect(parent(explore({ ...request, window: '90 days' }), 1).nested_interpretations_en?.['1']).toBe(
      '3 customers, avg spend 3,049, 25.3 purchases in 90 days. Top categories: smart-tv, soundbar, hdmi-cable.',
    );
  });

  it('claim that both scores agree only where they do', () => {
    const customers = [1, 2, 3, 101, 102, 103].map((frequency, i) =>
      customer(`c${i}`, frequency, frequency, ['a']),
    );
    const found = parent(explore({ customers, labels: allOf(customers, 7) }), 7);
    expect(found.selection_description).toMatch(
      /^Inside parent-cluster 7, k = 2 yielded the highest silhouette \(0\.\d+\) and lowest Davies-Bouldin \(0\.\d+\)\.$/,
    );
  });
});

const customer = (
  id: string,
  frequency: number,
  amount_spent: number,
  product_types: string[],
): PurchasingCustomer => ({
  id,
  frequency,
  amount_spent,
  product_types,
});
const allOf = (customers: readonly PurchasingCustomer[], label: number) =>
  Object.fromEntries(customers.map(({ id }) => [id, label]));

describe('awkward parents', () => {
  it('takes identical customers for too small, however many they are', () => {
    const customers = Array.from({ length: 30 }, (_, i) => customer(`c${i}`, 3, 10, ['tea']));
    expect(explore({ customers, labels: allOf(customers, 0) }).subsegment_results['0']).toMatchObject({
      status: 'too_small',
      n_customers: 30,
      n_distinct: 1,
    });
  });

  it('leaves out numbers of clusters that the different profiles do not allow', () => {
    const customers = Array.from({ length: 30 }, (_, i) => customer(`c${i}`, i % 3, 10, ['tea']));
    const { benchmark } = parent(
      explore({ customers, labels: allOf(customers, 0), k_range: [2, 3, 4, 50] }),
      0,
    );
    expect(benchmark.map(({ k }) => k)).toEqual([2, 3]);
  });

  it('takes customers without any category, and ids that are numbers or names of object members', () => {
    const ids = ['1', 'hasOwnProperty', 'constructor', 'toString', 'é/~', 'x'.repeat(4096)];
    const customers = ids.map((id, i) => customer(id, i, i * i, []));
    const labels = JSON.parse(`{${ids.map((id) => `${JSON.stringify(id)}:0`).join(',')}}`);
    const { nested_labels, nested_interpretations_en } = parent(explore({ customers, labels }), 0);
    expect(Object.keys(nested_labels).sort()).toEqual([...ids].sort());
    expect(nested_interpretations_en?.['0']).toMatch(/No categories\.$/);
  });

  it('makes columns of the 50 most frequent categories out of 10,000', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `category ${i}`);
    const customers = Array.from({ length: 12 }, (_, i) => customer(`c${i}`, i, i, i < 6 ? many : ['one']));
    const found = parent(
      explore({ customers, labels: allOf(customers, 0), categories: 'onehot50', k_range: [2] }),
      0,
    );
    const sides = customers.map(({ id }) => found.nested_labels[id]);
    expect(new Set(sides.slice(0, 6)).size).toBe(1);
    expect(sides[6]).not.toBe(sides[0]);
  });

  it.each([
    [
      'a customer without label',
      { labels: { C001: 2 } },
      /\/customers\/1\/id: no label for "C002".*and \d+ more/,
    ],
    [
      'a label without customer',
      { labels: { ...exampleLabels, C999: 1 } },
      /\/labels\/C999: no customer "C999"/,
    ],
    [
      'an id that stands there twice',
      { customers: [...exampleCustomers, exampleCustomers[0]] },
      /\/customers\/40\/id: the id "C001" stands there twice/,
    ],
    [
      'a parent that nobody has',
      { target_cluster: 9 },
      /\/target_cluster: no customer has the label 9; the labels are 0, 1, 2/,
    ],
  ])('fails for %s, naming it', (_what, more, message) => {
    expect(() => explore({ ...example, ...more })).toThrow(message);
  });
});
