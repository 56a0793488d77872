import { createHash } from 'node:crypto';
import densityClustering from 'density-clustering';
import { dbscan } from '../functions/clustering/dbscan.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { type BenchCase, identical, type Side } from './bench-case.ts';
import { rowArrays } from './kmeans-cases.ts';
import { processorSeconds } from './processor-time.ts';

const kernels = loadKernelsSync();

/** SHA-256 of labels as little-endian int32. */
export function digest(labels: Int32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength))
    .digest('hex');
}

const ours =
  (eps: number, minSamples: number): Side =>
  (set) => {
    const { labels, ...counts } = dbscan(kernels, set, { eps, minSamples });
    return () => ({
      ...counts,
      labels: digest(labels),
      multiplyAdds: counts.distancesEvaluated * set.nFeatures,
      avoided: 1 - counts.distancesEvaluated / set.nSamples ** 2,
    });
  };

const npmPeer =
  (eps: number, minSamples: number): Side =>
  (set) => {
    const rows = rowArrays(set);
    const started = processorSeconds();
    const peer = new densityClustering.DBSCAN();
    const clusters = peer.run(rows, eps, minSamples);
    const seconds = processorSeconds() - started;
    return () => ({ nClusters: clusters.length, nNoise: peer.noise.length, seconds });
  };

interface Fit {
  readonly id: string;
  readonly data: string;
  /** The 97.5 % quantile of the distance to the minSamples-th nearest row, so that 1–2 % of the rows are noise. */
  readonly eps: number;
  readonly minSamples: number;
  readonly slow?: boolean;
}

const fitCase = ({ id, data, eps, minSamples, slow = false }: Fit): BenchCase => ({
  id,
  title: `DBSCAN ${data.replaceAll('_', ' ')} eps=${eps} minSamples=${minSamples}`,
  data,
  ours: ours(eps, minSamples),
  peers: [{ name: 'scikit-learn DBSCAN', job: { op: 'dbscan', data, eps, minSamples } }],
  gate: identical('labels', 'nClusters', 'nCore', 'nNoise'),
  must: 50,
  stretch: 250,
  slow,
  memory: data === 'blobs_100k_16',
});

/** Rows D1–D3 of the suite. */
export const DBSCAN_CASES: readonly BenchCase[] = [
  {
    ...fitCase({ id: 'D1', data: 'blobs_10k_3', eps: 0.089, minSamples: 6 }),
    id: 'D1 npm',
    peers: [{ name: 'density-clustering', run: npmPeer(0.089, 6) }],
    // Its border rows go to the cluster that came first, which is another rule; the counts do not depend on it.
    gate: identical('nClusters', 'nNoise'),
    must: 20,
    stretch: 1000,
  },
  fitCase({ id: 'D1', data: 'blobs_100k_3', eps: 0.0518, minSamples: 6 }),
  fitCase({ id: 'D1', data: 'blobs_1m_3', eps: 0.0198, minSamples: 6, slow: true }),
  fitCase({ id: 'D2', data: 'blobs_100k_8', eps: 0.176, minSamples: 16, slow: true }),
  fitCase({ id: 'D2', data: 'blobs_100k_16', eps: 0.306, minSamples: 10, slow: true }),
  fitCase({ id: 'D2', data: 'customers_10k_13', eps: 2.37, minSamples: 10 }),
  // scikit-learn keeps the neighbour lists: 100k rows of customers need more memory than this machine has. Half of them
  // do not, and its time for those bounds the row of 100k in limits.ts.
  fitCase({ id: 'D2', data: 'customers_50k_13', eps: 1.84, minSamples: 10, slow: true }),
];
