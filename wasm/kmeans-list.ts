import { settleMixed } from './kmeans-mixed';
import { touchListed } from './kmeans-queue';
import { KMeansState } from './kmeans-state';

/** Samples that may wait in a state's list; decided as soon as fewer than 8 more fit. */
export const LIST_LENGTH: i32 = 1024;
/** Samples of it whose rows are loaded ahead at once. */
const AT_ONCE: i32 = 512;

/** Puts those of 8 samples in a row whose bits are set at the end of the list, which must have room for 8; without a branch. */
@inline
export function listSamples(state: KMeansState, sample: i32, lanes: i32, length: i32): i32 {
  const at = state.list + (<usize>length << 2), first = i32x4.splat(sample);
  const low = lanes & 15, high = lanes >>> 4;
  v128.store(at, i32x4.add(first, v128.load(state.setBits + (<usize>low << 4))));
  v128.store(
    at + (<usize>popcnt(low) << 2), i32x4.add(i32x4.add(first, i32x4.splat(4)), v128.load(state.setBits + (<usize>high << 4))),
  );
  return length + popcnt(lanes);
}

/** Whether the list has room for `count` more. */
@inline
export function hasRoom(length: i32, count: i32): bool {
  return length + count <= LIST_LENGTH;
}

/** Labels that the latest `settleList` changed. */
export let listChanged: i32 = 0;

/**
 * Decides all samples listed, in tiles of 8 of whatever clusters; the last few come to the front of the list and wait for
 * more unless `all` are wanted.
 * @returns samples that still wait in the list
 */
export function settleList(state: KMeansState, length: i32, all: bool): i32 {
  const list = state.list, end = all ? length : length & ~7;
  let changed = 0;
  for (let start = 0; start < end; start += AT_ONCE) {
    const stop = min(start + AT_ONCE, end);
    touchListed(state, list + (<usize>start << 2), list + (<usize>stop << 2), 4);
    for (let at = start; at < stop; at += 8) {
      changed += settleMixed(state, list + (<usize>at << 2), min(8, stop - at));
    }
  }
  listChanged = changed;
  for (let at = end; at < length; at++) store<i32>(list + (<usize>(at - end) << 2), load<i32>(list + (<usize>at << 2)));
  return length - end;
}
