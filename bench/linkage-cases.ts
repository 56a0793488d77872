import { agnes } from 'ml-hclust';
import { agglomerate } from '../functions/clustering/agglomerative.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import type { BenchCase, Side } from './bench-case.ts';
import { rowArrays } from './kmeans-cases.ts';
import type { Outcome } from './python-worker.ts';

const kernels = loadKernelsSync();

const ours: Side = (set) => {
  const { heights } = agglomerate(kernels, set, 'ward');
  return () => outcomeOf(heights);
};

/** Every n-th height, as the Python side picks them. */
function outcomeOf(ascending: Float64Array): Outcome {
  const step = Math.max(1, Math.floor(ascending.length / 1000));
  return {
    heights: [...ascending].filter((_, i) => i % step === 0),
    heightSum: ascending.reduce((sum, height) => sum + height, 0),
    top: ascending.at(-1),
  };
}

/** Heights of two trees agree to 1e-9, relative. */
function sameHeights(ours: Outcome, other: Outcome): string {
  const pairs = (ours.heights as number[]).map(
    (height, i) => [height, (other.heights as number[])[i]!] as const,
  );
  const worst = Math.max(...pairs.map(([a, b]) => Math.abs(a - b) / Math.max(b, 1e-300)));
  const sum = Math.abs(Number(ours.heightSum) / Number(other.heightSum) - 1);
  if (!(Math.max(worst, sum) <= 1e-9)) throw new Error(`heights are ${worst.toExponential(1)} apart`);
  return `heights within ${worst.toExponential(1)}`;
}

const fitCase = (id: string, data: string, must: number, stretch: number, slow = false): BenchCase => ({
  id,
  title: `Ward ${data.replaceAll('_', ' ')}`,
  data,
  ours,
  peers: [
    { name: 'fastcluster linkage_vector', job: { op: 'fastclusterVector', data, linkage: 'ward' } },
    { name: 'fastcluster linkage', job: { op: 'fastclusterLinkage', data, linkage: 'ward' } },
    { name: 'SciPy linkage', job: { op: 'scipyLinkage', data, linkage: 'ward' } },
  ],
  gate: sameHeights,
  must,
  stretch,
  slow,
  memory: id === 'W1',
});

const npmPeer: Side = (set) => {
  const rows = rowArrays(set);
  const started = performance.now();
  const tree = agnes(rows, { method: 'ward2' });
  const seconds = (performance.now() - started) / 1000;
  return () => {
    const heights: number[] = [];
    tree.traverse((cluster) => {
      if (!cluster.isLeaf) heights.push(cluster.height);
    });
    return { ...outcomeOf(Float64Array.from(heights).sort()), seconds };
  };
};

/** Rows W1 and W2 of the suite; W3 is one of `limits.ts`. */
export const LINKAGE_CASES: readonly BenchCase[] = [
  {
    ...fitCase('W1 npm', 'blobs_2k_16', 20, 1000, true),
    peers: [{ name: 'ml-hclust agnes', run: npmPeer }],
  },
  fitCase('W1', 'blobs_10k_16', 8, 20),
  fitCase('W1', 'blobs_20k_16', 8, 20, true),
  fitCase('W2', 'customers_10k_13', 4, 8),
];
