import { settleMixed } from './kmeans-mixed';
import { touchSamples } from './kmeans-queue';
import { KMeansState } from './kmeans-state';

/** Samples that may wait in a state's list; decided as soon as fewer than 8 more fit. */
export const LIST_LENGTH: i32 = 1024;
/** All rows are read where at least one in so many is listed. */
const STREAM_SPAN: i32 = 10;

/** Puts those of 8 samples in a row whose bits are set at the end of the list; without a branch per sample. */
@inline
export function listStale(state: KMeansState, sample: i32, stale: i32, length: i32): i32 {
  state.staleSamples += popcnt(stale);
  return listSamples(state, sample, stale, length);
}

/** As `listStale`, for samples that are to be decided for another reason than their gaps. */
@inline
export function listSamples(state: KMeansState, sample: i32, lanes: i32, length: i32): i32 {
  const list = state.list;
  for (let lane = 0; lane < 8; lane++) {
    store<i32>(list + (<usize>length << 2), sample + lane);
    length += lanes & 1;
    lanes >>>= 1;
  }
  return length;
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
  const isStreamed = length > 0 && length * STREAM_SPAN >= load<i32>(list + (<usize>(length - 1) << 2)) + 1 - load<i32>(list);
  if (!isStreamed) touchListed(state, length);
  let changed = 0, next = load<i32>(list);
  for (let at = 0; at < end; at += 8) {
    const samples = list + (<usize>at << 2), count = min(8, length - at);
    if (isStreamed) {
      const last = load<i32>(samples + (<usize>(count - 1) << 2));
      state.touched = touchSamples(state, next, last + 1 - next);
      next = last + 1;
    }
    changed += settleMixed(state, samples, count);
  }
  listChanged = changed;
  for (let at = end; at < length; at++) store<i32>(list + (<usize>(at - end) << 2), load<i32>(list + (<usize>at << 2)));
  return length - end;
}

/**
 * Loads ahead the rows of all samples listed, one right after the other: the processor fetches many from
 * memory at a time, which it cannot while it decides them. Where many rows in a row are listed, all of them are read as they
 * are decided, those in between too: memory is read fastest without gaps.
 */
function touchListed(state: KMeansState, length: i32): void {
  let touched: i32 = 0;
  for (let at: usize = 0; at < <usize>length << 2; at += 4) touched += touchSamples(state, load<i32>(state.list + at), 1);
  state.touched = touched;
}
