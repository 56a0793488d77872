import { centerDistances } from './center-movement.ts';
import type { KMeansState, WorkDone } from './kmeans-state.ts';

/** Of a pass over all samples, one call in so many brings gaps up to date: enough to know how many are out of date. */
const CALLS_PER_PROBE = 8;
/** A pass that looks at gaps must promise to take at most this part of one over all samples; it tends to take longer. */
const WORTH_A_CHANGE = 0.7;
/** A tile of samples out of date, whatever its length: of samples of one cluster, or of any. */
const TILE = 78;
const TILE_OF_ANY = 45;
/** Reading the gaps of 8 samples, in the units of `PassChoice`; reading and writing their bounds of a group of centers. */
const SCAN = 6;
const BOUNDS = 30;
/** Reading rows that are not packed and lie in no cache, per feature: by all samples in a row, by tiles of some. */
const STREAM_ALL = 5;
const STREAM_SOME = 3;
/** Of 8 samples of a cluster the farthest lies about this many times as far from its center as samples do on average. */
const FARTHEST_OF_8 = 1.2;

/**
 * Whether the next pass decides all samples again or only those whose gap is out of date. It hangs on counts of the
 * passes before, never on time: equal rows take equal passes. Either way gives the same labels.
 *
 * Costs are in units of 8 vector multiply-adds, measured on x86-64: of 8 samples in a row, or of 8 out of date that had to
 * wait for each other.
 */
export class PassChoice {
  readonly #state: KMeansState;
  /** All samples; all, with all gaps brought up to date; those out of date. */
  #next: 'all' | 'all gaps' | 'out of date' = 'all';
  /** Groups of centers looked at per tile in the latest pass over samples out of date, or expected to be. */
  #groups: number;

  /**
   * For a state whose samples have their first labels.
   * @param meanSquare mean squared distance of samples to their centers
   */
  constructor(state: KMeansState, meanSquare: number) {
    this.#state = state;
    this.#groups = state.hasOrder ? expectedGroups(state, meanSquare) : state.nGroups;
    // First gaps are up to date; whether far centers can be left out decides alone.
    if (this.#costOfSome(1) <= WORTH_A_CHANGE * this.#costOfAll()) this.#next = 'out of date';
  }

  /** Whether to decide all samples again. */
  get isDense(): boolean {
    return this.#next !== 'out of date';
  }

  /** Whether the n-th call of a pass over all samples brings gaps up to date: next to reading rows that is little. */
  keepsGaps(call: number): boolean {
    return !this.#state.isPacked || this.#next === 'all gaps' || call % CALLS_PER_PROBE === 0;
  }

  /**
   * Takes in what a pass did.
   * @param looked samples whose gaps were looked at
   */
  learn(before: WorkDone, after: WorkDone, looked: number): void {
    if (this.#next === 'all gaps') {
      this.#next = 'out of date';
      return;
    }
    const stale = (after.staleSamples - before.staleSamples) / looked;
    if (this.#next === 'all') {
      if (this.#costOfSome(stale) > WORTH_A_CHANGE * this.#costOfAll()) return;
      this.#next = looked === this.#state.nSamples ? 'out of date' : 'all gaps';
      return;
    }
    const decisions = after.decisions - before.decisions;
    if (decisions > 0) this.#groups = (after.tiles - before.tiles) / decisions;
    if (this.#costOfSome(stale) > this.#costOfAll()) this.#next = 'all';
  }

  #costOfAll(): number {
    const { nGroups, nFeatures, isPacked } = this.#state;
    return nGroups * (nFeatures + 4) + 12 + (isPacked ? 0 : STREAM_ALL * nFeatures);
  }

  #costOfSome(stale: number): number {
    const { nGroups, nFeatures, bounds, hasOrder, isPacked } = this.#state;
    const tile = this.#groups * (nFeatures + 7) + 2 * nFeatures + (bounds || hasOrder ? TILE : TILE_OF_ANY);
    const scan = SCAN + (isPacked ? 0 : STREAM_SOME * nFeatures);
    return scan + stale * (tile + (bounds ? BOUNDS * nGroups : 0));
  }
}

/** Groups of centers that the kernels would look at per tile of samples, each as far from its center as the mean. */
function expectedGroups(state: KMeansState, meanSquare: number): number {
  const { nSamples, nClusters, nFeatures, centers, counts } = state;
  const radius = FARTHEST_OF_8 * Math.sqrt(meanSquare);
  const distances = centerDistances(centers, nClusters, nFeatures);
  let groups = 0;
  for (let c = 0; c < nClusters; c++) {
    const others = distances.slice(c * nClusters, (c + 1) * nClusters).sort();
    const reach = 2 * radius + others[1]!;
    const near = others.filter((distance) => distance <= reach).length;
    groups += (counts[c]! / nSamples) * Math.ceil(near / 4);
  }
  return groups;
}
