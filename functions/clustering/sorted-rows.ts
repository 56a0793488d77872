import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelI32, KernelU16 } from '../kernels/memory.ts';
import { CALL_SAMPLES } from './crew.ts';
import type { KMeansMembers } from './kmeans-members.ts';
import { type KMeansState, lookAtAllBlocks, SHELLS, workDone } from './kmeans-state.ts';

/** Samples per page and runs per cluster; mirror wasm/kmeans-sort.ts. */
const PAGE = 128;
const RUNS = 8;
/** Sorting takes about as long as looking at all samples this many times. */
const COST_IN_PASSES = 2;
/** What deciding 8 samples that lie apart takes more than 8 in a row, in blocks looked at. */
const COST_OF_APART = 0.5;
/** Smallest table that is sorted, bytes: a core's own cache holds smaller ones. */
const LEAST_BYTES = 2 ** 20;
/** Largest: sorting takes as much memory again, twice when it is repeated. */
const MOST_BYTES = 2 ** 30;
/** A gap every clock exceeds: the page is looked at. */
const UNKNOWN = -3e38;
/** Where a state keeps the addresses of rows, labels and gaps. */
const ADDRESSES = 0;
/** Blocks looked at: the one field that each member of a crew counts for itself. */
const LOOKED = 9;

interface Samples {
  readonly rows: KernelF32;
  readonly labels: KernelU16;
  readonly gaps: KernelF32;
  /** Which sample of the table lies where. */
  readonly samples: KernelI32;
}

/**
 * The samples of a fit sorted by cluster and by how soon they must be decided again. As iterations go on, few samples
 * must, and these lie scattered over a table larger than the processor's caches: each costs a wait for memory. Sorted,
 * they lie side by side, and whole pages of others are left out. Whether to sort hangs on counts, never on time, and
 * labels do not depend on it: sums of placed rows are exact in any order.
 */
export class SortedRows {
  readonly #kernels: Kernels;
  readonly #state: KMeansState;
  readonly #table: Samples;
  readonly #members: KMeansMembers;
  readonly #fields: KernelI32;
  /** The same fields for each other member of the crew. */
  readonly #otherFields: readonly KernelI32[];
  readonly #rates: KernelF32;
  readonly #runs: KernelI32;
  readonly #pageGaps: KernelF32;
  readonly #clocksBefore: Float32Array;
  /** What sorting would have saved since the last: blocks of 8 samples looked at that the samples decided would not fill. */
  #waste = 0;
  #now: Samples | undefined;
  /** Copies that lie idle; never more than two are made. */
  readonly #spares: Samples[] = [];

  constructor(kernels: Kernels, state: KMeansState, members: KMeansMembers) {
    const { memory } = kernels;
    const { nSamples, nClusters, rows, labels, gaps } = state;
    const nPages = Math.ceil(nSamples / PAGE);
    this.#kernels = kernels;
    this.#state = state;
    this.#members = members;
    this.#table = { rows, labels, gaps, samples: memory.i32(nSamples) };
    this.#rates = memory.f32(nClusters * SHELLS).fill(0);
    this.#runs = memory.i32(nClusters * RUNS);
    this.#pageGaps = memory.f32(nPages * 4);
    this.#clocksBefore = new Float32Array(nClusters * SHELLS);
    this.#fields = memory.i32(10).fill(0);
    this.#otherFields = Array.from({ length: members.crew.size - 1 }, () => memory.i32(10));
    this.#fields.set([this.#rates.byteOffset, this.#runs.byteOffset]);
    this.#fields.set([this.#pageGaps.byteOffset, memory.u16(nPages).fill(0).byteOffset], 7);
  }

  /**
   * Whether a fit's samples may be sorted, and gain from it: weighted sums hang on the order; and rows of few clusters are
   * decided in tiles of any, for which reading rows one by one costs no more than sorting them.
   */
  static suits({ nSamples, nFeatures, weights, hasOrder }: KMeansState): boolean {
    const bytes = nSamples * nFeatures * 4;
    return hasOrder && !weights && bytes >= LEAST_BYTES && bytes <= MOST_BYTES;
  }

  /**
   * Decides again the samples whose gap expired, as `kmeans_reassign_f32`, and returns how many labels changed.
   * @param leavesOutBlocks see there
   */
  reassign(leavesOutBlocks: boolean): number {
    const { nSamples, clocks } = this.#state;
    for (let shell = 0; shell < clocks.length; shell++) {
      this.#rates[shell] = 1 / (clocks[shell]! - this.#clocksBefore[shell]! + 1e-30);
    }
    this.#clocksBefore.set(clocks);
    const before = workDone(this.#state).decisions;
    const blocksBefore = this.#fields[LOOKED]!;
    const changed =
      (this.#now ? this.#passSorted() : this.#members.reassign(leavesOutBlocks)) + this.#members.flush();
    const decided = workDone(this.#state).decisions - before;
    const nBlocks = Math.ceil(nSamples / 8);
    const looked = this.#now ? this.#fields[LOOKED]! - blocksBefore : scattered(decided / nBlocks) * nBlocks;
    this.#waste += Math.max(0, looked - decided) + (this.#now ? 0 : COST_OF_APART * decided);
    return changed;
  }

  #passSorted(): number {
    for (const fields of this.#otherFields) {
      fields.set(this.#fields);
      fields[LOOKED] = 0;
    }
    const all = [this.#fields, ...this.#otherFields];
    const changed = this.#members.pass('kmeans_reassign_sorted_f32', (member, first, last) => [
      this.#members.addressOf(member),
      all[member]!.byteOffset,
      first,
      last,
    ]);
    for (const fields of this.#otherFields) this.#fields[LOOKED]! += fields[LOOKED]!;
    return changed;
  }

  /** Sorts once what was looked at in vain has cost as much as sorting, unless bounds per group of centers are kept. */
  sortIfItPays(): void {
    const { bounds, nSamples } = this.#state;
    if (!bounds && this.#waste >= COST_IN_PASSES * Math.ceil(nSamples / 8)) this.sort();
  }

  /** Brings labels and gaps back to the order of the table. What sorting would save is counted from zero again. */
  restore(): void {
    if (!this.#now) return;
    this.#waste = 0;
    const { labels, gaps, samples } = this.#now;
    for (let at = 0; at < samples.length; at++) {
      this.#table.labels[samples[at]!] = labels[at]!;
      this.#table.gaps[samples[at]!] = gaps[at]!;
    }
    this.#spares.push(this.#now);
    this.#now = undefined;
    this.#use(this.#table);
  }

  /** Sorts all samples anew. */
  sort(): void {
    const { exports } = this.#kernels;
    const { address, nSamples } = this.#state;
    const from = this.#now ?? this.#table;
    const to = this.#spares.pop() ?? this.#allocate();
    if (!this.#now) for (let sample = 0; sample < nSamples; sample++) from.samples[sample] = sample;
    this.#fields.set([from.samples.byteOffset, to.samples.byteOffset], 2);
    this.#fields.set([to.rows.byteOffset, to.labels.byteOffset, to.gaps.byteOffset], 4);
    const sort = this.#fields.byteOffset;
    this.#runs.fill(0);
    for (let first = 0; first < nSamples; first += CALL_SAMPLES) {
      exports.kmeans_count_runs_f32(address, sort, first, Math.min(nSamples, first + CALL_SAMPLES));
    }
    let start = 0;
    for (let run = 0; run < this.#runs.length; run++) {
      const count = this.#runs[run]!;
      this.#runs[run] = start;
      start += count;
    }
    for (let first = 0; first < nSamples; first += CALL_SAMPLES) {
      exports.kmeans_sort_f32(address, sort, first, Math.min(nSamples, first + CALL_SAMPLES));
    }
    if (this.#now) this.#spares.push(this.#now);
    this.#now = to;
    this.#use(to);
    this.#pageGaps.fill(UNKNOWN);
    this.#waste = 0;
  }

  #allocate(): Samples {
    const { memory } = this.#kernels;
    const { nSamples, nFeatures, labels, gaps } = this.#state;
    const rows = memory.f32(nSamples * nFeatures + 16);
    rows.fill(0, nSamples * nFeatures);
    const copy = { rows, labels: memory.u16(labels.length), gaps: memory.f32(gaps.length) };
    copy.labels.set(labels.subarray(nSamples), nSamples);
    copy.gaps.set(gaps.subarray(nSamples), nSamples);
    return { ...copy, samples: memory.i32(nSamples) };
  }

  #use({ rows, labels, gaps }: Samples): void {
    lookAtAllBlocks(this.#state);
    this.#state.fields.set([rows.byteOffset, labels.byteOffset, gaps.byteOffset], ADDRESSES);
  }
}

/** Part of the blocks of 8 that hold at least one of a part of all samples, lying scattered. */
function scattered(part: number): number {
  return 1 - (1 - Math.min(1, part)) ** 8;
}
