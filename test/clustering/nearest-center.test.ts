import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { assign } from '../../functions/clustering/assign.ts';
import { nearestCenter } from '../../functions/clustering/nearest-center.ts';
import { type Kernels, loadKernels } from '../../functions/kernels/instance.ts';

describe('nearestCenter', () => {
  it('finds the nearer of two centers of a toy', () => {
    const centers = [
      [0, 0],
      [3, 4],
    ];
    expect(nearestCenter([3, 3], centers)).toEqual({ label: 1, distance: 1 });
    expect(nearestCenter([0, 0], centers)).toEqual({ label: 0, distance: 0 });
  });

  it('takes the lowest index when several centers are equally near', () => {
    expect(nearestCenter([0], [[2], [-1], [1]]).label).toBe(1);
  });

  describe('beside the batch', () => {
    let kernels: Kernels;
    beforeAll(async () => {
      kernels = await loadKernels();
    });

    it('gives any row the label and the distance of assign, bit for bit', () => {
      const value = fc.float({ min: -50, max: 50, noNaN: true });
      const table = fc.integer({ min: 1, max: 4 }).chain((nFeatures) =>
        fc.record({
          nFeatures: fc.constant(nFeatures),
          rows: fc.array(fc.array(value, { minLength: nFeatures, maxLength: nFeatures }), {
            minLength: 1,
            maxLength: 40,
          }),
          // Centers on a coarse grid make exact ties frequent.
          centers: fc.array(
            fc.array(
              fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -50, max: 50, noNaN: true })),
              {
                minLength: nFeatures,
                maxLength: nFeatures,
              },
            ),
            { minLength: 1, maxLength: 9 },
          ),
        }),
      );
      fc.assert(
        fc.property(table, ({ nFeatures, rows, centers }) => {
          const data = { nSamples: rows.length, nFeatures, values: Float32Array.from(rows.flat()) };
          const batch = assign(kernels, data, Float64Array.from(centers.flat()), centers.length);
          const single = rows.map((row) => nearestCenter(Float32Array.from(row), centers));
          expect(single.map(({ label }) => label)).toEqual([...batch.labels]);
          expect(single.map(({ distance }) => distance)).toEqual([...batch.distances]);
        }),
        { seed: 3, numRuns: 200 },
      );
    });
  });
});
