import { describe, expect, it } from 'vitest';
import { kDistances } from '../../functions/clustering/dbscan-eps.ts';
import {
  buildNeighborTree,
  checkRows,
  type Rows,
  scalingOf,
  splitRows,
  unitFactor,
} from '../../functions/clustering/neighbor-tree.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';

const kernels = loadKernelsSync();

function randomRows(nSamples: number, nFeatures: number, draw: (random: Random) => number): Rows {
  const random = new Random(nSamples);
  return {
    nSamples,
    nFeatures,
    values: Float32Array.from({ length: nSamples * nFeatures }, () => draw(random)),
  };
}

describe('splitRows', () => {
  it('permutes the rows so that every leaf holds a run of them', () => {
    for (const [nSamples, nFeatures, leafSize] of [
      [1, 1, 8],
      [9, 3, 8],
      [1000, 5, 24],
      [3333, 16, 8],
    ] as const) {
      const rows = randomRows(nSamples, nFeatures, (random) => random.normal());
      kernels.memory.scope(() => {
        const tree = splitRows(kernels, rows, { leafSize }, (out) => out.set(rows.values));
        expect([...tree.order].sort((a, b) => a - b)).toEqual([...Array(nSamples).keys()]);
        for (const [position, row] of tree.order.entries()) {
          const at = position * nFeatures;
          expect(tree.coordinates[at]).toBe(rows.values[row * nFeatures]);
        }
        let covered = 0;
        for (let leaf = 0; leaf < tree.nLeaves; leaf++) {
          expect(tree.leaves[4 * leaf + 1]).toBeLessThanOrEqual(leafSize);
          covered += tree.leaves[4 * leaf + 1]! * tree.leaves[4 * leaf + 2]!;
        }
        expect(covered).toBe(nSamples);
        expect(tree.nNodes).toBe(2 * tree.nLeaves - 1);
      });
    }
  });

  it('keeps identical rows once, with their number, also where 0 and −0 meet', () => {
    const rows: Rows = { nSamples: 500, nFeatures: 2, values: new Float32Array(1000) };
    for (let row = 0; row < 500; row++) rows.values[2 * row] = row % 2 === 0 ? 0 : -0;
    kernels.memory.scope(() => {
      const tree = buildNeighborTree(kernels, rows, scalingOf(rows, 1), { leafSize: 24 });
      expect(tree).toMatchObject({ nLeaves: 1, nBlocks: 1 });
      expect([...tree.leaves.subarray(1, 3)]).toEqual([1, 500]);
    });
  });

  it('splits tables whose values crowd at one end, at ever smaller distances, into bounded leaves', () => {
    const values = Float32Array.from({ length: 4000 }, (_, row) => (row % 10 === 0 ? 2 ** -(row / 40) : 1));
    const rows: Rows = { nSamples: 4000, nFeatures: 1, values };
    kernels.memory.scope(() => {
      const tree = splitRows(kernels, rows, { leafSize: 24 }, (out) => out.set(values));
      for (let leaf = 0; leaf < tree.nLeaves; leaf++) {
        expect(tree.leaves[4 * leaf + 1]).toBeLessThanOrEqual(24);
      }
    });
  });
});

describe('kDistances', () => {
  it('equals sorting all distances', () => {
    for (const [nSamples, nFeatures, k] of [
      [300, 1, 2],
      [500, 5, 7],
      [400, 13, 40],
    ] as const) {
      const rows = randomRows(nSamples, nFeatures, (random) => Math.fround(random.integer(50) / 8));
      const expected = Array.from({ length: nSamples }, (_, a) => {
        const distances = Array.from({ length: nSamples }, (_, b) => {
          let squared = 0;
          for (let j = 0; j < nFeatures; j++) {
            squared += (rows.values[a * nFeatures + j]! - rows.values[b * nFeatures + j]!) ** 2;
          }
          return Math.sqrt(squared);
        });
        return distances.sort((x, y) => x - y)[k - 1]!;
      }).sort((x, y) => x - y);
      const actual = kDistances(kernels, rows, k);
      // Squared distances are float32.
      actual.forEach((distance, i) => {
        expect(Math.abs(distance - expected[i]!)).toBeLessThanOrEqual(1e-6 * expected[i]!);
      });
    }
  });
});

describe('rows and their scaling', () => {
  it('scales by a power of two that leaves finite factors for any values', () => {
    expect(unitFactor(Float64Array.of(-3, 1))).toBe(0.5);
    expect(unitFactor(Float64Array.of(0, 0))).toBe(1);
    expect(unitFactor(Float64Array.of(5e-324))).toBe(2 ** 1000);
  });

  it('fails for values that do not fit the shape or are not finite', () => {
    const values = Float64Array.of(1, 2, Number.NaN);
    expect(() => checkRows({ nSamples: 2, nFeatures: 2, values })).toThrow(
      /3 values, but 2 rows × 2 features/,
    );
    expect(() => checkRows({ nSamples: 1, nFeatures: 3, values })).toThrow(/Row 0, column 2 .* is NaN/);
  });
});
