import type { KMeansState } from './kmeans-state.ts';

/** Clocks are compared in float32: rounding up by this much keeps the bounds right. */
const ROUND_UP = 1 + 1e-6;

/** How far the centers have moved since the start, as the clocks of clusters and groups the kernels compare with. */
export class CenterMovement {
  readonly #clocks: Float64Array;
  readonly #groupClocks: Float64Array;

  constructor(state: KMeansState) {
    this.#clocks = new Float64Array(state.nClusters);
    this.#groupClocks = new Float64Array(state.nGroups);
  }

  /** Adds the step from `before` to `after` to the clocks; returns its squared length over all centers. */
  advance(state: KMeansState, before: Float64Array, after: Float64Array): number {
    const { nClusters, nFeatures, nGroups } = state;
    const drift = new Float64Array(nClusters);
    const groupDrift = new Float64Array(nGroups);
    let shift = 0;
    let farthest = -1;
    let largest = 0;
    let second = 0;
    for (let c = 0; c < nClusters; c++) {
      let square = 0;
      for (let at = c * nFeatures; at < (c + 1) * nFeatures; at++) square += (after[at]! - before[at]!) ** 2;
      shift += square;
      const moved = Math.sqrt(square);
      drift[c] = moved;
      groupDrift[c >> 2] = Math.max(groupDrift[c >> 2]!, moved);
      if (moved > largest) {
        second = largest;
        largest = moved;
        farthest = c;
      } else if (moved > second) second = moved;
    }
    for (let c = 0; c < nClusters; c++) {
      this.#clocks[c]! += drift[c]! + (c === farthest ? second : largest);
      state.clocks[c] = this.#clocks[c]! * ROUND_UP;
    }
    for (let group = 0; group < nGroups; group++) {
      this.#groupClocks[group]! += groupDrift[group]!;
      state.groupClocks[group] = this.#groupClocks[group]! * ROUND_UP;
    }
    return shift;
  }
}
