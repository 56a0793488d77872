import type { Kernels } from '../kernels/instance.ts';
import type { Random } from '../stats/random.ts';
import { CHUNK_BLOCKS } from './kmeans-lloyd.ts';
import type { PackedMatrix } from './packed-matrix.ts';

/** Blocks whose squared distances are summed together: their sums steer a draw to one run of samples. */
const RUN_BLOCKS = 64;

/**
 * Greedy k-means++ (Arthur & Vassilvitskii, SODA 2007, with the 2 + ⌊ln k⌋ trials per center of scikit-learn): each
 * next center is, of a few samples drawn with probability proportional to the squared distance to the nearest center so
 * far, the one that leaves the smallest sum of squared distances. Returns nClusters × nFeatures, packed units.
 */
export function kmeansPlusPlus(
  kernels: Kernels,
  packed: PackedMatrix,
  nClusters: number,
  random: Random,
): Float64Array {
  const { nSamples, nFeatures, nBlocks } = packed;
  const centers = new Float64Array(nClusters * nFeatures);
  const nTrials = 2 + Math.floor(Math.log(nClusters));
  const { memory, exports } = kernels;
  return memory.scope(() => {
    const closest = memory.f32(nBlocks * 8);
    const runSums = memory.f64(Math.ceil(nBlocks / RUN_BLOCKS));
    const trials = memory.f32(Math.ceil(nTrials / 4) * 4 * nFeatures);
    const potentials = memory.f64(4);
    const center = memory.f32(nFeatures);
    const everyRun = (call: (first: number, last: number) => void) => {
      for (let first = 0; first < nBlocks; first += CHUNK_BLOCKS) {
        call(first, Math.min(nBlocks, first + CHUNK_BLOCKS));
      }
    };
    const choose = (row: number, index: number) => {
      const sample = sampleAt(packed, row);
      centers.set(sample, index * nFeatures);
      center.set(sample);
      everyRun((first, last) => {
        exports.kmeans_plus_plus_update_f32(
          packed.blocks.byteOffset,
          first,
          last,
          nSamples,
          nFeatures,
          center.byteOffset,
          closest.byteOffset,
          runSums.byteOffset,
          index === 0 ? 1 : 0,
        );
      });
    };
    choose(random.integer(nSamples), 0);
    for (let index = 1; index < nClusters; index++) {
      const candidates = drawCandidates(random, nTrials, runSums, closest, nSamples);
      let best = candidates[0]!;
      let smallest = Number.POSITIVE_INFINITY;
      for (let group = 0; group < nTrials; group += 4) {
        placeTrials(packed, candidates, group, trials);
        potentials.fill(0);
        everyRun((first, last) => {
          exports.kmeans_plus_plus_potentials_f32(
            packed.blocks.byteOffset,
            first,
            last,
            nSamples,
            nFeatures,
            trials.byteOffset,
            closest.byteOffset,
            potentials.byteOffset,
          );
        });
        for (let trial = 0; trial < 4 && group + trial < nTrials; trial++) {
          if (potentials[trial]! < smallest) {
            smallest = potentials[trial]!;
            best = candidates[group + trial]!;
          }
        }
      }
      choose(best, index);
    }
    return centers;
  });
}

/** Different rows drawn with equal probability. Rows may hold equal values: such clusters are relocated later. */
export function randomRows(packed: PackedMatrix, nClusters: number, random: Random): Float64Array {
  const rows = random.sample(packed.nSamples, nClusters);
  const centers = new Float64Array(nClusters * packed.nFeatures);
  rows.forEach((row, c) => {
    centers.set(sampleAt(packed, row), c * packed.nFeatures);
  });
  return centers;
}

/** One sample in packed units. */
export function sampleAt({ blocks, nFeatures }: PackedMatrix, row: number): Float32Array {
  const block = (row >> 3) * nFeatures * 8 + (row & 7);
  return Float32Array.from({ length: nFeatures }, (_, j) => blocks[block + j * 8]!);
}

function drawCandidates(
  random: Random,
  nTrials: number,
  runSums: Float64Array,
  closest: Float32Array,
  nSamples: number,
): number[] {
  const total = runSums.reduce((sum, value) => sum + value, 0);
  return Array.from({ length: nTrials }, () => drawRow(random.uniform() * total, runSums, closest, nSamples));
}

/** First row at which the running sum of squared distances exceeds `target`; rows at distance 0 are never drawn. */
function drawRow(target: number, runSums: Float64Array, closest: Float32Array, nSamples: number): number {
  let left = target;
  let run = 0;
  while (run < runSums.length - 1 && left >= runSums[run]!) left -= runSums[run++]!;
  let lastPositive = -1;
  const end = Math.min(nSamples, (run + 1) * RUN_BLOCKS * 8);
  for (let row = run * RUN_BLOCKS * 8; row < end; row++) {
    const value = closest[row]!;
    if (value > 0) {
      if (left < value) return row;
      lastPositive = row;
    }
    left -= value;
  }
  // The float32 run sum was a little above the sum of its parts.
  return lastPositive >= 0 ? lastPositive : closest.subarray(0, nSamples).findLastIndex((value) => value > 0);
}

function placeTrials(
  packed: PackedMatrix,
  candidates: readonly number[],
  group: number,
  trials: Float32Array,
) {
  for (let trial = 0; trial < 4; trial++) {
    const row = candidates[Math.min(candidates.length - 1, group + trial)]!;
    sampleAt(packed, row).forEach((value, j) => {
      trials[j * 4 + trial] = value;
    });
  }
}
