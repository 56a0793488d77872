import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../functions/arrow/matrix.ts';
import { gapStatistic } from '../../functions/clustering/gap-statistic.ts';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { rowsAt } from '../../functions/clustering/silhouette-interval.ts';
import { clusterStability } from '../../functions/clustering/stability.ts';
import { assessStructure } from '../../functions/clustering/structure.ts';
import { principalAxes, uniformReference } from '../../functions/clustering/structure-reference.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';

const kernels = loadKernelsSync();
const matrixOf = (rows: number[][]): Matrix => ({
  nSamples: rows.length,
  nFeatures: rows[0]!.length,
  values: Float32Array.from(rows.flat()),
});

function rowsFrom(n: number, draw: (random: Random, row: number) => number[], seed = 1): Matrix {
  const random = new Random(seed);
  return matrixOf(Array.from({ length: n }, (_, row) => draw(random, row)));
}

const CENTERS = [
  [0, 0],
  [6, 1],
  [2, 7],
] as const;
const blobs = rowsFrom(240, (random, row) => CENTERS[row % 3]!.map((x) => x + random.normal()));
const uniform = rowsFrom(240, (random) => [random.uniform(), random.uniform() * 3]);
const normal = rowsFrom(240, (random) => [random.normal(), random.normal() * 2, random.normal()]);
const heavyTail = rowsFrom(240, (random) => [
  Math.exp(1.5 * random.normal()),
  Math.exp(1.5 * random.normal()),
]);

describe('principalAxes', () => {
  it('finds the axes of a tilted ellipse worked by hand', () => {
    // [[3, 1], [1, 3]] has eigenvectors (1, −1)/√2 for 2 and (1, 1)/√2 for 4.
    const axes = principalAxes(Float64Array.of(3, 1, 1, 3), 2);
    expect(Math.abs(axes[0]! * axes[2]! + axes[1]! * axes[3]!)).toBeLessThan(1e-15);
    for (const value of axes) expect(Math.abs(value)).toBeCloseTo(Math.SQRT1_2, 14);
  });

  it('diagonalises any symmetric matrix with orthonormal axes', () => {
    const n = 6;
    const random = new Random(3);
    const matrix = new Float64Array(n * n);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b <= a; b++) matrix[a * n + b] = matrix[b * n + a] = random.normal();
    }
    const axes = principalAxes(matrix, n);
    const product = (i: number, j: number, through: (a: number, b: number) => number) => {
      let sum = 0;
      for (let a = 0; a < n; a++) {
        for (let b = 0; b < n; b++) sum += axes[a * n + i]! * through(a, b) * axes[b * n + j]!;
      }
      return sum;
    };
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        expect(product(i, j, (a, b) => Number(a === b))).toBeCloseTo(Number(i === j), 12);
        if (i !== j) expect(product(i, j, (a, b) => matrix[a * n + b]!)).toBeCloseTo(0, 12);
      }
    }
  });

  it('frames the data: uniform rows lie in its box along its axes', () => {
    const line = rowsFrom(100, (random) => {
      const t = random.uniform();
      return [t, t, 5];
    });
    const drawn = uniformReference(line)(new Random(2));
    for (let row = 0; row < 100; row++) {
      expect(drawn.values[3 * row]).toBeCloseTo(drawn.values[3 * row + 1]!, 5);
      expect(drawn.values[3 * row + 2]).toBeCloseTo(5, 5);
      expect(drawn.values[3 * row]! >= -1e-6 && drawn.values[3 * row]! <= 1 + 1e-6).toBe(true);
    }
  });
});

describe('gapStatistic', () => {
  const options = { maxClusters: 5, seed: 1, nReferences: 10 };

  it('chooses three clusters for three groups and one for none', () => {
    expect(gapStatistic(kernels, blobs, options).nClusters).toBe(3);
    expect(gapStatistic(kernels, uniform, options).nClusters).toBe(1);
    expect(gapStatistic(kernels, normal, options).nClusters).toBe(1);
  });

  it('tells the inertia it compared, and repeats itself', () => {
    const { table } = gapStatistic(kernels, blobs, options);
    const fit = kmeans(kernels, blobs, { nClusters: 3, seed: 1, nInit: 5 });
    expect(table[2]!.logInertia).toBe(Math.log(fit.inertia));
    expect(gapStatistic(kernels, blobs, options).table).toEqual(table);
  });

  it('fails for no clusters and for a single reference', () => {
    expect(() => gapStatistic(kernels, blobs, { maxClusters: 0, seed: 1 })).toThrow(/maxClusters is 0/);
    expect(() => gapStatistic(kernels, blobs, { ...options, nReferences: 1 })).toThrow(/nReferences 1/);
  });
});

describe('assessStructure', () => {
  const options = { seed: 1, maxClusters: 4 };

  it('finds joint structure in groups', () => {
    const found = assessStructure(kernels, blobs, options);
    expect(found).toMatchObject({ verdict: 'joint', nClusters: 3, pUniform: 1 / 40, pIndependent: 1 / 40 });
    expect(found.reason).toMatch(/^Structure: .* 3 clusters/);
  });

  it('finds none in uniform and in normal rows', () => {
    expect(assessStructure(kernels, uniform, options).verdict).toBe('none');
    expect(assessStructure(kernels, normal, options).verdict).toBe('none');
  });

  it('calls a heavy tail a matter of single columns', () => {
    const found = assessStructure(kernels, heavyTail, options);
    expect(found.verdict).toBe('columns');
    expect(found.pIndependent).toBeGreaterThan(0.05);
  });

  it('fails for a range that is none', () => {
    expect(() => assessStructure(kernels, blobs, { seed: 1, minClusters: 1 })).toThrow(/from 2 on/);
  });
});

describe('clusterStability', () => {
  const fitOf = (data: Matrix, nClusters: number) => (rows: Int32Array) =>
    kmeans(kernels, rowsAt(data, rows), { nClusters, seed: 1, nInit: 3 }).labels;
  const labelsOf = (data: Matrix, nClusters: number) => kmeans(kernels, data, { nClusters, seed: 1 }).labels;

  it('is near 1 for groups that are there, and lower for cuts through a cloud', () => {
    const options = { seed: 4, nResamples: 20 };
    const stable = clusterStability(labelsOf(blobs, 3), 3, fitOf(blobs, 3), options);
    expect(Math.min(...stable.jaccard)).toBeGreaterThan(0.9);
    expect([...stable.dissolved]).toEqual([0, 0, 0]);
    const cut = clusterStability(labelsOf(normal, 5), 5, fitOf(normal, 5), options);
    expect(Math.min(...cut.jaccard)).toBeLessThan(0.75);
  });

  it('counts shared rows over all rows, each once, as worked by hand', () => {
    // The refit puts every row into one cluster: similarity = size of the cluster among the rows drawn ÷ all drawn.
    const labels = Int32Array.of(0, 0, 0, 1, -1);
    const drawn: number[][] = [];
    const together = (rows: Int32Array) => {
      drawn.push([...new Set(rows)]);
      return new Int32Array(rows.length);
    };
    const { jaccard } = clusterStability(labels, 2, together, { seed: 9, nResamples: 1 });
    const inFirst = drawn[0]!.filter((row) => row < 3).length;
    expect(jaccard[0]).toBe(inFirst / drawn[0]!.length);
  });

  it('fails when a refit leaves rows out', () => {
    expect(() => clusterStability(Int32Array.of(0, 1), 2, () => new Int32Array(1), { seed: 1 })).toThrow(
      /2 rows were to be clustered, 1 labels/,
    );
    expect(() => clusterStability(Int32Array.of(0), 1, (rows) => rows, { seed: 1, nResamples: 0 })).toThrow(
      /nResamples is 0/,
    );
  });
});
