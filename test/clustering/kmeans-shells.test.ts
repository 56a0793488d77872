import { describe, expect, it } from 'vitest';
import { CenterMovement } from '../../functions/clustering/center-movement.ts';
import { alone } from '../../functions/clustering/crew.ts';
import { FixedRows } from '../../functions/clustering/fixed-rows.ts';
import { KMeansMembers } from '../../functions/clustering/kmeans-members.ts';
import { createState, placeCenters, SHELLS } from '../../functions/clustering/kmeans-state.ts';
import { placeRows } from '../../functions/clustering/placed-rows.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { blobs } from '../support/random-matrix.ts';

/** More than every clock. */
const NEVER = 3e38;

describe.each(['relaxed-fma', 'strict'] as const)(
  'a pass over all samples that keeps gaps, %s',
  (numericMode) => {
    const kernels = loadKernelsSync({ numericMode });

    for (const isFixed of [false, true]) {
      it.each([
        { nSamples: 803, nClusters: 3 },
        { nSamples: 1600, nClusters: 8 },
        { nSamples: 1601, nClusters: 11 },
      ])(
        `puts each of $nSamples samples into the innermost shell that holds it, fixed point ${isFixed}`,
        (shape) => {
          kernels.memory.scope(() => {
            const { nSamples, nClusters } = shape;
            const nFeatures = 13;
            const placed = placeRows(kernels, blobs(nSamples, nFeatures, nClusters, 7, { spread: 2 }));
            const state = createState(kernels, placed, nClusters);
            const members = new KMeansMembers(kernels, state, alone(kernels));
            const movement = new CenterMovement(state);
            const centersOf = (part: number) =>
              Float64Array.from(
                placed.rows.subarray(0, nClusters * nFeatures),
                (x, at) => x + part * placed.rows[at + nClusters * nFeatures]!,
              );
            placeCenters(state, centersOf(0));
            members.pass('kmeans_assign_f32');
            const fixed = isFixed && new FixedRows(kernels, state);
            const found = new Set<number>();
            for (const part of [0.1, 0.15, 0.16]) {
              const centers = centersOf(part);
              movement.advance(state, centers);
              placeCenters(state, centers);
              movement.chooseShells(state);
              const argsOf = (member: number, first: number, last: number) => [
                ...[members.addressOf(member), first, last],
                1,
              ];
              if (fixed) fixed.reassign(members, argsOf);
              else members.pass('kmeans_dense_f32', argsOf);
              for (let row = 0; row < nSamples; row++) {
                const [cluster, shell] = [state.labels[row]! >> 2, state.labels[row]! % SHELLS];
                let square = 0;
                for (let j = 0; j < nFeatures; j++) {
                  square += (placed.rows[row * nFeatures + j]! - centers[cluster * nFeatures + j]!) ** 2;
                }
                const distance = Math.sqrt(square);
                const radius = (q: number) =>
                  q === SHELLS - 1 ? Number.POSITIVE_INFINITY : state.radii[cluster * SHELLS + q]!;
                expect(distance).toBeLessThanOrEqual(radius(shell));
                // In fixed point a changed label comes into the last shell, with a gap that no clock holds.
                const isNew = fixed && state.gaps[row] === 0;
                if (shell > 0 && !isNew) expect(distance * 1.01).toBeGreaterThan(radius(shell - 1));
                found.add(shell);
              }
              expect(state.gaps.subarray(nSamples).every((gap) => gap > NEVER)).toBe(true);
            }
            expect(found.size).toBeGreaterThan(2);
          });
        },
      );
    }
  },
);
