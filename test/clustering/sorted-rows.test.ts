import { describe, expect, it, vi } from 'vitest';
import type { Matrix } from '../../functions/arrow/matrix.ts';
import { CenterMovement } from '../../functions/clustering/center-movement.ts';
import { alone } from '../../functions/clustering/crew.ts';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { KMeansMembers } from '../../functions/clustering/kmeans-members.ts';
import { PassChoice } from '../../functions/clustering/kmeans-passes.ts';
import { createState, type KMeansState, placeCenters } from '../../functions/clustering/kmeans-state.ts';
import { placeRows } from '../../functions/clustering/placed-rows.ts';
import { SortedRows } from '../../functions/clustering/sorted-rows.ts';
import { type Kernels, loadKernelsSync } from '../../functions/kernels/instance.ts';
import { lloydOracle } from '../support/kmeans-oracle.ts';
import { blobs, firstRows, matrixOf } from '../support/random-matrix.ts';

const relaxed = loadKernelsSync();
const strict = loadKernelsSync({ numericMode: 'strict' });

/** Lloyd's steps by hand: labels after some iterations, sorted before each of them or never. */
function labelsAfter(kernels: Kernels, data: Matrix, k: number, sorts: boolean): number[] {
  const iterations = 12;
  return kernels.memory.scope(() => {
    const placed = placeRows(kernels, data);
    const state = createState(kernels, placed, k);
    const movement = new CenterMovement(state);
    const sorted = new SortedRows(kernels, state, new KMeansMembers(kernels, state, alone(kernels)));
    let centers = firstRows({ ...data, values: placed.rows }, k);
    placeCenters(state, centers);
    kernels.exports.kmeans_assign_f32(state.address, 0, data.nSamples);
    for (let i = 0; i < iterations; i++) {
      if (sorts) sorted.sort();
      const next = means(state);
      movement.advance(state, next);
      centers = next;
      placeCenters(state, centers);
      if (state.hasOrder) kernels.exports.kmeans_order_f32(state.address);
      sorted.reassign(false);
    }
    sorted.restore();
    expect([...state.counts].reduce((a, b) => a + b, 0)).toBe(data.nSamples);
    return Array.from(state.labels.subarray(0, data.nSamples), (label) => label >> 2);
  });
}

function means({ nClusters, nFeatures, sums, sumsWidth, counts }: KMeansState): Float64Array {
  const centers = new Float64Array(nClusters * nFeatures);
  for (let c = 0; c < nClusters; c++) {
    for (let j = 0; j < nFeatures; j++) {
      centers[c * nFeatures + j] = sums[c * sumsWidth + j]! / Math.max(1, counts[c]!);
    }
  }
  return centers;
}

/** The oracle's numbers by initial center as ours by size: equal to ours where the partition is the same. */
function renumbered(labels: ArrayLike<number>, like: Int32Array): Int32Array {
  const names = new Map<number, number>();
  return Int32Array.from(labels, (label, row) => {
    if (!names.has(label)) names.set(label, like[row]!);
    return names.get(label)!;
  });
}

describe('SortedRows', () => {
  it.each([
    { n: 1, d: 2, k: 1 },
    { n: 7, d: 1, k: 2 },
    { n: 8, d: 3, k: 2 },
    { n: 9, d: 4, k: 3 },
    { n: 129, d: 5, k: 1 },
    { n: 1000, d: 3, k: 8 },
    { n: 20_011, d: 13, k: 8 },
    { n: 17_000, d: 16, k: 22 },
    { n: 3000, d: 2, k: 300 },
  ])('changes no label by sorting before every step: $n × $d samples, $k clusters', ({ n, d, k }) => {
    const data = blobs(n, d, 5, n + k, { heavyTail: true });
    const plain = labelsAfter(relaxed, data, k, false);
    expect(labelsAfter(relaxed, data, k, true)).toEqual(plain);
    expect(labelsAfter(strict, data, k, true)).toEqual(plain);
  });

  it('changes no label where rows repeat and centers tie', () => {
    const data = matrixOf(Array.from({ length: 2400 }, (_, i) => [i % 6, (i * 7) % 4]));
    const plain = labelsAfter(relaxed, data, 6, false);
    expect(labelsAfter(relaxed, data, 6, true)).toEqual(plain);
    expect(labelsAfter(strict, data, 6, true)).toEqual(plain);
  });

  it('changes no label when columns lie a million away from 0', () => {
    const data = blobs(5000, 3, 4, 8, { spread: 2, offset: 1e6 });
    const plain = labelsAfter(relaxed, data, 9, false);
    expect(labelsAfter(relaxed, data, 9, true)).toEqual(plain);
    expect(labelsAfter(strict, data, 9, true)).toEqual(plain);
  });

  it('leaves small tables and few clusters as they are', () => {
    relaxed.memory.scope(() => {
      const suits = (nSamples: number, k: number) => {
        const placed = placeRows(relaxed, blobs(nSamples, 8, 3, 1));
        return SortedRows.suits(createState(relaxed, placed, k));
      };
      expect(suits(40_000, 12)).toBe(true);
      expect(suits(40_000, 8)).toBe(false);
      expect(suits(10_000, 12)).toBe(false);
    });
  });

  it('brings labels and gaps back to the order of the table', () => {
    relaxed.memory.scope(() => {
      const data = blobs(1000, 3, 4, 2);
      const placed = placeRows(relaxed, data);
      const state = createState(relaxed, placed, 4);
      placeCenters(state, firstRows({ ...data, values: placed.rows }, 4));
      relaxed.exports.kmeans_assign_f32(state.address, 0, 1000);
      const labels = [...state.labels];
      const gaps = [...state.gaps];
      const sorted = new SortedRows(relaxed, state, new KMeansMembers(relaxed, state, alone(relaxed)));
      sorted.sort();
      sorted.sort();
      sorted.sort();
      state.labels.fill(0);
      state.gaps.fill(0);
      sorted.restore();
      expect([...state.labels].slice(0, 1000)).toEqual(labels.slice(0, 1000));
      expect([...state.gaps].slice(0, 1000)).toEqual(gaps.slice(0, 1000));
    });
  });

  it.each([
    { n: 22_000, d: 12, k: 12 },
    { n: 45_000, d: 6, k: 9 },
  ])(
    'takes the steps of a float64 Lloyd in a fit long enough to sort: $n × $d, $k clusters',
    ({ n, d, k }) => {
      const data = blobs(n, d, 3, 11, { heavyTail: true, spread: 3 });
      const init = firstRows(data, k);
      const sort = vi.spyOn(SortedRows.prototype, 'sort');
      const fit = kmeans(relaxed, data, { nClusters: k, seed: 1, init, tol: 0 });
      expect(sort).toHaveBeenCalled();
      sort.mockRestore();
      const oracle = lloydOracle(data, init, 300, 0);
      expect(fit.iterations).toBe(oracle.iterations);
      expect(fit.labels).toEqual(renumbered(oracle.labels, fit.labels));
    },
  );

  it.each([
    { n: 9001, d: 4, k: 7, sortings: 100 },
    { n: 4003, d: 16, k: 34, sortings: 1 },
  ])(
    'takes the steps of a float64 Lloyd when passes over all rows or bounds per group follow on $sortings sortings',
    ({ n, d, k, sortings }) => {
      for (const kernels of [relaxed, strict]) {
        vi.spyOn(SortedRows, 'suits').mockReturnValue(true);
        let asked = 0;
        const isDense = vi.spyOn(PassChoice.prototype, 'isDense', 'get');
        isDense.mockImplementation(() => ++asked % 7 === 0);
        const sortIfItPays = vi.spyOn(SortedRows.prototype, 'sortIfItPays');
        let sorted = 0;
        sortIfItPays.mockImplementation(function (this: SortedRows) {
          if (++sorted <= sortings) this.sort();
        });
        const dense = vi.spyOn(PassChoice.prototype, 'keepsGaps');
        const data = blobs(n, d, 3, 11, { heavyTail: true, spread: 3 });
        const init = firstRows(data, k);
        const fit = kmeans(kernels, data, { nClusters: k, seed: 1, init, tol: 0 });
        expect(dense).toHaveBeenCalled();
        vi.restoreAllMocks();
        expect(sorted).toBeGreaterThan(1);
        const oracle = lloydOracle(data, init, 300, 0);
        expect(fit.iterations).toBe(oracle.iterations);
        expect(fit.labels).toEqual(renumbered(oracle.labels, fit.labels));
      }
    },
  );
});
