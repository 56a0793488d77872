import { enqueue, touchSamples } from './kmeans-queue';
import { KMeansState, labelOf, staleOf } from './kmeans-state';
import { settleBlock } from './kmeans-tile';
import { select } from './simd';

/** Samples that share a page: 2 ^ this. */
const PAGE_SHIFT: i32 = 7;
const PAGE: i32 = 1 << PAGE_SHIFT;
/** Runs of each cluster: samples that will soon be looked at again first, then those later by powers of 2. */
const RUNS: i32 = 8;
const FAR: f32 = 3.0e38;
/** So many of 8 samples in a row make it cheaper to decide all of them than to gather each with others. */
const MOST_OF_A_BLOCK: i32 = 7;

/** What sorting works on besides the state of the fit; mirrors functions/clustering/sorted-rows.ts. */
@unmanaged
class SortState {
  /** IN f32 [k][4] 1 / how far each shell's clock went in the latest step. */
  rates: usize;
  /** INOUT i32 [k][RUNS] samples in each run, then where the next of it goes. */
  runs: usize;
  /** IN i32 [nSamples] which sample of the table lies where, and OUT the same after sorting. */
  samples: usize;
  sortedSamples: usize;
  /** OUT where rows, labels and gaps go. */
  rows: usize;
  labels: usize;
  gaps: usize;
  /** INOUT f32 [pages][4] smallest gap of each shell in a page all of one cluster; −3e38 while not known. */
  pageGaps: usize;
  /** INOUT u16 [pages] that cluster. */
  pageLabels: usize;
  /** OUT blocks of 8 samples looked at so far. */
  blocks: i32;
}

/** Run of a sample: its cluster's, then by how many steps like the latest its gap will outlast. */
@inline
function runOf(state: KMeansState, sort: SortState, sample: i32): i32 {
  const shell = <usize>load<u16>(state.labels + (<usize>sample << 1));
  const slack = load<f32>(state.gaps + (<usize>sample << 2)) - load<f32>(state.clocks + (shell << 2));
  const steps = slack * load<f32>(sort.rates + (shell << 2));
  const run = steps > 0 ? min((reinterpret<i32>(steps + 1) >>> 23) - 127, RUNS - 1) : 0;
  return (<i32>(shell >>> 2) << 3) + run;
}

/** Counts the samples of [first, last) in each run. */
export function kmeans_count_runs_f32(stateAddress: usize, sortAddress: usize, first: i32, last: i32): void {
  const state = changetype<KMeansState>(stateAddress), sort = changetype<SortState>(sortAddress);
  for (let sample = first; sample < last; sample++) {
    const count = sort.runs + (<usize>runOf(state, sort, sample) << 2);
    store<i32>(count, load<i32>(count) + 1);
  }
}

/**
 * Moves samples [first, last) — rows, labels and gaps — to their runs, which `runs` tells the starts of: those that must
 * be decided again at the same time then lie side by side, and memory is streamed. Keeps the order within a run.
 * Cost: one read and one write of the rows.
 */
export function kmeans_sort_f32(stateAddress: usize, sortAddress: usize, first: i32, last: i32): void {
  const state = changetype<KMeansState>(stateAddress), sort = changetype<SortState>(sortAddress);
  const rowBytes = <usize>state.nFeatures << 2;
  let row = state.rows + <usize>first * rowBytes;
  for (let sample = first; sample < last; sample++) {
    const next = sort.runs + (<usize>runOf(state, sort, sample) << 2);
    const to = <usize>load<i32>(next);
    store<i32>(next, <i32>to + 1);
    const from = <usize>sample;
    store<u16>(sort.labels + (to << 1), load<u16>(state.labels + (from << 1)));
    store<f32>(sort.gaps + (to << 2), load<f32>(state.gaps + (from << 2)));
    store<i32>(sort.sortedSamples + (to << 2), load<i32>(sort.samples + (from << 2)));
    copyRow(row, sort.rows + to * rowBytes, rowBytes);
    row += rowBytes;
  }
}

/** Writes no byte past the row: what follows may hold another run's. */
@inline
function copyRow(from: usize, to: usize, bytes: usize): void {
  if (bytes < 16) {
    for (let at: usize = 0; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at));
    return;
  }
  const end = bytes - 16;
  for (let at: usize = 0; at < end; at += 16) v128.store(to + at, v128.load(from + at));
  v128.store(to + end, v128.load(from + end));
}

/**
 * `kmeans_reassign_f32` for sorted samples: pages all of one cluster are left out together while none of their gaps can
 * have expired.
 * @param first a multiple of 128
 * @returns labels changed
 */
export function kmeans_reassign_sorted_f32(stateAddress: usize, sortAddress: usize, first: i32, last: i32): i32 {
  const state = changetype<KMeansState>(stateAddress), sort = changetype<SortState>(sortAddress);
  let changed = 0;
  let touched: i32 = 0;
  for (let start = first; start < last; start += PAGE) {
    const page = <usize>(start >>> PAGE_SHIFT);
    const pageGaps = sort.pageGaps + (page << 4);
    const cluster = <usize>load<u16>(sort.pageLabels + (page << 1));
    if (!v128.any_true(f32x4.le(v128.load(pageGaps), v128.load(state.clocks + (cluster << 4))))) continue;
    const end = min(start + PAGE, last);
    let blocks = 0;
    for (let sample = start; sample < end; sample += 8) {
      const stale = staleOf(state, sample);
      if (!stale) continue;
      blocks++;
      if (popcnt(stale) >= MOST_OF_A_BLOCK && sample + 8 <= end && isOneCluster(state, sample)) {
        changed += settleBlock(state, sample, labelOf(state, sample));
        continue;
      }
      touched += touchSamples(state, sample, 8);
      changed += enqueue(state, sample, stale);
    }
    // Samples that still wait had a gap that has expired: their page is not yet known then.
    if (blocks > 0) v128.store(pageGaps, f32x4.splat(-FAR));
    else if (end - start == PAGE) learnPage(state, sort, start, pageGaps);
    sort.blocks += blocks;
  }
  state.touched = touched;
  return changed;
}

/** Whether 8 samples in a row are of one cluster. */
@inline
function isOneCluster(state: KMeansState, first: i32): bool {
  const labels = v128.load(state.labels + (<usize>first << 1));
  return i16x8.all_true(i16x8.eq(i16x8.shr_u(labels, 2), i16x8.splat(<i16>labelOf(state, first))));
}

/** Takes down the smallest gaps of a page all of one cluster. */
function learnPage(state: KMeansState, sort: SortState, start: i32, pageGaps: usize): void {
  const cluster = load<u16>(state.labels + (<usize>start << 1)) >>> 2;
  const same = i16x8.splat(cluster);
  const far = f32x4.splat(FAR);
  const shell0 = i32x4.splat(0), shell1 = i32x4.splat(1), shell2 = i32x4.splat(2), shell3 = i32x4.splat(3);
  const shellBits = i16x8.splat(3);
  let least0 = far, least1 = far, least2 = far, least3 = far;
  for (let sample = start; sample < start + PAGE; sample += 8) {
    const labels = v128.load(state.labels + (<usize>sample << 1));
    if (!i16x8.all_true(i16x8.eq(i16x8.shr_u(labels, 2), same))) return;
    const shells = v128.and(labels, shellBits);
    const gaps = state.gaps + (<usize>sample << 2);
    const gaps0 = v128.load(gaps), gaps1 = v128.load(gaps, 16);
    const low = i32x4.extend_low_i16x8_u(shells), high = i32x4.extend_high_i16x8_u(shells);
    least0 = f32x4.pmin(least0, select(gaps0, far, i32x4.eq(low, shell0)));
    least0 = f32x4.pmin(least0, select(gaps1, far, i32x4.eq(high, shell0)));
    least1 = f32x4.pmin(least1, select(gaps0, far, i32x4.eq(low, shell1)));
    least1 = f32x4.pmin(least1, select(gaps1, far, i32x4.eq(high, shell1)));
    least2 = f32x4.pmin(least2, select(gaps0, far, i32x4.eq(low, shell2)));
    least2 = f32x4.pmin(least2, select(gaps1, far, i32x4.eq(high, shell2)));
    least3 = f32x4.pmin(least3, select(gaps0, far, i32x4.eq(low, shell3)));
    least3 = f32x4.pmin(least3, select(gaps1, far, i32x4.eq(high, shell3)));
  }
  const low01 = v128.shuffle<f32>(least0, least1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(least0, least1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(least2, least3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(least2, least3, 2, 6, 3, 7);
  // Lane q of each of these four holds a minimum of shell q.
  const a = v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), b = v128.shuffle<f32>(low01, low23, 2, 3, 6, 7);
  const c = v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), d = v128.shuffle<f32>(high01, high23, 2, 3, 6, 7);
  v128.store(pageGaps, f32x4.pmin(f32x4.pmin(a, b), f32x4.pmin(c, d)));
  store<u16>(sort.pageLabels + (<usize>(start >>> PAGE_SHIFT) << 1), cluster);
}
