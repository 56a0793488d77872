import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../functions/arrow/matrix.ts';
import { CALL_SAMPLES } from '../../functions/clustering/crew.ts';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { PassChoice } from '../../functions/clustering/kmeans-passes.ts';
import {
  createState,
  type KMeansState,
  placeCenters,
  type WorkDone,
} from '../../functions/clustering/kmeans-state.ts';
import { placeRows } from '../../functions/clustering/placed-rows.ts';
import { type Kernels, loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';
import { lloydOracle, nearest } from '../support/kmeans-oracle.ts';
import { blobs, firstRows } from '../support/random-matrix.ts';

/** Field of the kernels' state that holds the address of the packed rows. */
const BLOCKS = 36;

function uniform(nSamples: number, nFeatures: number, seed: number): Matrix {
  const random = new Random(seed);
  return {
    nSamples,
    nFeatures,
    values: Float32Array.from({ length: nSamples * nFeatures }, () => random.uniform()),
  };
}

/** Whole numbers from 0 to 3: many rows lie exactly half-way between centers. */
function lattice(nSamples: number, nFeatures: number): Matrix {
  const { values, ...shape } = uniform(nSamples, nFeatures, 5);
  return { ...shape, values: values.map((x) => Math.floor(4 * x)) };
}

/** First labels for the first rows as centers, then labels for other centers, decided by passes over all samples. */
function twoPasses(kernels: Kernels, data: Matrix, k: number, isPacked: boolean, keepsGaps: boolean) {
  return kernels.memory.scope(() => {
    const { exports } = kernels;
    const { nSamples, nFeatures } = data;
    const placed = placeRows(kernels, data);
    const placedMatrix = { nSamples, nFeatures, values: Float32Array.from(placed.rows) };
    const state = createState(kernels, placed, k);
    if (!isPacked) state.fields[BLOCKS] = 0;
    const first = Float64Array.from(
      { length: k * nFeatures },
      (_, at) => placed.rows[at % placed.rows.length]!,
    );
    placeCenters(state, first);
    const squares = exports.kmeans_assign_f32(state.address, 0, nSamples);
    const clusters = () => Array.from(state.labels.subarray(0, nSamples), (label) => label >> 2);
    const before = clusters();
    const moved = first.map((x, at) => x * 0.75 + (at % 3) * 0.125);
    placeCenters(state, moved);
    const changed = exports.kmeans_dense_f32(state.address, 0, nSamples, keepsGaps);
    const oracle = (centers: Float64Array) =>
      Array.from({ length: nSamples }, (_, row) => nearest(placedMatrix, row, centers).label);
    return {
      squares,
      before,
      after: clusters(),
      changed,
      expected: [oracle(first), oracle(moved)],
      counts: [...state.counts],
      sums: Array.from({ length: k }, (_, c) => [
        ...state.sums.subarray(c * state.sumsWidth, c * state.sumsWidth + nFeatures),
      ]),
      rows: placedMatrix,
      padding: [...state.gaps.subarray(nSamples)],
      gaps: [...state.gaps.subarray(0, nSamples)],
    };
  });
}

describe.each(['relaxed-fma', 'strict'] as const)('passes over all samples, %s', (numericMode) => {
  const kernels = loadKernelsSync({ numericMode });

  for (const isPacked of [true, false]) {
    for (const keepsGaps of [true, false]) {
      it(`find the float64 labels, packed ${isPacked}, gaps kept ${keepsGaps}`, () => {
        for (const n of [1, 7, 8, 9, 31, 250]) {
          for (const [d, k] of [
            [1, 1],
            [3, 3],
            [4, 4],
            [5, 6],
            [13, 9],
          ] as const) {
            for (const data of [uniform(n, d, n + d), lattice(n, d), blobs(n, d, 3, n, { offset: 1e6 })]) {
              const pass = twoPasses(kernels, data, k, isPacked, keepsGaps);
              expect(pass.before).toEqual(pass.expected[0]);
              expect(pass.after).toEqual(pass.expected[1]);
              expect(pass.changed).toBe(pass.after.filter((label, row) => label !== pass.before[row]).length);
              const changedGaps = pass.gaps.filter((_, row) => pass.after[row] !== pass.before[row]);
              if (!keepsGaps) expect(changedGaps).toEqual(changedGaps.map(() => 0));
              const counts = new Array<number>(k).fill(0);
              const sums = Array.from({ length: k }, () => new Array<number>(d).fill(0));
              pass.after.forEach((label, row) => {
                counts[label]!++;
                for (let j = 0; j < d; j++) sums[label]![j]! += pass.rows.values[row * d + j]!;
              });
              expect(pass.counts).toEqual(counts);
              // Placed rows have exact sums: the order of additions does not matter.
              expect(pass.sums).toEqual(sums);
              const squares = pass.rows.values.reduce((sum, x) => sum + x * x, 0);
              expect(Math.abs(pass.squares - squares)).toBeLessThanOrEqual(1e-12 * squares);
              expect(pass.padding.every((gap) => gap > 3e38)).toBe(true);
            }
          }
        }
      });
    }
  }

  it('keep gaps that no row exceeds by float64 distances', () => {
    const data = uniform(403, 5, 9);
    const { gaps, after, rows } = twoPasses(kernels, data, 7, true, true);
    const first = Float64Array.from({ length: 35 }, (_, at) => rows.values[at]!);
    const centers = first.map((x, at) => x * 0.75 + (at % 3) * 0.125);
    for (let row = 0; row < 403; row++) {
      const distances = Array.from({ length: 7 }, (_, c) =>
        Math.hypot(...[0, 1, 2, 3, 4].map((j) => rows.values[row * 5 + j]! - centers[c * 5 + j]!)),
      );
      const own = distances[after[row]!]!;
      const other = Math.min(...distances.filter((_, c) => c !== after[row]));
      expect(gaps[row]).toBeLessThanOrEqual(other - own);
      expect(gaps[row]).toBeGreaterThan(other - own - 1e-4);
    }
  });

  it.each([
    { n: 40_003, d: 3, k: 8 },
    { n: 20_001, d: 16, k: 34 },
  ])('take turns with passes over some on $n × $d uniform samples, $k clusters', ({ n, d, k }) => {
    const data = uniform(n, d, 3);
    const init = firstRows(data, k);
    const fit = kmeans(kernels, data, { nClusters: k, seed: 1, init, tol: 0, maxIter: 25 });
    const oracle = lloydOracle(data, init, 25);
    expect(fit.iterations).toBe(oracle.iterations);
    const names = new Map<number, number>();
    let differing = 0;
    fit.labels.forEach((label, row) => {
      if (!names.has(label)) names.set(label, oracle.labels[row]!);
      if (oracle.labels[row] !== names.get(label)) differing++;
    });
    expect(differing).toBe(0);
  });
});

describe('the choice of the next pass', () => {
  const kernels = loadKernelsSync();
  const nothing: WorkDone = { tiles: 0, decisions: 0, exactDecisions: 0 };

  /** Gives so many samples, spread evenly, a gap that is out of date, and all others one that is not. */
  const setStale = ({ labels, gaps, nSamples, clocks }: KMeansState, count: number) => {
    labels.fill(0);
    clocks.fill(1);
    for (let row = 0; row < nSamples; row++) gaps[row] = (row * count) % nSamples < count ? 1 : 2;
  };

  const choose = (nSamples: number, work: (passes: PassChoice, state: KMeansState) => void) =>
    kernels.memory.scope(() => {
      const state = createState(kernels, placeRows(kernels, uniform(nSamples, 8, 1)), 8);
      work(new PassChoice(state, 1), state);
    });

  it('stays with all samples while most are out of date', () => {
    choose(1000, (passes, state) => {
      setStale(state, 900);
      passes.choose();
      expect(passes.isDense).toBe(true);
    });
  });

  it('looks at samples out of date at once where few are', () => {
    choose(100_003, (passes, state) => {
      setStale(state, 5000);
      passes.choose();
      expect(passes.isDense).toBe(false);
    });
  });

  it('brings every gap up to date before it looks at some samples only', () => {
    choose(100_000, (passes, state) => {
      setStale(state, 90_000);
      passes.choose();
      expect([0, 1, 7, 8].map((call) => passes.keepsGaps(call))).toEqual([true, false, false, true]);
      passes.learn(nothing, nothing);
      // Those of the calls in between are out of date, and do not tell.
      state.gaps.fill(2, 0, CALL_SAMPLES).fill(2, 8 * CALL_SAMPLES, 9 * CALL_SAMPLES);
      for (let call = 16; call * CALL_SAMPLES < 100_000; call += 8) {
        state.gaps.fill(2, call * CALL_SAMPLES, (call + 1) * CALL_SAMPLES);
      }
      passes.choose();
      expect(passes.isDense && passes.keepsGaps(1)).toBe(true);
      passes.learn(nothing, nothing);
      setStale(state, 100);
      passes.choose();
      expect(passes.isDense).toBe(false);
    });
  });

  it('looks at samples out of date, be it all, where most centers are too far to matter', () => {
    kernels.memory.scope(() => {
      const [nSamples, nFeatures, k] = [12_000, 16, 50];
      const placed = placeRows(kernels, uniform(nSamples, nFeatures, 2));
      const state = createState(kernels, placed, k);
      placeCenters(state, Float64Array.from(placed.rows.subarray(0, k * nFeatures)));
      kernels.exports.kmeans_assign_f32(state.address, 0, nSamples);
      state.clocks.fill(1e6);
      for (const [meanSquare, isDense] of [
        [1e-6, false],
        [1, true],
      ] as const) {
        const passes = new PassChoice(state, meanSquare);
        passes.choose();
        expect(passes.isDense).toBe(isDense);
      }
    });
  });

  it('goes back to all samples when too many are out of date', () => {
    choose(1000, (passes, state) => {
      setStale(state, 10);
      passes.choose();
      expect(passes.isDense).toBe(false);
      passes.learn(nothing, { ...nothing, tiles: 200, decisions: 100 });
      setStale(state, 600);
      passes.choose();
      expect(passes.isDense).toBe(true);
    });
  });
});
