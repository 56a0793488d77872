import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../functions/arrow/matrix.ts';
import { alone } from '../../functions/clustering/crew.ts';
import { FixedRows } from '../../functions/clustering/fixed-rows.ts';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { KMeansMembers } from '../../functions/clustering/kmeans-members.ts';
import { PassChoice } from '../../functions/clustering/kmeans-passes.ts';
import { createState, placeCenters, workDone } from '../../functions/clustering/kmeans-state.ts';
import { placeRows } from '../../functions/clustering/placed-rows.ts';
import { type Kernels, loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';
import { lloydOracle, nearest } from '../support/kmeans-oracle.ts';
import { blobs, firstRows } from '../support/random-matrix.ts';

function matrix(nSamples: number, nFeatures: number, value: (row: number, j: number) => number): Matrix {
  const values = Float32Array.from({ length: nSamples * nFeatures }, (_, at) =>
    value(Math.floor(at / nFeatures), at % nFeatures),
  );
  return { nSamples, nFeatures, values };
}

/** Tables that are hard to round: each value of a few is far from all others, or the only one that is not 0. */
function hardTables(n: number, d: number): Record<string, Matrix> {
  const random = new Random(n + d);
  const uniform = () => random.uniform();
  return {
    uniform: matrix(n, d, uniform),
    lattice: matrix(n, d, () => Math.floor(4 * uniform())),
    'far from 0': blobs(n, d, 3, n, { offset: 1e6 }),
    'heavy tails': matrix(n, d, () => Math.exp(4 * random.normal())),
    'one value in a thousand': matrix(n, d, () => (uniform() < 0.001 ? 1 : 0)),
    'rare outliers': matrix(n, d, (row) => (row % 7 === 3 ? 1e4 : 1) * uniform()),
    'columns of very different size': matrix(n, d, (_, j) => 10 ** (j - 6) * random.normal()),
    huge: matrix(n, d, () => 1e30 * random.normal()),
    tiny: matrix(n, d, () => 1e-30 * random.normal()),
    'all the same': matrix(n, d, () => 3),
    'all 0': matrix(n, d, () => 0),
  };
}

/** Labels for some rows as centers, then twice for others, by passes in fixed point. */
function fixedPasses(kernels: Kernels, data: Matrix, k: number, keepsGaps: boolean) {
  return kernels.memory.scope(() => {
    const { nSamples, nFeatures } = data;
    const placed = placeRows(kernels, data);
    const rows = { nSamples, nFeatures, values: Float32Array.from(placed.rows) };
    const state = createState(kernels, placed, k);
    const members = new KMeansMembers(kernels, state, alone(kernels));
    const first = Float64Array.from(
      { length: k * nFeatures },
      (_, at) => rows.values[at % rows.values.length]!,
    );
    placeCenters(state, first);
    members.pass('kmeans_assign_f32');
    const clusters = () => Array.from(state.labels.subarray(0, nSamples), (label) => label >> 2);
    const fixed = new FixedRows(kernels, state);
    const argsOf = (member: number, from: number, to: number) => [
      members.addressOf(member),
      from,
      to,
      Number(keepsGaps),
    ];
    const passes = [0.75, 0.5].map((factor) => {
      const centers = first.map((x, at) => x * factor + ((at % 3) * 0.125) / 8);
      placeCenters(state, centers);
      // Clocks stand still here: no gap holds for the new centers.
      state.gaps.fill(0, 0, nSamples);
      const before = clusters();
      const done = workDone(state).decisions;
      const changed = fixed.reassign(members, argsOf);
      return {
        before,
        after: clusters(),
        changed,
        centers,
        leftOpen: workDone(state).decisions - done - Math.ceil(nSamples / 8),
        gaps: [...state.gaps.subarray(0, nSamples)],
        counts: [...state.counts],
        sums: Array.from({ length: k }, (_, c) => [
          ...state.sums.subarray(c * state.sumsWidth, c * state.sumsWidth + nFeatures),
        ]),
      };
    });
    return { rows, passes };
  });
}

describe.each(['relaxed-fma', 'strict'] as const)('rows in fixed point, %s', (numericMode) => {
  const kernels = loadKernelsSync({ numericMode });

  for (const keepsGaps of [true, false]) {
    it(`get the float64 labels, gaps kept ${keepsGaps}`, () => {
      for (const [n, d, k] of [
        [1, 12, 1],
        [9, 12, 2],
        [250, 13, 8],
        [250, 13, 9],
        [403, 16, 4],
        [130, 41, 50],
      ] as const) {
        for (const [name, data] of Object.entries(hardTables(n, d))) {
          const { rows, passes } = fixedPasses(kernels, data, k, keepsGaps);
          for (const { before, after, changed, centers, counts, sums } of passes) {
            const expected = Array.from({ length: n }, (_, row) => nearest(rows, row, centers).label);
            expect(after, `${name}, ${n} × ${d}, ${k} clusters`).toEqual(expected);
            expect(changed).toBe(after.filter((label, row) => label !== before[row]).length);
            const expectedCounts = new Array<number>(k).fill(0);
            const expectedSums = Array.from({ length: k }, () => new Array<number>(d).fill(0));
            after.forEach((label, row) => {
              expectedCounts[label]!++;
              for (let j = 0; j < d; j++) expectedSums[label]![j]! += rows.values[row * d + j]!;
            });
            expect(counts).toEqual(expectedCounts);
            expect(sums).toEqual(expectedSums);
          }
        }
      }
    });
  }

  it('leave few rows of ordinary tables to float32', () => {
    for (const k of [4, 11]) {
      const { passes } = fixedPasses(kernels, hardTables(403, 16).uniform!, k, false);
      for (const { leftOpen } of passes) expect(leftOpen).toBeLessThan(5);
    }
  });

  it('leave few rows to float32 where values of 0 or 1 meet heavy tails, and one center lies far out', () => {
    const random = new Random(9);
    const table = matrix(4001, 30, (row, j) => {
      if (j < 6) return Math.exp(random.normal()) / 2 + (row === 5 ? 20 : 0);
      return Number(random.uniform() < 0.01 * (j - 5));
    });
    for (const k of [8, 50]) {
      const { passes } = fixedPasses(kernels, table, k, false);
      for (const { leftOpen } of passes) expect(leftOpen).toBeLessThan(0.03 * 4001);
    }
  });

  it('give gaps that no row exceeds by float64 distances', () => {
    const d = 13;
    for (const [name, k] of [
      ['uniform', 7],
      ['heavy tails', 7],
      ['uniform', 9],
      ['heavy tails', 9],
    ] as const) {
      const { rows, passes } = fixedPasses(kernels, hardTables(403, d)[name]!, k, true);
      const { gaps, after, centers } = passes[1]!;
      let known = 0;
      for (let row = 0; row < 403; row++) {
        const distances = Array.from({ length: k }, (_, c) =>
          Math.hypot(...Array.from({ length: d }, (_, j) => rows.values[row * d + j]! - centers[c * d + j]!)),
        );
        const own = distances[after[row]!]!;
        const margin = Math.min(...distances.filter((_, c) => c !== after[row])) - own;
        expect(gaps[row]).toBeLessThanOrEqual(margin);
        if (gaps[row]! > 0.9 * margin) known++;
      }
      // Those whose label has just changed start at 0.
      expect(known).toBeGreaterThan(250);
    }
  });

  it('take the steps of float64 on a table of several calls, with heavy tails', () => {
    const random = new Random(7);
    const data = matrix(20_001, 13, (_, j) =>
      j < 6 ? Math.exp(random.normal()) : Number(random.uniform() < 0.2),
    );
    const init = firstRows(data, 6);
    const fit = kmeans(kernels, data, { nClusters: 6, seed: 1, init, tol: 0, maxIter: 30 });
    const oracle = lloydOracle(data, init, 30);
    expect(fit.iterations).toBe(oracle.iterations);
    const names = new Map<number, number>();
    fit.labels.forEach((label, row) => {
      if (!names.has(label)) names.set(label, oracle.labels[row]!);
    });
    expect(fit.labels.every((label, row) => names.get(label) === oracle.labels[row])).toBe(true);
    expect(names.size).toBe(6);
  });
});

describe('the choice of fixed point', () => {
  const kernels = loadKernelsSync();
  const passesFor = (nSamples: number, nFeatures: number, nClusters = 8) => {
    const state = createState(
      kernels,
      placeRows(
        kernels,
        matrix(nSamples, nFeatures, (row, j) => row % (j + 2)),
      ),
      nClusters,
    );
    return { state, passes: new PassChoice(state, 1) };
  };

  it('is made at once for tables that caches hold, not for few features', () => {
    kernels.memory.scope(() => {
      expect(passesFor(1000, 16).passes.isFixed).toBe(true);
      expect(passesFor(1000, 8).passes.isFixed).toBe(false);
    });
  });

  it('serves all passes in which hardly any center can be left out', () => {
    const random = new Random(3);
    const data = matrix(8000, 24, () => random.uniform());
    kernels.memory.scope(() => {
      const state = createState(kernels, placeRows(kernels, data), 40);
      const init = firstRows(data, 40);
      placeCenters(state, init);
      kernels.exports.kmeans_assign_f32(state.address, 0, data.nSamples);
      const passes = new PassChoice(state, 24 / 12);
      // Six gaps in ten are out of date: a pass in float32 over all rows would cost more than one over these.
      state.gaps.fill(-1, 0, 4800);
      state.gaps.fill(1, 4800, 8000);
      passes.choose();
      expect([passes.isDense, passes.isFixed]).toEqual([true, true]);
    });
  });

  it('is made at once for larger tables of few clusters; of more, it waits for three passes over all samples', () => {
    kernels.memory.scope(() => {
      expect(passesFor(600_000, 16).passes.isFixed).toBe(true);
      const { state, passes } = passesFor(600_000, 16, 9);
      for (let pass = 0; pass < 3; pass++) {
        expect(passes.isFixed).toBe(false);
        const before = workDone(state);
        passes.learn(before, { ...before, decisions: 75_000 });
      }
      expect(passes.isFixed).toBe(true);
    });
  });

  it('is taken back where rounding leaves too many samples open', () => {
    kernels.memory.scope(() => {
      const { state, passes } = passesFor(1000, 16);
      const before = workDone(state);
      passes.learn(before, { ...before, decisions: 125 + 20 });
      expect(passes.isFixed).toBe(true);
      passes.learn(before, { ...before, decisions: 125 + 40 });
      expect(passes.isFixed).toBe(false);
    });
  });
});
