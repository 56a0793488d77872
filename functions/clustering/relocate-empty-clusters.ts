import type { KMeansState } from './kmeans-state.ts';
import type { PackedMatrix } from './packed-matrix.ts';

/**
 * Gives each empty cluster the sample farthest from its own center (of equally far ones the lowest row), as
 * scikit-learn does: farthest sample to the first empty cluster, and so on. Works in place on labels, sums and counts;
 * a sample that is alone in its cluster stays.
 */
export function relocateEmptyClusters(packed: PackedMatrix, state: KMeansState): void {
  const empty = [...state.counts.keys()].filter((c) => state.counts[c] === 0);
  if (empty.length === 0) return;
  const distances = squaredDistances(packed, state);
  for (const cluster of empty) {
    const slot = farthestSlot(state, distances);
    moveSample(packed, state, slot, cluster);
    distances[slot] = Number.NEGATIVE_INFINITY;
    state.gaps[slot] = -1;
  }
}

function squaredDistances(packed: PackedMatrix, state: KMeansState): Float64Array {
  const { nFeatures } = packed;
  const distances = new Float64Array(state.nSlots).fill(Number.NEGATIVE_INFINITY);
  for (let slot = 0; slot < state.nSlots; slot++) {
    if (state.rows[slot]! < 0) continue;
    const block = (slot >> 3) * nFeatures * 8 + (slot & 7);
    const center = state.labels[slot]! * nFeatures;
    let sum = 0;
    for (let j = 0; j < nFeatures; j++)
      sum += (packed.blocks[block + j * 8]! - state.centers[center + j]!) ** 2;
    distances[slot] = sum;
  }
  return distances;
}

function farthestSlot(state: KMeansState, distances: Float64Array): number {
  let farthest = -1;
  for (let slot = 0; slot < distances.length; slot++) {
    const distance = distances[slot]!;
    if (distance === Number.NEGATIVE_INFINITY || state.counts[state.labels[slot]!]! < 2) continue;
    const best = farthest < 0 ? Number.NEGATIVE_INFINITY : distances[farthest]!;
    if (distance > best || (distance === best && state.rows[slot]! < state.rows[farthest]!)) farthest = slot;
  }
  return farthest;
}

function moveSample(packed: PackedMatrix, state: KMeansState, slot: number, to: number): void {
  const { nFeatures } = packed;
  const from = state.labels[slot]!;
  const block = (slot >> 3) * nFeatures * 8 + (slot & 7);
  for (let j = 0; j < nFeatures; j++) {
    const x = packed.blocks[block + j * 8]!;
    state.sums[from * nFeatures + j]! -= x;
    state.sums[to * nFeatures + j]! += x;
  }
  state.counts[from]!--;
  state.counts[to]!++;
  state.labels[slot] = to;
}
