import { touchListed } from './kmeans-queue';
import { KMeansState, labelOf } from './kmeans-state';
import { moveSample } from './kmeans-sums';

/** Samples that may wait to be moved. */
const MOST: i32 = 256;

/** Samples that wait. */
let waiting: i32 = 0;

/**
 * Lists a sample that has its new label, to be moved from the sums of another cluster to those of its own: moves in a row
 * take less time than each by itself, between decisions.
 */
@inline
export function listMove(state: KMeansState, sample: i32, from: i32): void {
  if (waiting == MOST) moveListed(state);
  const move = state.moves + (<usize>waiting << 3);
  store<i32>(move, sample);
  store<i32>(move, from, 4);
  waiting++;
}

/** Moves the samples listed, their rows loaded ahead. */
export function moveListed(state: KMeansState): void {
  if (waiting == 0) return;
  const moves = state.moves, end = moves + (<usize>waiting << 3);
  // Passes over rows in float32 have just read them.
  if (state.fixedRows) touchListed(state, moves, end, 8);
  for (let at = moves; at < end; at += 8) {
    const sample = load<i32>(at);
    moveSample(state, sample, load<i32>(at, 4), labelOf(state, sample));
  }
  waiting = 0;
}
