import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CenterMovement } from '../../functions/clustering/center-movement.ts';
import { createState, placeCenters, SHELLS } from '../../functions/clustering/kmeans-state.ts';
import { placeRows } from '../../functions/clustering/placed-rows.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';

const kernels = loadKernelsSync();

/** Centers that take steps; enough samples that clusters have shells. */
function movementOf(nClusters: number, nFeatures: number, start: Float64Array) {
  const nSamples = SHELLS * nClusters ** 2;
  const values = Float32Array.from({ length: nSamples * nFeatures }, (_, at) => at % 7);
  const state = createState(kernels, placeRows(kernels, { nSamples, nFeatures, values }), nClusters);
  const movement = new CenterMovement(state);
  let centers = start;
  placeCenters(state, centers);
  const step = (next: Float64Array): void => {
    movement.advance(state, next);
    centers = next;
    placeCenters(state, centers);
  };
  return {
    step,
    chooseShells: () => movement.chooseShells(state),
    centers: () => centers,
    clock: (cluster: number, shell: number) => state.clocks[cluster * SHELLS + shell]!,
    radius: (cluster: number, shell: number) => state.radii[cluster * SHELLS + shell]!,
  };
}

function distance(x: ArrayLike<number>, centers: Float64Array, cluster: number): number {
  let square = 0;
  for (let j = 0; j < x.length; j++) square += (x[j]! - centers[cluster * x.length + j]!) ** 2;
  return Math.sqrt(square);
}

/** Distance to the nearest other center less that to a cluster's own. */
function gapOf(x: ArrayLike<number>, centers: Float64Array, own: number): number {
  const others = Array.from({ length: centers.length / x.length }, (_, c) => c).filter((c) => c !== own);
  return Math.min(...others.map((c) => distance(x, centers, c))) - distance(x, centers, own);
}

describe('the clocks of shells', () => {
  // Seen from the second center, samples within 7.5 of the first lie up to asin 0.75 off the line to it.
  it.each([
    ['away', [0, 0, 11, 0, 0, 400], 0, 1],
    ['sideways', [0, 0, 10, 1, 0, 400], 0.75, 1],
    ['nearer', [0, 0, 9, 0, 0, 400], 1, 1],
    ['nearer, and the own center away from it', [-0.5, 0, 9, 0, 0, 400], 1.5, 1.5],
    ['nearer, and a far one more so', [0, 0, 9, 0, 0, 390], 1, 10],
  ])('go as far as another center comes nearer to where samples lie: %s', (_, next, first, last) => {
    kernels.memory.scope(() => {
      const start = Float64Array.of(0, 0, 10, 0, 0, 400);
      const { step, clock, radius } = movementOf(3, 2, start);
      // Shells are chosen at the end of the first step.
      step(start);
      expect(radius(0, 0)).toBeCloseTo(7.5, 4);
      step(Float64Array.from(next));
      expect(clock(0, 0)).toBeCloseTo(first, 4);
      expect(clock(0, SHELLS - 1)).toBeCloseTo(last, 4);
    });
  });

  it('never fall behind the gaps of samples', () => {
    const paths = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      nClusters: fc.integer({ min: 2, max: 9 }),
      nFeatures: fc.integer({ min: 1, max: 6 }),
      size: fc.double({ min: 0.001, max: 2, noNaN: true }),
    });
    let nProven = 0;
    fc.assert(
      fc.property(paths, ({ seed, nClusters, nFeatures, size }) => {
        kernels.memory.scope(() => {
          const random = new Random(seed);
          const normal = () => random.normal();
          const length = nClusters * nFeatures;
          const course = Float64Array.from({ length }, normal);
          const { step, chooseShells, centers, clock, radius } = movementOf(
            nClusters,
            nFeatures,
            Float64Array.from({ length }, () => 3 * normal()),
          );
          const onwards = () => {
            // Partly straight on, partly at random: centers pass, meet and leave each other.
            step(centers().map((value, at) => value + size * (course[at]! + normal())));
          };
          for (let i = 0; i < 3; i++) onwards();
          let samples: { x: number[]; own: number; shell: number; gap: number }[] = [];
          for (let i = 0; i < 12; i++) {
            const kept = samples.map(({ x }) => x);
            if (i % 5 === 4) {
              // Chosen anew, for samples that are all decided anew.
              chooseShells();
              samples = [];
            }
            const fresh = Array.from({ length: 12 }, () =>
              Array.from({ length: nFeatures }, () => 4 * normal()),
            );
            for (const x of samples.length === 0 ? [...kept, ...fresh] : fresh) {
              const nearest = Array.from({ length: nClusters }, (_, c) => c).reduce((a, c) =>
                distance(x, centers(), c) < distance(x, centers(), a) ? c : a,
              );
              const far = distance(x, centers(), nearest);
              const shell = [0, 1, 2].find((q) => far <= radius(nearest, q)) ?? SHELLS - 1;
              const gap = gapOf(x, centers(), nearest) + clock(nearest, shell);
              samples.push({ x, own: nearest, shell, gap });
            }
            onwards();
            for (const { x, own, shell, gap } of samples) {
              if (gap * (1 - 1e-6) <= clock(own, shell)) continue;
              nProven++;
              expect(gapOf(x, centers(), own)).toBeGreaterThan(0);
            }
          }
        });
      }),
      { numRuns: 150 },
    );
    expect(nProven).toBeGreaterThan(1000);
  });
});

describe('single moves', () => {
  it('leave every sample in the last shell of its cluster, to be decided again', () => {
    kernels.memory.scope(() => {
      const values = Float32Array.of(0, 0, 1, 1.9, 10, 10);
      const state = createState(kernels, placeRows(kernels, { nSamples: 6, nFeatures: 1, values }), 2);
      const { exports } = kernels;
      let moves = 0;
      for (const start of [
        [1, 9],
        [0, 1.9],
        [0, 1.5],
      ]) {
        placeCenters(state, Float64Array.from(start));
        state.sums.fill(0);
        state.counts.fill(0);
        exports.kmeans_assign_f32(state.address, 0, 6);
        moves += exports.kmeans_improve_f32(state.address, 0, 6, Math.min(...state.counts));
        expect(Array.from(state.labels.subarray(0, 6), (label) => label % SHELLS)).toEqual(
          Array(6).fill(SHELLS - 1),
        );
        expect(Array.from(state.gaps.subarray(0, 6))).toEqual(Array(6).fill(-1));
      }
      expect(moves).toBeGreaterThan(0);
    });
  });
});
