import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelF64 } from '../kernels/memory.ts';
import type { Random } from '../stats/random.ts';
import { CALL_SAMPLES } from './kmeans-lloyd.ts';
import type { PlacedRows } from './placed-rows.ts';

/** Samples whose squared distances are summed together; the sums steer a draw to one run. Mirrors the kernel. */
const RUN = 512;
/** Limits are rounded down by this, so that float32 distances of equal value stay out of reach. */
const ROUND_DOWN = 1 - 1e-5;

/**
 * Greedy k-means++ (Arthur & Vassilvitskii, SODA 2007, with the 2 + ⌊ln k⌋ trials per center of scikit-learn): each
 * next center is, of a few samples drawn with probability proportional to the squared distance to the nearest center so
 * far, the one that leaves the smallest sum of squared distances. Returns nClusters × nFeatures, placed units.
 */
export function kmeansPlusPlus(
  kernels: Kernels,
  placed: PlacedRows,
  nClusters: number,
  random: Random,
): Float64Array {
  return kernels.memory.scope(() => {
    const seeding = new Seeding(kernels, placed, nClusters);
    const nTrials = 2 + Math.floor(Math.log(nClusters));
    seeding.add(random.integer(placed.nSamples));
    while (seeding.count < nClusters) {
      const candidates = seeding.draw(random, nTrials);
      const gains = seeding.gains(candidates);
      seeding.add(candidates[gains.indexOf(Math.max(...gains))]!);
    }
    return seeding.centers;
  });
}

/** Different rows drawn with equal probability. They may hold equal values: such clusters are relocated later. */
export function randomRows(placed: PlacedRows, nClusters: number, random: Random): Float64Array {
  const centers = new Float64Array(nClusters * placed.nFeatures);
  random.sample(placed.nSamples, nClusters).forEach((row, c) => {
    centers.set(sampleAt(placed, row), c * placed.nFeatures);
  });
  return centers;
}

function sampleAt({ rows, nFeatures }: PlacedRows, row: number): KernelF32 {
  return rows.subarray(row * nFeatures, (row + 1) * nFeatures) as KernelF32;
}

/** The centers chosen so far and each sample's nearest of them; mirrors `SeedingState` in wasm/kmeans-plus-plus.ts. */
class Seeding {
  readonly centers: Float64Array;
  count = 0;
  readonly #kernels: Kernels;
  readonly #placed: PlacedRows;
  readonly #closest: KernelF32;
  readonly #limits: KernelF32;
  readonly #runSums: KernelF64;
  readonly #candidates: KernelF32;
  readonly #gains: KernelF64;
  readonly #state: number;

  constructor(kernels: Kernels, placed: PlacedRows, nClusters: number) {
    const { memory } = kernels;
    const { nSamples, nFeatures } = placed;
    const nSlots = Math.ceil(nSamples / 8) * 8;
    const mostTrials = Math.ceil((2 + Math.log(nClusters)) / 4) * 4;
    this.centers = new Float64Array(nClusters * nFeatures);
    this.#kernels = kernels;
    this.#placed = placed;
    this.#closest = memory.f32(nSlots).fill(0);
    this.#limits = memory.f32(nClusters);
    this.#runSums = memory.f64(Math.ceil(nSamples / RUN));
    this.#candidates = memory.f32(mostTrials * nFeatures);
    this.#gains = memory.f64(mostTrials);
    const labels = memory.u16(nSlots).fill(0);
    const samples = memory.i32(8);
    const tile = memory.f32((Math.ceil(nFeatures / 4) * 4 + 5) * 8);
    const fields = memory.i32(9);
    fields.set([placed.rows.byteOffset, nSamples, nFeatures, this.#closest.byteOffset, labels.byteOffset]);
    fields.set([this.#limits.byteOffset, this.#runSums.byteOffset], 5);
    fields.set([samples.byteOffset, tile.byteOffset], 7);
    this.#state = fields.byteOffset;
  }

  /** Makes a sample the next center. */
  add(row: number): void {
    const { nSamples, nFeatures } = this.#placed;
    const sample = sampleAt(this.#placed, row);
    this.#setLimits([row]);
    this.centers.set(sample, this.count * nFeatures);
    const center = this.#candidates.subarray(0, nFeatures);
    center.set(sample);
    for (let first = 0; first < nSamples; first += CALL_SAMPLES) {
      const last = Math.min(nSamples, first + CALL_SAMPLES);
      const { kmeans_plus_plus_update_f32 } = this.#kernels.exports;
      kmeans_plus_plus_update_f32(this.#state, first, last, center.byteOffset, this.count);
    }
    this.count++;
  }

  /** How much each candidate would lower the sum of squared distances. */
  gains(candidates: readonly number[]): number[] {
    const { nSamples, nFeatures } = this.#placed;
    const nTiles = Math.ceil(candidates.length / 4);
    for (let trial = 0; trial < nTiles * 4; trial++) {
      const sample = sampleAt(this.#placed, candidates[Math.min(trial, candidates.length - 1)]!);
      for (let j = 0; j < nFeatures; j++) {
        this.#candidates[(trial >> 2) * nFeatures * 4 + j * 4 + (trial & 3)] = sample[j]!;
      }
    }
    this.#setLimits(candidates);
    this.#gains.fill(0);
    for (let first = 0; first < nSamples; first += CALL_SAMPLES) {
      const last = Math.min(nSamples, first + CALL_SAMPLES);
      this.#kernels.exports.kmeans_plus_plus_gains_f32(
        this.#state,
        first,
        last,
        this.#candidates.byteOffset,
        nTiles,
        this.#gains.byteOffset,
      );
    }
    return Array.from(this.#gains.subarray(0, candidates.length));
  }

  /** Rows drawn with probability proportional to their squared distance; one at distance 0 is never drawn. */
  draw(random: Random, count: number): number[] {
    const total = this.#runSums.reduce((sum, value) => sum + value, 0);
    return Array.from({ length: count }, () => this.#rowAt(random.uniform() * total));
  }

  /** First row at which the running sum of squared distances exceeds `target`. */
  #rowAt(target: number): number {
    const { nSamples } = this.#placed;
    const runSums = this.#runSums;
    let left = target;
    let run = 0;
    while (run < runSums.length - 1 && left >= runSums[run]!) left -= runSums[run++]!;
    let lastPositive = -1;
    const end = Math.min(nSamples, (run + 1) * RUN);
    for (let row = run * RUN; row < end; row++) {
      const value = this.#closest[row]!;
      if (value > 0) {
        if (left < value) return row;
        lastPositive = row;
      }
      left -= value;
    }
    // The float32 sum of the run was a little above the sum of its parts.
    return lastPositive >= 0 ? lastPositive : this.#closest.findLastIndex((value) => value > 0);
  }

  /** For each center a quarter of the squared distance to the nearest candidate; see the kernel's `limits`. */
  #setLimits(candidates: readonly number[]): void {
    const { nFeatures } = this.#placed;
    for (let c = 0; c < this.count; c++) {
      let nearest = Number.POSITIVE_INFINITY;
      for (const row of candidates) {
        const sample = sampleAt(this.#placed, row);
        let square = 0;
        for (let j = 0; j < nFeatures; j++) square += (sample[j]! - this.centers[c * nFeatures + j]!) ** 2;
        nearest = Math.min(nearest, square);
      }
      this.#limits[c] = (nearest / 4) * ROUND_DOWN;
    }
  }
}
