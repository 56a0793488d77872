import { describe, expect, it } from 'vitest';
import { cutAtCount, cutAtHeight, leafOrder, mergeTree } from '../../functions/clustering/dendrogram.ts';

/** Rows 0 and 1 at height 1, rows 3 and 4 at 2, row 2 with {0, 1} at 3, all at 10; found in another order. */
const tree = mergeTree(5, Int32Array.of(3, 4, 0, 1, 2, 4, 1, 2), Float64Array.of(2, 1, 10, 3));

describe('mergeTree', () => {
  it('sorts merges by height and numbers clusters from nSamples on', () => {
    expect([...tree.heights]).toEqual([1, 2, 3, 10]);
    expect([...tree.left]).toEqual([0, 3, 2, 6]);
    expect([...tree.right]).toEqual([1, 4, 5, 7]);
    expect([...tree.sizes]).toEqual([2, 2, 3, 5]);
  });

  it('keeps the order found among equal heights', () => {
    const tied = mergeTree(4, Int32Array.of(2, 3, 0, 1, 1, 2), Float64Array.of(1, 1, 1));
    expect([...tied.left]).toEqual([2, 0, 4]);
    expect([...tied.right]).toEqual([3, 1, 5]);
  });

  it('is empty for one row', () => {
    const single = mergeTree(1, new Int32Array(0), new Float64Array(0));
    expect([...cutAtCount(single, 1)]).toEqual([0]);
    expect([...leafOrder(single)]).toEqual([0]);
  });
});

describe('cutting a tree', () => {
  it('undoes the last merges until the count is reached', () => {
    const partition = (labels: Int32Array) =>
      [...new Set(labels)].map((l) => [...labels.keys()].filter((i) => labels[i] === l)).map(String);
    expect([...cutAtCount(tree, 1)]).toEqual([0, 0, 0, 0, 0]);
    expect(partition(cutAtCount(tree, 2)).sort()).toEqual(['0,1,2', '3,4']);
    expect(partition(cutAtCount(tree, 3)).sort()).toEqual(['0,1', '2', '3,4']);
    expect(partition(cutAtCount(tree, 5)).length).toBe(5);
  });

  it('joins what merges at or below a height', () => {
    expect(cutAtHeight(tree, 3)).toEqual(cutAtCount(tree, 2));
    expect(cutAtHeight(tree, 2.999)).toEqual(cutAtCount(tree, 3));
    expect(cutAtHeight(tree, 0)).toEqual(cutAtCount(tree, 5));
    expect(new Set(cutAtHeight(tree, Number.POSITIVE_INFINITY)).size).toBe(1);
  });

  it('nests: a finer cut splits clusters of a coarser one and never joins them', () => {
    for (let k = 1; k < 5; k++) {
      const coarse = cutAtCount(tree, k);
      const fine = cutAtCount(tree, k + 1);
      const parents = new Map<number, number>();
      for (const [row, label] of fine.entries()) {
        expect(parents.get(label) ?? coarse[row]).toBe(coarse[row]);
        parents.set(label, coarse[row]!);
      }
    }
  });

  it('fails for a count or height out of range', () => {
    for (const k of [0, 6, 1.5, Number.NaN]) expect(() => cutAtCount(tree, k)).toThrow(/1 to 5 clusters/);
    expect(() => cutAtHeight(tree, -1)).toThrow(/number from 0/);
    expect(() => cutAtHeight(tree, Number.NaN)).toThrow(/number from 0/);
  });
});

describe('leafOrder', () => {
  it('lists left subtrees before right ones', () => {
    // 8 = (6, 7), 6 = (3, 4), 7 = (2, 5), 5 = (0, 1)
    expect([...leafOrder(tree)]).toEqual([3, 4, 2, 0, 1]);
  });
});
