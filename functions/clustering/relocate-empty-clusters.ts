import { type KMeansState, lookAtAllBlocks, SHELLS } from './kmeans-state.ts';

/**
 * Gives each empty cluster the sample farthest from its own center (of equally far ones the first), as scikit-learn
 * does: farthest sample to the first empty cluster, and so on. Works in place on labels, sums and counts; a sample that
 * is alone in its cluster stays.
 */
export function relocateEmptyClusters(state: KMeansState): void {
  const empty = [...state.counts.keys()].filter((c) => state.counts[c] === 0);
  if (empty.length === 0) return;
  const distances = squaredDistances(state);
  lookAtAllBlocks(state);
  for (const cluster of empty) {
    const sample = farthestSample(state, distances);
    moveSample(state, sample, cluster);
    distances[sample] = Number.NEGATIVE_INFINITY;
    // Looked at again in the next pass, whatever its bounds say.
    state.gaps[sample] = -1;
    state.bounds?.fill(0, sample * state.boundsWidth, (sample + 1) * state.boundsWidth);
  }
}

function squaredDistances({ nSamples, nFeatures, rows, labels, centers }: KMeansState): Float64Array {
  const distances = new Float64Array(nSamples);
  for (let sample = 0; sample < nSamples; sample++) {
    const center = Math.floor(labels[sample]! / SHELLS) * nFeatures;
    let sum = 0;
    for (let j = 0; j < nFeatures; j++) sum += (rows[sample * nFeatures + j]! - centers[center + j]!) ** 2;
    distances[sample] = sum;
  }
  return distances;
}

function farthestSample({ labels, counts }: KMeansState, distances: Float64Array): number {
  let farthest = -1;
  let most = Number.NEGATIVE_INFINITY;
  distances.forEach((distance, sample) => {
    if (distance > most && counts[Math.floor(labels[sample]! / SHELLS)]! > 1) {
      most = distance;
      farthest = sample;
    }
  });
  return farthest;
}

function moveSample(state: KMeansState, sample: number, to: number): void {
  const { nFeatures, sums, sumsWidth, rows, labels, counts, weights, weightSums } = state;
  const from = Math.floor(labels[sample]! / SHELLS);
  const weight = weights?.[sample] ?? 1;
  for (let j = 0; j < nFeatures; j++) {
    const x = weight * rows[sample * nFeatures + j]!;
    sums[from * sumsWidth + j]! -= x;
    sums[to * sumsWidth + j]! += x;
  }
  weightSums[from]! -= weight;
  weightSums[to]! += weight;
  counts[from]!--;
  counts[to]!++;
  labels[sample] = to * SHELLS;
}
