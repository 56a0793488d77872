import { blockBytes, keyBytes, nearestByFixedProducts, numberBits, roundSamples } from './kmeans-fixed-products';
import { hasRoom, listChanged, listSamples, settleList } from './kmeans-list';
import { findNearest, nearest0, nearest1, ownKeys, roundingOf } from './kmeans-products';
import { listMove, moveListed } from './kmeans-moves';
import { fillGaps, keepInRow } from './kmeans-settle';
import { KMeansState, clocksOf, labelOf, openGroup, staleOf } from './kmeans-state';
import { upperBound } from './kmeans-margins';

/** Blocks of 8 samples whose products are taken at once; the answers hold so many. */
const BLOCKS = 8;
const SAMPLES = 8 * BLOCKS;

/**
 * Labels of all samples [first, last) anew from scalar products in fixed point: rows and centers rounded to 16 bits, whose
 * products one instruction makes and adds for two features at a time, twice as many as in float32. What the rounding leaves
 * open is decided in float32, and by that in float64, as any sample whose gap is out of date.
 *
 * A key is |c|² / 2 − x·c, both seen from the origin, in units of `fixedUnit`, less the most that rounding can take from it,
 * the row's share aside: the nearest center is known where the second smallest key exceeds the smallest by more than
 * its `fixedErrors` + |x| × `fixedRounding`, |x| being the row's distance from the origin. Of few centers a key's last bits are its
 * center's number.
 *
 * Cost: one read of the rounded rows, half of what the rows take, ⌈n / 8⌉ × k × nFeatures integer vector multiply-adds; and
 * the first time one read of the rows.
 * @param first a multiple of 8
 * @param keepsGaps whether gaps are brought up to date; otherwise they stay as they are: a
 * sample that stays with its cluster stays in its shell, which has grown by all its center moved
 * @param rounds whether the rows of these samples are to be rounded first
 * @returns labels changed
 */
export function kmeans_fixed_i16(stateAddress: usize, first: i32, last: i32, keepsGaps: bool, rounds: bool): i32 {
  const state = changetype<KMeansState>(stateAddress);
  const nGroups = state.nGroups, bytes = blockBytes(state), ownBytes = keyBytes(state);
  const haveNumbers = numberBits(state) != 0, numbers = i32x4.splat((1 << numberBits(state)) - 1);
  const errors = v128.load(state.fixedErrors), errorUnit = f32x4.splat(state.fixedErrorUnit);
  const twice = i32x4.splat(state.twice), next = i32x4.splat(state.next);
  const rounding = f32x4.splat(state.fixedRounding), error = f32x4.splat(state.fixedError);
  let changed = 0, listed = 0;
  for (let start = first; start < last; start += SAMPLES) {
    const stop = min(start + SAMPLES, last);
    const blocks = state.fixedRows + <usize>(start >>> 3) * bytes;
    if (rounds) for (let sample = start; sample < stop; sample += 8) roundSamples(state, sample);
    nearestByFixedProducts(
      blocks, (stop - start + 7) >>> 3, bytes, state.fixedCenters, state.fixedHalfNorms, nGroups, state.keys,
      !haveNumbers,
    );
    let keys = state.keys;
    for (let sample = start; sample < stop; sample += 8, keys += ownBytes + 64) {
      const nearest = keys + ownBytes;
      const best0 = v128.load(nearest), best1 = v128.load(nearest, 16);
      const second0 = v128.load(nearest, 32), second1 = v128.load(nearest, 48);
      const labels = state.labels + (<usize>sample << 1), lengths = state.fixedLengths + (<usize>sample << 2);
      const round0 = f32x4.mul(v128.load(lengths), rounding), round1 = f32x4.mul(v128.load(lengths, 16), rounding);
      const lead0 = f32x4.convert_i32x4_s(i32x4.sub(second0, best0)), lead1 = f32x4.convert_i32x4_s(i32x4.sub(second1, best1));
      let own0: v128, own1: v128, open0: v128, open1: v128;
      if (haveNumbers) {
        const clusters = i16x8.shr_u(v128.load(labels), 2);
        const number0 = v128.and(best0, numbers), number1 = v128.and(best1, numbers);
        own0 = i32x4.eq(number0, i32x4.extend_low_i16x8_u(clusters));
        own1 = i32x4.eq(number1, i32x4.extend_high_i16x8_u(clusters));
        open0 = f32x4.add(round0, f32x4.mul(shortsOf(number0, errors, twice, next), errorUnit));
        open1 = f32x4.add(round1, f32x4.mul(shortsOf(number1, errors, twice, next), errorUnit));
      } else {
        own0 = i32x4.eq(best0, ownKeys(keys, labels));
        own1 = i32x4.eq(best1, ownKeys(keys + 16, labels + 8));
        open0 = f32x4.add(round0, clocksOf(state.fixedErrors, labels));
        open1 = f32x4.add(round1, clocksOf(state.fixedErrors, labels + 8));
      }
      const kept0 = v128.and(f32x4.gt(lead0, open0), own0), kept1 = v128.and(f32x4.gt(lead1, open1), own1);
      const kept = i32x4.bitmask(kept0) | (i32x4.bitmask(kept1) << 4);
      const others = (0xff >> max(0, sample + 8 - last)) & ~kept;
      if (keepsGaps) {
        // Also those that do not stay: what they are given is overwritten below.
        keepFour(state, sample, best0, second0, v128.load(lengths), open0);
        keepFour(state, sample + 4, best1, second1, v128.load(lengths, 16), open1);
      }
      if (others == 0) continue;
      // Whichever center is the nearest.
      if (!haveNumbers) {
        open0 = f32x4.add(round0, error);
        open1 = f32x4.add(round1, error);
      }
      const sure = i32x4.bitmask(f32x4.gt(lead0, open0)) | (i32x4.bitmask(f32x4.gt(lead1, open1)) << 4);
      if (others & sure) {
        if (haveNumbers) changed += relabel(state, sample, v128.and(best0, numbers), v128.and(best1, numbers), others & sure);
        else {
          findNearest(keys, state.nClusters, best0, best1);
          changed += relabel(state, sample, nearest0, nearest1, others & sure);
        }
      }
      let open = others & ~sure;
      if (open == 0) continue;
      // A gap within its clock has the label proven already.
      if (!keepsGaps) open &= staleOf(state, sample);
      listed = listSamples(state, sample, open, listed);
      if (hasRoom(listed, 8)) continue;
      listed = settleList(state, listed, false);
      changed += listChanged;
    }
  }
  if (keepsGaps) fillGaps(state, last);
  moveListed(state);
  if (listed > 0) {
    settleList(state, listed, true);
    changed += listChanged;
  }
  const decided = (last - first + 7) >>> 3;
  state.decisions += decided;
  state.tiles += decided * nGroups;
  return changed;
}

/**
 * Those of 8 shorts that four numbers name, as float32.
 * @param twice in each lane bytes 2, 2, 0, 0
 * @param next in each lane bytes 0, 1 and two that name none: a lane is made of bytes 2 × number and the next, then of zeros
 */
@inline
function shortsOf(numbers: v128, shorts: v128, twice: v128, next: v128): v128 {
  return f32x4.convert_i32x4_s(i8x16.swizzle(shorts, v128.or(i32x4.mul(numbers, twice), next)));
}

/** Gaps and shells of four samples in a row that stay with their clusters. @param lengths their |x − origin| */
@inline
function keepFour(state: KMeansState, sample: i32, best: v128, second: v128, lengths: v128, open: v128): void {
  const norms = f32x4.mul(lengths, lengths);
  const unit = f32x4.splat(state.fixedUnit), zero = f32x4.splat(0);
  const rounding = roundingOf(norms, state.fixedLargestSquare, state.productError);
  const far = f32x4.sub(f32x4.add(norms, f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(second), open), unit)), rounding);
  const near = f32x4.add(f32x4.add(norms, f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(best), open), unit)), rounding);
  const down = f32x4.splat(1 - state.relativeError), upper = upperBound(state, f32x4.pmax(zero, near));
  keepInRow(state, sample, f32x4.sub(f32x4.mul(f32x4.sqrt(f32x4.pmax(zero, far)), down), upper), upper);
}

/** Gives lanes the nearest center, which is certain, and lists them for their clusters' sums. @returns labels changed */
function relabel(state: KMeansState, sample: i32, nearest0: v128, nearest1: v128, lanes: i32): i32 {
  const scratch = state.squares;
  v128.store(scratch, nearest0);
  v128.store(scratch, nearest1, 16);
  const changed = popcnt(lanes);
  do {
    const lane = ctz(lanes), current = sample + lane;
    lanes &= lanes - 1;
    const own = labelOf(state, current);
    // The last shell holds every sample, and a gap of 0 no clock.
    store<u16>(state.labels + (<usize>current << 1), <u16>((load<i32>(scratch + (<usize>lane << 2)) << 2) | 3));
    store<f32>(state.gaps + (<usize>current << 2), 0);
    // The center left behind becomes one of the others: its group's bound no longer holds.
    if (state.bounds) openGroup(state, current, own >>> 2);
    listMove(state, current, own);
  } while (lanes);
  return changed;
}
