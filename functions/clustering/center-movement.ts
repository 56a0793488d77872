import { type KMeansState, pairsAreCheap, SHELLS } from './kmeans-state.ts';

/** Clocks and radii are compared in float32: rounding by this much keeps the bounds right. */
const ROUND_UP = 1 + 1e-6;
const ROUND_DOWN = 1 - 1e-6;
/** Shell radii as parts of half the distance to the nearest center, a near one and a middling one. */
const RADIUS = 1.2;
/** Few clusters have shells from this step on, when few samples are decided again in most fits. */
const STEPS_WITHOUT_SHELLS = 8;

/**
 * How far centers have moved, as the clocks the kernels compare with. A sample x of cluster a, at most r away from its
 * center, can only change to a center c with |a c| ≤ 2 r (triangle inequality): so each cluster has shells of growing
 * radius, and a shell's clock counts the movement of the centers near enough to matter. A center that was too far and
 * comes near brings along all it has moved in between.
 */
export class CenterMovement {
  readonly #shellClocks: Float64Array;
  readonly #groupClocks: Float64Array;
  /** Per shell, how far its samples may be from the center by now. */
  readonly #radii: Float64Array;
  /** Per pair of clusters, the path both have moved since the shells were chosen. */
  readonly #paths: Float64Array;
  /** Per shell and cluster, the largest difference of the shell's clock and that path at any time. */
  readonly #leads: Float64Array;
  readonly #hasShells: boolean;
  /** Steps until the shells are chosen: while most samples are decided again, shells gain nothing. */
  #stepsToShells: number;

  constructor({ nSamples, nClusters, nGroups, hasOrder }: KMeansState) {
    this.#hasShells = pairsAreCheap(nSamples, nClusters);
    this.#stepsToShells = hasOrder ? 1 : STEPS_WITHOUT_SHELLS;
    this.#shellClocks = new Float64Array(nClusters * SHELLS);
    this.#groupClocks = new Float64Array(nGroups);
    this.#radii = new Float64Array(nClusters * SHELLS).fill(-1);
    const pairs = this.#hasShells ? nClusters ** 2 : 0;
    this.#paths = new Float64Array(pairs);
    this.#leads = new Float64Array(pairs * SHELLS);
  }

  /** Takes in the step from `before` to `after`; returns its squared length over all centers. */
  advance(state: KMeansState, before: Float64Array, after: Float64Array): number {
    const { nClusters, nFeatures, nGroups } = state;
    const drift = new Float64Array(nClusters);
    const groupDrift = new Float64Array(nGroups);
    let shift = 0;
    for (let c = 0; c < nClusters; c++) {
      let square = 0;
      for (let at = c * nFeatures; at < (c + 1) * nFeatures; at++) {
        const step = after[at]! - before[at]!;
        square += step * step;
      }
      shift += square;
      drift[c] = Math.sqrt(square);
      groupDrift[c >> 2] = Math.max(groupDrift[c >> 2]!, drift[c]!);
    }
    for (let group = 0; group < nGroups; group++) {
      this.#groupClocks[group]! += groupDrift[group]!;
      state.groupClocks[group] = this.#groupClocks[group]! * ROUND_UP;
    }
    if (!this.#hasShells || this.#stepsToShells > 0) {
      this.#turnClocksTogether(state, drift);
      this.#stepsToShells--;
      if (this.#stepsToShells === 0 && this.#hasShells) {
        this.#chooseShells(state, centerDistances(after, nClusters, nFeatures));
      }
    } else this.#turnClocks(state, drift, centerDistances(after, nClusters, nFeatures));
    return shift;
  }

  /** Every cluster's clock counts its own drift and the largest of another. */
  #turnClocksTogether(state: KMeansState, drift: Float64Array): void {
    const farthest = drift.indexOf(Math.max(...drift));
    const second = Math.max(0, ...drift.filter((_, c) => c !== farthest));
    drift.forEach((own, c) => {
      this.#shellClocks[c * SHELLS]! += own + (c === farthest ? second : drift[farthest]!);
      const clock = this.#shellClocks[c * SHELLS]! * ROUND_UP;
      state.clocks.fill(clock, c * SHELLS, (c + 1) * SHELLS);
    });
  }

  #turnClocks(state: KMeansState, drift: Float64Array, distances: Float64Array): void {
    const k = state.nClusters;
    const paths = this.#paths;
    const leads = this.#leads;
    for (let a = 0; a < k; a++) {
      const row = a * k;
      for (let c = 0; c < k; c++) paths[row + c]! += drift[a]! + drift[c]!;
      for (let q = 0; q < SHELLS; q++) {
        const shell = a * SHELLS + q;
        const isLast = q === SHELLS - 1;
        if (this.#radii[shell]! >= 0) this.#radii[shell]! += drift[a]!;
        const reach = isLast ? Number.POSITIVE_INFINITY : 2 * this.#radii[shell]! * ROUND_UP;
        const lead = shell * k;
        let clock = this.#shellClocks[shell]!;
        for (let c = 0; c < k; c++) {
          if (c === a || distances[row + c]! * ROUND_DOWN > reach) continue;
          const time = leads[lead + c]! + paths[row + c]!;
          if (time > clock) clock = time;
        }
        for (let c = 0; c < k; c++) {
          const ahead = clock - paths[row + c]!;
          if (ahead > leads[lead + c]!) leads[lead + c] = ahead;
        }
        this.#shellClocks[shell] = clock;
        state.clocks[shell] = clock * ROUND_UP;
        state.radii[shell] = this.#radii[shell]! * ROUND_DOWN;
      }
    }
  }

  /** Chooses the radii. Samples come into their shells as they are decided again; the last shells' clocks run on. */
  #chooseShells(state: KMeansState, distances: Float64Array): void {
    const k = state.nClusters;
    for (let a = 0; a < k; a++) {
      const others = distances.slice(a * k, (a + 1) * k).sort();
      const ranks = [1, 1 + Math.ceil((k - 1) / 4), 1 + Math.ceil((k - 1) / 2)];
      ranks.forEach((rank, q) => {
        const shell = a * SHELLS + q;
        this.#radii[shell] = (RADIUS * others[Math.min(rank, k - 1)]!) / 2;
        state.radii[shell] = this.#radii[shell]! * ROUND_DOWN;
      });
      const clock = this.#shellClocks[a * SHELLS]!;
      this.#shellClocks.fill(clock, a * SHELLS, (a + 1) * SHELLS);
      this.#leads.fill(clock, a * SHELLS * k, (a + 1) * SHELLS * k);
    }
  }
}

/** nClusters × nClusters. */
export function centerDistances(centers: Float64Array, nClusters: number, nFeatures: number): Float64Array {
  const distances = new Float64Array(nClusters * nClusters);
  for (let a = 0; a < nClusters; a++) {
    for (let b = a + 1; b < nClusters; b++) {
      let square = 0;
      let other = b * nFeatures;
      for (let at = a * nFeatures; at < (a + 1) * nFeatures; at++) {
        const difference = centers[at]! - centers[other++]!;
        square += difference * difference;
      }
      const distance = Math.sqrt(square);
      distances[a * nClusters + b] = distance;
      distances[b * nClusters + a] = distance;
    }
  }
  return distances;
}
