import { createHash } from 'node:crypto';
import { bisectingKMeans } from '../functions/clustering/bisecting.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import type { BenchCase } from './bench-case.ts';
import { identical } from './bench-case.ts';
import { inKernelMemory } from './kernel-tables.ts';
import { inertiaOf } from './kmeans-cases.ts';

const kernels = loadKernelsSync();
const N_CLUSTERS = 8;

/** Both sides start each split from the first and the middle row of the node. */
const starts = (rows: Int32Array): [number, number] => [rows[0]!, rows[rows.length >> 1]!];

/** Digest of a partition, whatever its numbers: clusters are numbered by their first row. */
function partitionDigest(labels: Int32Array): string {
  const numbers = new Map<number, number>();
  const byFirstRow = labels.map((label) => {
    if (!numbers.has(label)) numbers.set(label, numbers.size);
    return numbers.get(label)!;
  });
  return createHash('sha256').update(new Uint8Array(byFirstRow.buffer)).digest('hex');
}

const bisectingCase = (data: string, must: number, stretch: number): BenchCase => {
  const job = { op: 'bisecting', data, nClusters: N_CLUSTERS };
  return {
    id: 'B1',
    title: `bisecting k-means ${data.replaceAll('_', ' ')} k=${N_CLUSTERS}, starts fixed`,
    data,
    ours: (set) => {
      const rows = inKernelMemory(kernels, set);
      const fit = bisectingKMeans(kernels, rows, { nClusters: N_CLUSTERS, seed: 0, tol: 0, init: starts });
      return () => ({
        partition: partitionDigest(fit.labels),
        inertia: inertiaOf(set, fit.labels),
        iterations: fit.iterations,
      });
    },
    peers: [{ name: 'scikit-learn BisectingKMeans', job }],
    // In float64: scikit-learn's float32 sums stop elsewhere.
    reference: { ...job, precise: true },
    gate: identical('partition'),
    must,
    stretch,
    slow: data.includes('1m'),
  };
};

/** Row B1 of the suite. */
export const BISECTING_CASES: readonly BenchCase[] = [
  bisectingCase('blobs_100k_16', 5, 10),
  bisectingCase('blobs_1m_16', 5, 10),
  bisectingCase('customers_1m_13', 5, 10),
];
