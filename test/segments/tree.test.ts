import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agglomerate } from '../../functions/clustering/agglomerative.ts';
import { bisectingKMeans } from '../../functions/clustering/bisecting.ts';
import { type BisectingNode, treeStatistics } from '../../functions/clustering/bisecting-tree.ts';
import { mergeTree } from '../../functions/clustering/dendrogram.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { dendrogramDocument } from '../../functions/segments/dendrogram-document.ts';
import { drillDown, type TreeNode, treeDocument, treeNodeName } from '../../functions/segments/tree.ts';
import { Random } from '../../functions/stats/random.ts';

const kernels = loadKernelsSync();

/** Four groups of rows, two and two near each other, of different sizes. */
function groups() {
  const random = new Random(1);
  const centers = [
    [0, 0, 120],
    [0, 3, 80],
    [20, 0, 60],
    [20, 3, 40],
  ] as const;
  const rows = centers.flatMap(([x, y, n]) =>
    Array.from({ length: n }, () => [random.normal(x, 0.3), random.normal(y, 0.3)]),
  );
  return { nSamples: rows.length, nFeatures: 2, values: Float32Array.from(rows.flat()) };
}

const nodesOf = (node: TreeNode): TreeNode[] => [node, ...(node.children ?? []).flatMap(nodesOf)];

describe('the tree of segments', () => {
  const data = groups();
  const fit = bisectingKMeans(kernels, data, { seed: 3, minPoints: 30, maxDepth: 2 });
  const statistics = treeStatistics(kernels, data, fit, 3);
  const document = treeDocument(fit.tree, statistics, 'pt-BR', (clusters) => `grupo ${clusters.join('+')}`);
  const root = document.tree.level_0;

  it('has children that sum to their parent, down to clusters that hold everybody once', () => {
    for (const { size, children, cluster_ids, share } of nodesOf(root)) {
      expect(share).toBe(size / 300);
      if (children) {
        expect(children.reduce((sum, child) => sum + child.size, 0)).toBe(size);
        expect(children.flatMap((child) => child.cluster_ids).sort()).toEqual(cluster_ids);
      } else expect(size).toBe(fit.sizes[cluster_ids[0]!]);
    }
    expect(root.cluster_ids).toEqual([0, 1, 2, 3]);
  });

  it('names levels as the source does and tells its statistics', () => {
    expect(root).toMatchObject({ id: '0', name: 'Todos os Leads', level: 0, size: 300 });
    expect(root.children?.map(({ name, size }) => [name, size])).toEqual([
      ['Macro Segmento A (grupo 0+1)', 200],
      ['Macro Segmento B (grupo 2+3)', 100],
    ]);
    expect(root.children?.[0]?.children?.[1]).toMatchObject({
      id: '0.0.1',
      name: 'Micro Segmento A2 (grupo 1)',
      level: 2,
      size: 80,
    });
    expect(document.statistics).toMatchObject({
      n_levels: 3,
      n_leaf_clusters: 4,
      avg_leaf_size: 75,
    });
    expect(document.statistics.best_depth_for_lead).toBe(`level_${statistics.bestDepth}`);
    expect(treeNodeName([1, 0, 1], undefined, 'en')).toBe('Micro Segment B1.2');
  });

  it('is a document: JSON loses nothing of it', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('is walked one level at a time', () => {
    const top = drillDown(root, '0');
    expect(top.path).toEqual([]);
    expect(top.children.map(({ id, n_children }) => [id, n_children])).toEqual([
      ['0.0', 2],
      ['0.1', 2],
    ]);
    expect(top.children.some((child) => 'children' in child)).toBe(false);
    for (const node of nodesOf(root)) {
      const level = drillDown(root, node.id);
      expect(level.node).toMatchObject({
        id: node.id,
        size: node.size,
        n_children: node.children?.length ?? 0,
      });
      expect(level.path).toHaveLength(node.level);
      expect(level.children.map(({ id }) => id)).toEqual((node.children ?? []).map(({ id }) => id));
    }
  });

  it('has one level when nothing was split', () => {
    const alone: BisectingNode = { depth: 0, size: 7, center: new Float64Array(1), inertia: 0, label: 0 };
    const shape = { nLevels: 1, nLeafClusters: 1, avgLeafSize: 7, bestDepth: 0, silhouettes: [] };
    const one = treeDocument(alone, shape, 'es', () => undefined);
    expect(one.tree.level_0).toMatchObject({
      name: 'Todos los Leads',
      split_silhouette: null,
      cluster_ids: [0],
    });
    expect(drillDown(one.tree.level_0, '0').children).toEqual([]);
  });

  it.each(['', '1', '0.7', '0.0.0.0', '0.00', 'level_0'])(
    'fails for the node "%s", which does not exist',
    (id) => {
      expect(() => drillDown(root, id)).toThrow(/no node/);
    },
  );
});

describe('the dendrogram', () => {
  /** Rows at 0, 1, 5, 7 and 20 on a line, single linkage. */
  const tree = mergeTree(5, Int32Array.from([0, 1, 2, 3, 1, 2, 3, 4]), Float64Array.from([1, 2, 4, 13]));

  it('is the whole tree in the format of SciPy when it has few rows', () => {
    expect(dendrogramDocument(tree)).toEqual({
      n_rows: 5,
      leaves: [0, 1, 2, 3, 4].map((node) => ({ node, size: 1 })),
      merges: [
        { left: 0, right: 1, height: 1, size: 2 },
        { left: 2, right: 3, height: 2, size: 2 },
        { left: 5, right: 6, height: 4, size: 4 },
        { left: 4, right: 7, height: 13, size: 5 },
      ],
      leaf_order: [4, 0, 1, 2, 3],
    });
  });

  it('folds the lowest merges into leaves that say how many rows they hold', () => {
    expect(dendrogramDocument(tree, 3)).toEqual({
      n_rows: 5,
      leaves: [
        { node: 4, size: 1 },
        { node: 5, size: 2 },
        { node: 6, size: 2 },
      ],
      merges: [
        { left: 1, right: 2, height: 4, size: 4 },
        { left: 0, right: 3, height: 13, size: 5 },
      ],
      leaf_order: [0, 1, 2],
    });
    expect(dendrogramDocument(tree, 1)).toEqual({
      n_rows: 5,
      leaves: [{ node: 8, size: 5 }],
      merges: [],
      leaf_order: [0],
    });
  });

  it('holds every row once, with ascending heights, however many leaves it has', () => {
    const data = groups();
    const ward = agglomerate(kernels, data, 'ward');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (maxLeaves) => {
        const { leaves, merges, leaf_order } = dendrogramDocument(ward, maxLeaves);
        expect(leaves).toHaveLength(Math.min(300, maxLeaves));
        expect(leaves.reduce((sum, { size }) => sum + size, 0)).toBe(300);
        expect([...leaf_order].sort((a, b) => a - b)).toEqual([...leaves.keys()]);
        const sizes = leaves.map(({ size }) => size);
        let below = 0;
        for (const { left, right, height, size } of merges) {
          expect(left).toBeLessThan(right);
          expect(sizes[left]! + sizes[right]!).toBe(size);
          expect(height).toBeGreaterThanOrEqual(below);
          sizes.push(size);
          below = height;
        }
      }),
      { numRuns: 50 },
    );
  });

  it('exists for a single row and for none', () => {
    const of = (n: number) => mergeTree(n, new Int32Array(0), new Float64Array(0));
    expect(dendrogramDocument(of(1))).toMatchObject({ leaves: [{ node: 0, size: 1 }], leaf_order: [0] });
    expect(dendrogramDocument(of(0))).toEqual({ n_rows: 0, leaves: [], merges: [], leaf_order: [] });
  });

  it('fails for a number of leaves that is none', () => {
    expect(() => dendrogramDocument(tree, 0)).toThrow(/whole number from 1/);
  });
});
