import { daviesBouldinScore, silhouetteScore } from '../functions/clustering/validity.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { agree, type BenchCase } from './bench-case.ts';
import type { Dataset } from './datasets.ts';
import { inKernelMemory } from './kernel-tables.ts';
import type { Outcome } from './python-worker.ts';

const kernels = loadKernelsSync();
const N_CLUSTERS = 8;
const labelsByName = new Map<string, Int32Array>();

/** Label of the nearest of the first eight start rows, in float64: the same on the Python side. */
function labelsOf({ name, nSamples, nFeatures, values, start }: Dataset): Int32Array {
  const known = labelsByName.get(name);
  if (known) return known;
  const labels = new Int32Array(nSamples);
  for (let row = 0; row < nSamples; row++) {
    let nearest = Number.POSITIVE_INFINITY;
    for (let c = 0; c < N_CLUSTERS; c++) {
      let squared = 0;
      for (let j = 0; j < nFeatures; j++)
        squared += (values[row * nFeatures + j]! - start[c * nFeatures + j]!) ** 2;
      if (squared < nearest) {
        nearest = squared;
        labels[row] = c;
      }
    }
  }
  labelsByName.set(name, labels);
  return labels;
}

/** Every pair of rows once. */
const pairsOf = ({ nSamples, nFeatures }: Dataset): Outcome => ({
  multiplyAdds: (nFeatures * nSamples ** 2) / 2,
});

/** The rows once for the centers, once for the distances to them; labels both times. */
const twoReads = ({ nSamples, nFeatures, values }: Dataset): Outcome => ({
  multiplyAdds: nSamples * nFeatures,
  bytesRead: 2 * (values.byteLength + 4 * nSamples),
});

const scoreCase = (
  id: string,
  score: typeof silhouetteScore,
  workOf: (set: Dataset) => Outcome,
  op: string,
  data: string,
  must: number,
  stretch: number,
): BenchCase => ({
  id,
  title: `${op} ${data.replaceAll('_', ' ')} k=${N_CLUSTERS}`,
  data,
  ours: (set) => {
    const labels = labelsOf(set);
    const rows = inKernelMemory(kernels, set);
    const started = performance.now();
    const value = score(kernels, rows, labels, N_CLUSTERS);
    const seconds = (performance.now() - started) / 1000;
    return () => ({ score: value, seconds, ...workOf(set) });
  },
  peers: [{ name: `scikit-learn ${op}`, job: { op, data, nClusters: N_CLUSTERS } }],
  gate: agree('score', 1e-6),
  must,
  stretch,
  slow: data.includes('1m'),
});

/** Rows M1 and M2 of the suite. */
export const VALIDITY_CASES: readonly BenchCase[] = [
  scoreCase('M1', silhouetteScore, pairsOf, 'silhouette', 'blobs_10k_16', 10, 20),
  scoreCase('M1', silhouetteScore, pairsOf, 'silhouette', 'blobs_20k_16', 10, 20),
  scoreCase('M2', daviesBouldinScore, twoReads, 'daviesBouldin', 'blobs_1m_16', 15, 28),
];
