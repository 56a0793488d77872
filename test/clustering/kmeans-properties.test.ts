import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';

const kernels = loadKernelsSync();

/** Groups of rows of any shape, and rows of them to start from. */
const tables = fc
  .record({
    seed: fc.nat(),
    nSamples: fc.integer({ min: 40, max: 300 }),
    nFeatures: fc.integer({ min: 1, max: 9 }),
    nClusters: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ seed, nSamples, nFeatures, nClusters }) => {
    const random = new Random(seed);
    const values = Float32Array.from(
      { length: nSamples * nFeatures },
      (_, at) => 3 * (Math.floor(at / nFeatures) % 4) + random.normal(),
    );
    const init = Float64Array.from(values.subarray(0, nClusters * nFeatures));
    return { data: { nSamples, nFeatures, values }, options: { nClusters, seed: 0, init, tol: 0 } };
  });

describe('kmeans of any table', () => {
  it('keeps labels and steps when everything is scaled by a power of two, and scales with it', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: -60, max: 60 }), ({ data, options }, exponent) => {
        const factor = 2 ** exponent;
        const plain = kmeans(kernels, data, options);
        const scaled = kmeans(
          kernels,
          { ...data, values: data.values.map((x) => x * factor) },
          { ...options, init: options.init.map((x) => x * factor) },
        );
        expect(scaled.labels).toEqual(plain.labels);
        expect(scaled.iterations).toBe(plain.iterations);
        expect(scaled.inertia / factor ** 2 / plain.inertia).toBeCloseTo(1, 9);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps labels and centers when every row is there twice, and doubles the inertia', () => {
    fc.assert(
      fc.property(tables, ({ data, options }) => {
        const plain = kmeans(kernels, data, options);
        const values = new Float32Array(2 * data.values.length);
        values.set(data.values);
        values.set(data.values, data.values.length);
        const twice = kmeans(kernels, { ...data, nSamples: 2 * data.nSamples, values }, options);
        expect(twice.labels).toEqual(Int32Array.of(...plain.labels, ...plain.labels));
        expect(twice.inertia / plain.inertia).toBeCloseTo(2, 9);
        expect(twice.centers.every((x, at) => Math.abs(x - plain.centers[at]!) < 1e-6)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the partition when all rows are moved by a number float32 adds exactly', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: -4096, max: 4096 }), ({ data, options }, offset) => {
        // Values of 10 binary places, so that neither side rounds.
        const coarse = data.values.map((x) => Math.round(x * 1024) / 1024);
        const init = options.init.map((x) => Math.round(x * 1024) / 1024);
        const plain = kmeans(kernels, { ...data, values: coarse }, { ...options, init });
        const moved = kmeans(
          kernels,
          { ...data, values: coarse.map((x) => x + offset) },
          { ...options, init: init.map((x) => x + offset) },
        );
        expect(moved.inertia / plain.inertia).toBeCloseTo(1, 6);
        expect(moved.labels).toEqual(plain.labels);
      }),
      { numRuns: 60 },
    );
  });
});
