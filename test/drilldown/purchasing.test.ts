import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HierarchyNode } from '../../functions/contracts/hierarchy-chart.ts';
import { hierarchyBodySchema } from '../../functions/contracts/hierarchy-chart.ts';
import {
  dendrogramBodySchema,
  purchasingBodySchema,
} from '../../functions/contracts/purchasing-segmentation.ts';
import { segmentHierarchy } from '../../functions/drilldown/hierarchy.ts';
import { purchasingDendrogram } from '../../functions/drilldown/purchasing-dendrogram.ts';
import { segmentPurchasing } from '../../functions/drilldown/segment-purchasing.ts';
import { loadKernels } from '../../functions/kernels/instance.ts';
import { exampleCustomers, exampleLabels } from './example.ts';

const kernels = await loadKernels();
const customers = [...exampleCustomers];
const segment = (more: Record<string, unknown> = {}) =>
  segmentPurchasing(kernels, purchasingBodySchema.parse({ customers, ...more }));
const dendrogram = (more: Record<string, unknown> = {}) =>
  purchasingDendrogram(kernels, dendrogramBodySchema.parse({ customers, ...more }));
const hierarchy = (more: Record<string, unknown> = {}) =>
  segmentHierarchy(kernels, hierarchyBodySchema.parse({ customers, ...more }));

describe('purchasing segmentation', () => {
  it('gives the printed parents by Ward on raw values, numbering included', () => {
    expect(segment({ algorithm: 'ward', k_range: [3], scaling: 'none' }).labels).toEqual(exampleLabels);
  });

  it('takes the best eligible candidate, and says what Davies-Bouldin thinks of it', () => {
    const { benchmark, best, selection_description } = segment();
    expect(benchmark.map(({ algorithm, k }) => `${algorithm} ${k ?? ''}`.trim())).toEqual(
      ['kmeans', 'ward'].flatMap((name) => [2, 3, 4, 5, 6].map((k) => `${name} ${k}`)).concat('dbscan'),
    );
    const highest = Math.max(...benchmark.map(({ eligible, silhouette }) => (eligible ? silhouette! : -1)));
    const chosen = benchmark.find(({ silhouette }) => silhouette === highest)!;
    expect(best).toEqual({ algorithm: chosen.algorithm, n_clusters: chosen.n_clusters });
    expect(selection_description).toContain(highest.toFixed(4));
  });

  it('leaves DBSCAN in the table but out of the choice where it calls too many customers noise', () => {
    const { benchmark } = segment();
    expect(benchmark.at(-1)).toMatchObject({ algorithm: 'dbscan', n_noise: 9, eligible: false });
  });

  it('labels noise −1 where DBSCAN was asked for and finds enough', () => {
    const outlier = { id: 'far', frequency: 500, amount_spent: 90_000, product_types: ['yacht'] };
    const twoGroups = Array.from({ length: 40 }, (_, i) => ({
      id: `c${String(i).padStart(2, '0')}`,
      frequency: i < 20 ? 1 + (i % 3) : 30 + (i % 3),
      amount_spent: i < 20 ? 10 + i : 900 + i,
      product_types: ['tea'],
    }));
    const { labels, cluster_legend, best } = segment({
      customers: [...twoGroups, outlier],
      algorithm: 'dbscan',
      scaling: 'none',
      eps: 60,
    });
    expect(best).toEqual({ algorithm: 'dbscan', n_clusters: 2 });
    expect(labels.far).toBe(-1);
    expect(cluster_legend.map(({ n_customers }) => n_customers)).toEqual([20, 20]);
  });

  it('finds the same segments in any order of the customers', () => {
    const { labels, benchmark } = segment();
    fc.assert(
      fc.property(fc.shuffledSubarray(customers, { minLength: customers.length }), (shuffled) => {
        const found = segment({ customers: shuffled });
        expect(found.labels).toEqual(labels);
        expect(found.benchmark).toEqual(benchmark);
      }),
      { numRuns: 10 },
    );
  });

  it('fails where all customers are alike, naming what each candidate found', () => {
    const alike = Array.from({ length: 9 }, (_, i) => ({ ...customers[0]!, id: `c${i}` }));
    expect(() => segment({ customers: alike })).toThrow(
      /No candidate splits the 9 customers: they have too few different profiles for any k/,
    );
  });

  it('fails for an id that stands there twice, naming the second row', () => {
    expect(() => segment({ customers: [...customers, customers[3]] })).toThrow(/\/customers\/40\/id.*"C004"/);
  });
});

describe('dendrogram', () => {
  it('gives SciPy’s linkage, leaves by id, and the printed parents as its default cut', () => {
    const { merges, customer_ids, leaf_order, labels, n_clusters } = dendrogram({ scaling: 'none' });
    expect(merges).toHaveLength(39);
    expect(merges.at(-1)![3]).toBe(40);
    expect(customer_ids).toEqual(customers.map(({ id }) => id));
    expect([...leaf_order].sort((a, b) => a - b)).toEqual(customers.map((_, i) => i));
    expect(n_clusters).toBe(3);
    expect(labels).toEqual(exampleLabels);
  });

  it('cuts by height into as many clusters as its list of heights says', () => {
    const { cut_heights } = dendrogram();
    for (const { n_clusters, from, below } of cut_heights.slice(0, 12)) {
      expect(dendrogram({ cut_height: from }).n_clusters).toBe(n_clusters);
      if (below !== null) expect(dendrogram({ cut_height: below }).n_clusters).toBeLessThan(n_clusters);
    }
  });

  it('nests the same tree: sizes sum, heights fall towards the leaves', () => {
    const { tree, merges } = dendrogram({ linkage: 'average' });
    let inner = 0;
    const walk = (node: NonNullable<typeof tree>): number => {
      if (!node.children) {
        expect(node).toEqual({ size: 1, height: 0, id: expect.any(String) });
        return 1;
      }
      inner++;
      for (const child of node.children) expect(child.height).toBeLessThanOrEqual(node.height);
      expect(node.children.reduce((sum, child) => sum + walk(child), 0)).toBe(node.size);
      return node.size;
    };
    expect(walk(tree!)).toBe(40);
    expect(inner).toBe(merges.length);
  });

  it('fails for two cuts at once, and for more clusters than customers', () => {
    expect(() => dendrogram({ n_clusters: 2, cut_height: 1 })).toThrow(/Give one of them/);
    expect(() => dendrogram({ n_clusters: 41 })).toThrow(/at most 40/);
  });
});

describe('hierarchy chart', () => {
  const nodes = function* (node: HierarchyNode): Generator<HierarchyNode> {
    yield node;
    for (const child of node.children ?? []) yield* nodes(child);
  };

  it('splits down to segments of five, children summing to their parent', () => {
    const { root, n_nodes, n_leaves, depth } = hierarchy();
    const all = [...nodes(root)];
    expect(all).toHaveLength(n_nodes);
    expect(all.filter(({ children }) => !children)).toHaveLength(n_leaves);
    expect(depth).toBeGreaterThanOrEqual(2);
    for (const { size, children } of all) {
      if (children) {
        expect(size).toBeGreaterThan(5);
        expect(children.reduce((sum, child) => sum + child.size, 0)).toBe(size);
      }
    }
  });

  it('begins with the labels it is given', () => {
    const { root } = hierarchy({ labels: exampleLabels });
    expect(root.children?.map(({ name, size }) => [name, size])).toEqual([
      ['Segment 0', 31],
      ['Segment 1', 7],
      ['Segment 2', 2],
    ]);
  });

  it('draws a well-formed picture that holds no markup from the data', () => {
    const hostile = customers.map((customer) => ({
      ...customer,
      product_types: ['</title><script>alert(1)</script>', '"&\u0000'],
    }));
    const { svg } = hierarchy({ customers: hostile, title: '<b>Q3</b>' });
    expect(svg).not.toMatch(/<script|<b>/);
    expect(svg).not.toContain('\u0000');
    expect(svg).toContain('&lt;b&gt;Q3&lt;/b&gt;');
    expect(svg!.match(/<path /g)).toHaveLength(hierarchy({ customers: hostile }).n_nodes - 1);
    expect(svg).not.toMatch(/NaN|undefined|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
  });

  it('is a single ring of one segment where nothing can be split', () => {
    const alike = Array.from({ length: 9 }, (_, i) => ({ ...customers[0]!, id: `c${i}` }));
    const { root, n_nodes } = hierarchy({ customers: alike });
    expect(n_nodes).toBe(1);
    expect(root.children).toBeUndefined();
  });
});
