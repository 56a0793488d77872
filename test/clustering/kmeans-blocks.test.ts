import { describe, expect, it } from 'vitest';
import { alone } from '../../functions/clustering/crew.ts';
import { FIELD } from '../../functions/clustering/kmeans-fields.ts';
import { KMeansMembers } from '../../functions/clustering/kmeans-members.ts';
import {
  createState,
  type KMeansState,
  lookAtAllBlocks,
  placeCenters,
} from '../../functions/clustering/kmeans-state.ts';
import { placeRows } from '../../functions/clustering/placed-rows.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { blobs, firstRows } from '../support/random-matrix.ts';

const kernels = loadKernelsSync();
/** Samples of a block, and of a table whose last block is not full. */
const BLOCK = 64;
const N = 40 * BLOCK + 13;

/** Puts all clocks at a time: centers have come so close since the first labels. */
function turnTo(state: KMeansState, time: number): void {
  state.clocks.fill(time);
  new Float32Array(state.fields.buffer, state.fields.byteOffset)[FIELD.clock] = time;
}

describe.each([
  { k: 8, samples: 'in lists' },
  { k: 34, samples: 'by cluster' },
])('passes that leave out blocks of samples, $k clusters decided $samples', ({ k }) => {
  const withState = (work: (state: KMeansState, pass: () => number) => void): void =>
    kernels.memory.scope(() => {
      const data = blobs(N, 3, k, 5);
      const placed = placeRows(kernels, data);
      const state = createState(kernels, placed, k);
      const members = new KMeansMembers(kernels, state, alone(kernels));
      placeCenters(state, firstRows(data, k));
      members.pass('kmeans_assign_f32');
      work(state, () => {
        if (state.hasOrder) kernels.exports.kmeans_order_f32(state.address);
        return members.reassign(true) + members.flush();
      });
    });
  const stale = ({ address }: KMeansState) => kernels.exports.kmeans_stale_f32(address, 0, N, 8);
  const leastGap = ({ gaps }: KMeansState, block: number) =>
    Math.min(...gaps.subarray(block * BLOCK, Math.min(N, (block + 1) * BLOCK)));

  it('know for each block a bound that none of its gaps is below', () => {
    withState((state, pass) => {
      // Nothing has moved: only samples as near to another center as to their own are out of date.
      pass();
      let known = 0;
      for (let block = 0; block < state.blockGaps.length; block++) {
        const bound = state.blockGaps[block]!;
        if (bound < 0) continue;
        known++;
        expect(bound).toBeLessThanOrEqual(leastGap(state, block));
        expect(bound).toBeGreaterThan(leastGap(state, block) * 0.999999 - 1e-30);
      }
      expect(known).toBeGreaterThan(30);
    });
  });

  it('miss no sample whose gap expires, however the clocks go', () => {
    withState((state, pass) => {
      pass();
      const gaps = [...state.gaps.subarray(0, N)].sort((a, b) => a - b);
      for (const part of [0, 0.001, 0.002, 0.01, 0.012, 0.1, 0.5]) {
        turnTo(state, gaps[Math.floor(part * N)]!);
        expect(stale(state)).toBeGreaterThan(0);
        // The centers have not moved: each sample decided again keeps its label, and its gap leads the clock anew.
        expect(pass()).toBe(0);
        expect(stale(state)).toBe(0);
      }
    });
  });

  it('do not look at a block before its bound has expired, unless they must look at all', () => {
    withState((state, pass) => {
      pass();
      pass();
      const quiet = state.blockGaps.findIndex((bound) => bound > 0);
      state.gaps[quiet * BLOCK + 7] = -1;
      pass();
      expect(stale(state)).toBe(1);
      lookAtAllBlocks(state);
      pass();
      expect(stale(state)).toBe(0);
    });
  });
});
