import { centerDistances } from './center-movement.ts';
import { callSamples } from './crew.ts';
import { type KMeansState, suitsBounds, type WorkDone } from './kmeans-state.ts';

/** Of a pass over all samples, one call in so many brings gaps up to date: enough to know how many are out of date. */
const CALLS_PER_PROBE = 8;
/** Blocks of 8 samples whose gaps are looked at where all are up to date, about. */
const PROBED_BLOCKS = 1024;
/** A tile of samples out of date, whatever its length: of samples of one cluster, or of any. */
const TILE = 78;
const TILE_OF_ANY = 45;
/** Reading the gaps of 8 samples, in the units of `PassChoice`; reading and writing their bounds of a group of centers. */
const SCAN = 6;
const BOUNDS = 30;
/** Reading rows that are not packed and lie in no cache, per feature: by all samples in a row, by tiles of some. */
const STREAM_ALL = 5;
const STREAM_SOME = 3;
/** Passes over all samples in fixed point: 8 samples, a group of centers, and each of its features. */
const FIXED_BLOCK = 20;
const FIXED_GROUP = 5;
const FIXED_FEATURE = 0.65;
/** Reading rows of 8 samples, some of which are out of date, beside rows in fixed point. */
const FIXED_STREAM = 12;
/** Values of rows up to which the processor's caches hold them. */
const CACHED_VALUES = 2 ** 23;
/** Rounding that leaves more than this part of the samples open does not pay. */
const MOST_OPEN = 0.25;
/**
 * Rows in no cache are rounded after so many passes over all samples where centers are ordered, since to do so takes half as long
 * as such a pass and few may follow; elsewhere at once.
 */
const DENSE_BEFORE_FIXED = 3;
/** Part of the samples out of date up to which most blocks of 64 samples hold none. */
const MOST_BY_BLOCKS = 0.01;
/** Part of the groups of centers within reach of samples from which hardly any is left out. */
const ALL_NEAR = 0.97;
/** Of 8 samples of a cluster the farthest lies about this many times as far from its center as samples do on average. */
const FARTHEST_OF_8 = 1.2;

/**
 * Whether the next pass decides all samples again or only those whose gap is out of date. It hangs on counts of samples and
 * of the passes before, never on time: equal rows take equal passes. Either way gives the same labels.
 *
 * Costs are in units of 8 vector multiply-adds, measured on x86-64: of 8 samples in a row, or of 8 out of date that had to
 * wait for each other.
 */
export class PassChoice {
  readonly #state: KMeansState;
  /** All samples; all, with all gaps brought up to date; those out of date. */
  #next: 'all' | 'all gaps' | 'out of date' = 'all';
  #leavesOutBlocks = false;
  /** Whether every gap was brought up to date when its sample was decided last: the first labels bring all. */
  #hasAllGaps = true;
  /** Groups of centers looked at per tile in the latest pass over samples out of date, or expected to be. */
  #groups: number;
  #densePasses = 0;

  /**
   * For a state whose samples have their first labels.
   * @param meanSquare mean squared distance of samples to their centers
   */
  constructor(state: KMeansState, meanSquare: number) {
    this.#state = state;
    this.#groups = state.hasOrder ? expectedGroups(state, meanSquare) : state.nGroups;
  }

  /** Chooses the next pass, once the centers have moved. */
  choose(): void {
    const stale = this.#staleShare();
    this.#leavesOutBlocks = stale <= MOST_BY_BLOCKS;
    if (this.#costOfSome(stale) > this.#costOfAll()) this.#next = 'all';
    else this.#next = this.#hasAllGaps ? 'out of date' : 'all gaps';
  }

  /** Whether to decide all samples again. */
  get isDense(): boolean {
    return this.#next !== 'out of date';
  }

  /** Whether a pass over samples out of date leaves out blocks that hold none. */
  get leavesOutBlocks(): boolean {
    return this.#leavesOutBlocks;
  }

  /** Whether a pass over all samples takes rows in fixed point. */
  get isFixed(): boolean {
    return this.#state.isFixed && (this.#areRoundedAtOnce || this.#densePasses >= DENSE_BEFORE_FIXED);
  }

  /** Whether the n-th call of a pass over all samples brings gaps up to date: next to reading rows that is little. */
  keepsGaps(call: number): boolean {
    return this.keepsAllGaps || call % CALLS_PER_PROBE === 0;
  }

  /** Takes in what a pass did. */
  learn(before: WorkDone, after: WorkDone): void {
    const decisions = after.decisions - before.decisions;
    if (!this.isDense) {
      if (decisions > 0) this.#groups = (after.tiles - before.tiles) / decisions;
      return;
    }
    this.#hasAllGaps = this.keepsAllGaps;
    this.#densePasses++;
    const leftOpen = 8 * decisions - this.#state.nSamples;
    if (leftOpen > MOST_OPEN * this.#state.nSamples) this.#state.isFixed = false;
  }

  /** Whether a pass over all samples brings all gaps up to date. */
  get keepsAllGaps(): boolean {
    return !(this.#state.isPacked || this.isFixed) || this.#next === 'all gaps';
  }

  /** Part of the samples whose gap is out of date, of those that tell. */
  #staleShare(): number {
    const { kernels, address, nSamples } = this.#state;
    const stale = (first: number, last: number, step: number) =>
      kernels.exports.kmeans_stale_f32(address, first, last, step);
    if (this.#hasAllGaps) {
      const step = 8 * Math.ceil(nSamples / 8 / PROBED_BLOCKS);
      return stale(0, nSamples, step) / (8 * Math.ceil(nSamples / step));
    }
    let found = 0;
    let looked = 0;
    const samples = callSamples(nSamples);
    for (let first = 0; first < nSamples; first += CALLS_PER_PROBE * samples) {
      const last = Math.min(nSamples, first + samples);
      found += stale(first, last, 8);
      looked += last - first;
    }
    return found / looked;
  }

  #costOfAll(): number {
    const { nGroups, nFeatures, isPacked } = this.#state;
    if (this.#isPlain) return nGroups * (FIXED_FEATURE * nFeatures + FIXED_GROUP) + FIXED_BLOCK;
    return nGroups * (nFeatures + 4) + 12 + (isPacked ? 0 : STREAM_ALL * nFeatures);
  }

  #costOfSome(stale: number): number {
    const { nGroups, nFeatures, bounds, hasOrder } = this.#state;
    const tile = this.#groups * (nFeatures + 7) + 2 * nFeatures + (bounds || hasOrder ? TILE : TILE_OF_ANY);
    const stream = this.#isPlain ? FIXED_STREAM : STREAM_SOME * nFeatures;
    const scan = SCAN + (this.#isCached ? 0 : stream);
    return scan + stale * (tile + (bounds ? BOUNDS * nGroups : 0));
  }

  /**
   * Whether passes over some samples never get cheaper than they are: those that compare these with all centers, and those
   * with bounds per group of centers, which come where no other way leaves out many. Elsewhere they do once samples are
   * sorted: there the cost of a pass in float32 decides, whatever a pass in fixed point takes.
   */
  get #isPlain(): boolean {
    const { isFixed, hasOrder, nGroups } = this.#state;
    const areRounded = this.#areRoundedAtOnce || this.#densePasses > DENSE_BEFORE_FIXED;
    const areAllNear = suitsBounds(this.#state) && this.#groups > ALL_NEAR * nGroups;
    return isFixed && areRounded && (!hasOrder || areAllNear);
  }

  get #areRoundedAtOnce(): boolean {
    return this.#isCached || !this.#state.hasOrder;
  }

  get #isCached(): boolean {
    const { nSamples, nFeatures } = this.#state;
    return nSamples * nFeatures <= CACHED_VALUES;
  }
}

/** Groups of centers that the kernels would look at per tile of samples, each as far from its center as the mean. */
function expectedGroups(state: KMeansState, meanSquare: number): number {
  const { nSamples, nClusters, centers, counts } = state;
  const radius = FARTHEST_OF_8 * Math.sqrt(meanSquare);
  const distances = centerDistances(state, centers);
  let groups = 0;
  for (let c = 0; c < nClusters; c++) {
    const others = distances.slice(c * nClusters, (c + 1) * nClusters).sort();
    const reach = 2 * radius + others[1]!;
    const near = others.filter((distance) => distance <= reach).length;
    groups += (counts[c]! / nSamples) * Math.ceil(near / 4);
  }
  return groups;
}
