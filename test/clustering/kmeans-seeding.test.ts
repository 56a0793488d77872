import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../functions/arrow/matrix.ts';
import { kmeansPlusPlus, randomRows } from '../../functions/clustering/kmeans-seeding.ts';
import { placeRows } from '../../functions/clustering/placed-rows.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';
import { blobs, matrixOf } from '../support/random-matrix.ts';

const kernels = loadKernelsSync();

const square = ({ nFeatures: d, values }: Matrix, a: number, b: number) => {
  let sum = 0;
  for (let j = 0; j < d; j++) sum += (values[a * d + j]! - values[b * d + j]!) ** 2;
  return sum;
};

/** Greedy k-means++ in float64, every distance computed; draws from the same generator. Returns row numbers. */
function seedingOracle(data: Matrix, nClusters: number, random: Random): number[] {
  const rows = Array.from({ length: data.nSamples }, (_, i) => i);
  const chosen = [random.integer(data.nSamples)];
  let closest = rows.map((row) => square(data, row, chosen[0]!));
  while (chosen.length < nClusters) {
    const total = closest.reduce((sum, x) => sum + x, 0);
    const candidates = Array.from({ length: 2 + Math.floor(Math.log(nClusters)) }, () => {
      let left = random.uniform() * total;
      return rows.find((row) => {
        left -= closest[row]!;
        return left < 0;
      })!;
    });
    const potentials = candidates.map((candidate) =>
      rows.reduce((sum, row) => sum + Math.min(closest[row]!, square(data, row, candidate)), 0),
    );
    const best = candidates[potentials.indexOf(Math.min(...potentials))]!;
    closest = rows.map((row) => Math.min(closest[row]!, square(data, row, best)));
    chosen.push(best);
  }
  return chosen;
}

describe('kmeansPlusPlus', () => {
  it.each([
    { n: 50, d: 1, k: 2 },
    { n: 700, d: 3, k: 8 },
    { n: 1500, d: 5, k: 30 },
  ])('chooses the rows that a float64 oracle chooses: $n × $d samples, $k centers', ({ n, d, k }) => {
    for (let seed = 0; seed < 8; seed++) {
      const data = blobs(n, d, 6, n + seed);
      const rows = seedingOracle(data, k, new Random(seed));
      const centers = kernels.memory.scope(() =>
        kmeansPlusPlus(kernels, placeRows(kernels, data), k, new Random(seed)),
      );
      rows.forEach((row, c) => {
        expect([...centers.subarray(c * d, (c + 1) * d)]).toEqual([
          ...data.values.subarray(row * d, (row + 1) * d),
        ]);
      });
    }
  });

  it('never chooses equal rows while different ones are left', () => {
    const data = matrixOf([...new Array<number[]>(40).fill([3, 3]), [1, 2], [5, 9], [0, 0]]);
    for (let seed = 0; seed < 20; seed++) {
      const centers = kernels.memory.scope(() =>
        kmeansPlusPlus(kernels, placeRows(kernels, data), 4, new Random(seed)),
      );
      const rows = [0, 1, 2, 3].map((c) => `${centers[2 * c]},${centers[2 * c + 1]}`);
      expect(rows.sort()).toEqual(['0,0', '1,2', '3,3', '5,9']);
    }
  });
});

describe('randomRows', () => {
  it('takes different rows', () => {
    const data = matrixOf([[1], [2], [3], [4], [5]]);
    const centers = kernels.memory.scope(() => randomRows(placeRows(kernels, data), 5, new Random(1)));
    expect([...centers].sort()).toEqual([1, 2, 3, 4, 5]);
  });
});
