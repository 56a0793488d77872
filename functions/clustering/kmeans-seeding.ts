import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelF64 } from '../kernels/memory.ts';
import type { Random } from '../stats/random.ts';
import { alone, type Crew, callsOver } from './crew.ts';
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
  crew: Crew = alone(kernels),
): Float64Array {
  return kernels.memory.scope(() => {
    const nTrials = 2 + Math.floor(Math.log(nClusters));
    const seeding = new Seeding(kernels, placed, nClusters, nTrials, crew);
    seeding.begin(random.integer(placed.nSamples));
    while (seeding.count < nClusters) seeding.add(seeding.draw(random));
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

/**
 * The centers chosen so far and each sample's nearest of them; mirrors `SeedingState` in wasm/kmeans-plus-plus.ts. The
 * newest center is taken into the distances by the pass that tries the candidates for the next: the sums that steer the
 * draws are known without it, from the pass that tried this one.
 */
class Seeding {
  readonly centers: Float64Array;
  count = 0;
  readonly #kernels: Kernels;
  readonly #crew: Crew;
  readonly #placed: PlacedRows;
  readonly #nTrials: number;
  readonly #closest: KernelF32;
  readonly #limits: KernelF32;
  /** nFeatures × (1 + candidates): the newest center and the candidates, side by side. */
  readonly #trials: KernelF32;
  readonly #newest: KernelF32;
  /** Candidates × runs. */
  readonly #potentials: KernelF64;
  /** Sums of squared distances by runs, with the newest center. */
  #runSums: KernelF64;
  /** One for each member of the crew. */
  readonly #scratch: readonly number[];
  readonly #state: number;

  constructor(kernels: Kernels, placed: PlacedRows, nClusters: number, nTrials: number, crew: Crew) {
    const { memory } = kernels;
    const { nSamples, nFeatures } = placed;
    const nSlots = Math.ceil(nSamples / 8) * 8;
    this.centers = new Float64Array(nClusters * nFeatures);
    this.#kernels = kernels;
    this.#crew = crew;
    this.#placed = placed;
    this.#nTrials = nTrials;
    // The first center replaces what all samples have; slots past the last keep their 0.
    this.#closest = memory.f32(nSlots).fill(0, nSamples);
    this.#limits = memory.f32(nClusters);
    this.#trials = memory.f32(nFeatures * (1 + nTrials));
    this.#newest = memory.f32(nFeatures);
    this.#potentials = memory.f64(nTrials * Math.ceil(nSamples / RUN));
    this.#runSums = this.#potentialsOf(0);
    this.#scratch = Array.from({ length: crew.size }, () => {
      memory.keepApart();
      return memory.alloc(48 * (1 + nTrials) + 32 * Math.ceil(nFeatures / 4) * 4);
    });
    memory.keepApart();
    const labels = memory.u16(nSlots).fill(0, nSamples);
    const fields = memory.i32(6);
    fields.set([placed.rows.byteOffset, nSamples, nFeatures]);
    fields.set([this.#closest.byteOffset, labels.byteOffset, this.#limits.byteOffset], 3);
    this.#state = fields.byteOffset;
  }

  /** Makes a sample the first center. */
  begin(row: number): void {
    this.#keep(row);
    this.#updateAll(this.#runSums);
  }

  /** Makes the candidate the next center that leaves the smallest sum of squared distances. Ties: the earliest. */
  add(candidates: readonly number[]): void {
    const { nFeatures } = this.#placed;
    const trials = [this.#newest, ...candidates.map((row) => sampleAt(this.#placed, row))];
    trials.forEach((sample, trial) => {
      for (let j = 0; j < nFeatures; j++) this.#trials[j * trials.length + trial] = sample[j]!;
    });
    this.#setLimits(trials);
    const trial = [this.#trials.byteOffset, trials.length, this.count - 1, this.#potentials.byteOffset];
    this.#crew.run(
      'kmeans_plus_plus_trials_f32',
      callsOver(this.#placed.nSamples, (member, first, last) => [
        this.#state,
        first,
        last,
        ...trial,
        this.#scratch[member]!,
      ]),
    );
    const sums = candidates.map((_, candidate) => sum(this.#potentialsOf(candidate)));
    const best = sums.indexOf(Math.min(...sums));
    this.#runSums = this.#potentialsOf(best);
    this.#keep(candidates[best]!);
  }

  /** Candidates, drawn with probability proportional to their squared distance; one at distance 0 is never drawn. */
  draw(random: Random): number[] {
    const total = sum(this.#runSums);
    return Array.from({ length: this.#nTrials }, () => this.#rowAt(random.uniform() * total));
  }

  #keep(row: number): void {
    this.#newest.set(sampleAt(this.#placed, row));
    this.centers.set(this.#newest, this.count * this.#placed.nFeatures);
    this.count++;
  }

  /** Sums by runs of what a candidate of the latest pass would leave. */
  #potentialsOf(candidate: number): KernelF64 {
    const nRuns = this.#potentials.length / this.#nTrials;
    return this.#potentials.subarray(candidate * nRuns, (candidate + 1) * nRuns) as KernelF64;
  }

  /** Takes the newest center into the distances of some runs. */
  #update(first: number, last: number, runSums: KernelF64): void {
    const { exports } = this.#kernels;
    exports.kmeans_plus_plus_update_f32(...this.#updateOf(first, last, runSums));
  }

  #updateAll(runSums: KernelF64): void {
    const { nSamples } = this.#placed;
    const calls = callsOver(nSamples, (_, first, last) => this.#updateOf(first, last, runSums));
    this.#crew.run('kmeans_plus_plus_update_f32', calls);
  }

  #updateOf(first: number, last: number, runSums: KernelF64) {
    const { byteOffset } = this.#newest;
    return [this.#state, first, last, byteOffset, this.count - 1, runSums.byteOffset] as const;
  }

  /** First row at which the running sum of squared distances exceeds `target`. */
  #rowAt(target: number): number {
    const { nSamples } = this.#placed;
    const runSums = this.#runSums;
    let left = target;
    let run = 0;
    while (run < runSums.length - 1 && left >= runSums[run]!) left -= runSums[run++]!;
    const end = Math.min(nSamples, (run + 1) * RUN);
    this.#update(run * RUN, end, runSums);
    let lastPositive = -1;
    for (let row = run * RUN; row < end; row++) {
      const value = this.#closest[row]!;
      if (value > 0) {
        if (left < value) return row;
        lastPositive = row;
      }
      left -= value;
    }
    // The float32 sum of the run was a little above the sum of its parts.
    if (lastPositive >= 0) return lastPositive;
    this.#updateAll(runSums);
    return this.#closest.findLastIndex((value) => value > 0);
  }

  /** For each center a quarter of the squared distance to the nearest other trial; see the kernel's `limits`. */
  #setLimits(trials: readonly KernelF32[]): void {
    const { nFeatures } = this.#placed;
    for (let c = 0; c < this.count; c++) {
      let nearest = Number.POSITIVE_INFINITY;
      for (const [trial, sample] of trials.entries()) {
        if (trial === 0 && c === this.count - 1) continue;
        let square = 0;
        for (let j = 0; j < nFeatures; j++) square += (sample[j]! - this.centers[c * nFeatures + j]!) ** 2;
        nearest = Math.min(nearest, square);
      }
      this.#limits[c] = (nearest / 4) * ROUND_DOWN;
    }
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
