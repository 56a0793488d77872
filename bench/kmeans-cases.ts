import { kmeans as mlKmeans } from 'ml-kmeans';
import { type KMeansFit, kmeans } from '../functions/clustering/kmeans.ts';
import { kmeansPlusPlus } from '../functions/clustering/kmeans-seeding.ts';
import { type PlacedRows, placeRows } from '../functions/clustering/placed-rows.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { Random } from '../functions/stats/random.ts';
import { agree, type BenchCase, type Side } from './bench-case.ts';
import { type Dataset, dataset } from './datasets.ts';
import { inKernelMemory, labelsInKernelMemory } from './kernel-tables.ts';
import { processorSeconds } from './processor-time.ts';
import type { Outcome } from './python-worker.ts';

const kernels = loadKernelsSync();

/** Sum of squared distances to the clusters' means, in float64, whatever a program says of itself. */
export function inertiaOf({ nSamples, nFeatures, values }: Dataset, labels: ArrayLike<number>): number {
  let nClusters = 0;
  for (let row = 0; row < nSamples; row++) nClusters = Math.max(nClusters, labels[row]! + 1);
  const sums = new Float64Array(nClusters * nFeatures);
  const counts = new Float64Array(nClusters);
  for (let row = 0; row < nSamples; row++) {
    counts[labels[row]!]! += 1;
    for (let j = 0; j < nFeatures; j++) sums[labels[row]! * nFeatures + j]! += values[row * nFeatures + j]!;
  }
  let inertia = 0;
  for (let row = 0; row < nSamples; row++) {
    const at = labels[row]! * nFeatures;
    const count = counts[labels[row]!]!;
    for (let j = 0; j < nFeatures; j++)
      inertia += (values[row * nFeatures + j]! - sums[at + j]! / count) ** 2;
  }
  return inertia;
}

const fromStart =
  (nClusters: number, maxIter: number): Side =>
  (set) => {
    const init = Float64Array.from(set.start.subarray(0, nClusters * set.nFeatures));
    const table = inKernelMemory(kernels, set);
    const labels = labelsInKernelMemory(kernels, table);
    const fit = kmeans(kernels, table, { nClusters, seed: 0, init, tol: 0, maxIter, labels });
    return () => ({ inertia: inertiaOf(set, fit.labels), iterations: fit.iterations, ...workOf(set, fit) });
  };

/** What a fit computed and read, and the share of plain Lloyd's distances that it left out. */
function workOf({ nSamples, nFeatures }: Dataset, { work, centers, iterations }: KMeansFit): Outcome {
  const plain = nSamples * (centers.length / nFeatures) * iterations;
  return {
    multiplyAdds: work.distances * nFeatures,
    bytesRead: (nSamples + work.rowsDecided) * nFeatures * 4,
    avoided: Math.max(0, 1 - work.distances / plain),
  };
}

const mlFromStart =
  (nClusters: number): Side =>
  (set) => {
    const rows = rowArrays(set);
    const initialization = rowArrays({ ...set, nSamples: nClusters, values: set.start });
    const started = processorSeconds();
    const fit = mlKmeans(rows, nClusters, { initialization, maxIterations: 300, tolerance: 0 });
    const seconds = processorSeconds() - started;
    return () => ({ inertia: inertiaOf(set, fit.clusters), iterations: fit.iterations, seconds });
  };

/** A table as npm's packages take it. */
export function rowArrays({
  nSamples,
  nFeatures,
  values,
}: Pick<Dataset, 'nSamples' | 'nFeatures' | 'values'>) {
  return Array.from({ length: nSamples }, (_, row) =>
    Array.from(values.subarray(row * nFeatures, (row + 1) * nFeatures)),
  );
}

interface Fit {
  readonly id: string;
  readonly data: string;
  readonly nClusters: number;
  readonly must: number;
  readonly stretch: number;
  readonly maxIter?: number;
  /** Far fits are chaotic: float32 sums of a peer may lead to another, equally good optimum. */
  readonly tolerance?: number;
  readonly slow?: boolean;
  readonly npm?: boolean;
}

function fitCase(fit: Fit): BenchCase {
  const { id, data, nClusters, maxIter = 300, tolerance = 1e-6 } = fit;
  const job = { op: 'kmeans', data, nClusters, maxIter };
  return {
    id,
    title: `k-means ${data.replaceAll('_', ' ')} k=${nClusters}${fit.maxIter ? `, ${maxIter} iterations` : ''}`,
    data,
    ours: fromStart(nClusters, maxIter),
    prepare: (set) => inKernelMemory(kernels, set),
    peers: [
      { name: 'scikit-learn lloyd', job: { ...job, algorithm: 'lloyd' } },
      { name: 'scikit-learn elkan', job: { ...job, algorithm: 'elkan' } },
      ...(fit.npm ? [{ name: 'ml-kmeans', run: mlFromStart(nClusters) }] : []),
    ],
    reference: { ...job, algorithm: 'lloyd', precise: true },
    gate: agree('inertia', tolerance),
    must: fit.must,
    stretch: fit.stretch,
    memory: id === 'K1',
    slow: fit.slow ?? true,
  };
}

/** Draws that the distribution of potentials is compared over, on a table that both sides get through. */
const SEEDS = 50;
const SEEDED_TABLE = 'blobs_100k_16';
/** Means of so many draws differ by more than this many standard errors once in a thousand times, were they equal. */
const MOST_STANDARD_ERRORS = 3.3;
const drawnPotentials = new Map<number, Outcome>();

/** Mean and standard deviation of the potential over many seeds; computed once. */
function potentialsOver(nClusters: number): Outcome {
  const known = drawnPotentials.get(nClusters);
  if (known) return known;
  const set = dataset(SEEDED_TABLE);
  const potentials = kernels.memory.scope(() => {
    const placed = placeRows(kernels, set);
    return Array.from({ length: SEEDS }, (_, seed) =>
      potentialOf(set, inUnits(placed, kmeansPlusPlus(kernels, placed, nClusters, new Random(seed)))),
    );
  });
  const mean = potentials.reduce((sum, potential) => sum + potential, 0) / SEEDS;
  const variance = potentials.reduce((sum, potential) => sum + (potential - mean) ** 2, 0) / (SEEDS - 1);
  const drawn = { meanPotential: mean, deviation: Math.sqrt(variance) };
  drawnPotentials.set(nClusters, drawn);
  return drawn;
}

function inUnits({ scale, offset, nFeatures }: PlacedRows, centers: Float64Array): Float64Array {
  return centers.map((x, at) => x / scale + offset[at % nFeatures]!);
}

/** Different random numbers draw different centers: what must agree is how good they are over many seeds. */
function samePotentials(ours: Outcome, other: Outcome): string {
  const [mean, otherMean] = [Number(ours.meanPotential), Number(other.meanPotential)];
  const error = Math.hypot(Number(ours.deviation), Number(other.deviation)) / Math.sqrt(SEEDS);
  const apart = (mean - otherMean) / error;
  const words = `mean potential of ${SEEDS} seeds ${(mean / otherMean).toFixed(4)} × the peer's`;
  if (!(Math.abs(apart) <= MOST_STANDARD_ERRORS))
    throw new Error(`${words}: ${apart.toFixed(1)} standard errors apart`);
  return words;
}

const seeding = (nClusters: number, must: number, stretch: number): BenchCase => ({
  id: 'S1',
  title: `greedy k-means++ blobs 1m 16 k=${nClusters}`,
  data: 'blobs_1m_16',
  ours: (set) => {
    const started = processorSeconds();
    let seconds = 0;
    kernels.memory.scope(() => {
      const placed = placeRows(kernels, set);
      const placedAt = processorSeconds();
      kmeansPlusPlus(kernels, placed, nClusters, new Random(0));
      seconds = processorSeconds() - placedAt;
    });
    const placeSeconds = processorSeconds() - started - seconds;
    const nTrials = 2 + Math.floor(Math.log(nClusters));
    const distances = set.nSamples * (1 + (nClusters - 1) * (1 + nTrials));
    return () => ({
      ...potentialsOver(nClusters),
      seconds,
      placeSeconds,
      // At most: samples whose nearest center no trial can beat are left out.
      multiplyAdds: distances * set.nFeatures,
      bytesRead: nClusters * set.values.byteLength,
    });
  },
  peers: [
    {
      name: 'scikit-learn kmeans_plusplus',
      job: { op: 'kmeansPlusPlus', data: 'blobs_1m_16', nClusters, seed: 0 },
    },
  ],
  reference: { op: 'kmeansPlusPlusSeeds', data: SEEDED_TABLE, nClusters, nSeeds: SEEDS },
  gate: samePotentials,
  must,
  stretch,
  slow: true,
});

function potentialOf({ nSamples, nFeatures, values }: Dataset, centers: Float64Array): number {
  let total = 0;
  for (let row = 0; row < nSamples; row++) {
    let nearest = Number.POSITIVE_INFINITY;
    for (let c = 0; c < centers.length; c += nFeatures) {
      let squared = 0;
      for (let j = 0; j < nFeatures; j++) squared += (values[row * nFeatures + j]! - centers[c + j]!) ** 2;
      nearest = Math.min(nearest, squared);
    }
    total += nearest;
  }
  return total;
}

const defaultFit: BenchCase = {
  id: 'K10',
  title: 'k-means customers 1m 13 k=8, one default fit, inertia no worse',
  data: 'customers_1m_13',
  ours: (set) => {
    const table = inKernelMemory(kernels, set);
    const labels = labelsInKernelMemory(kernels, table);
    const fit = kmeans(kernels, table, { nClusters: 8, seed: 1, nInit: 1, labels });
    return () => ({ inertia: inertiaOf(set, fit.labels), iterations: fit.iterations });
  },
  peers: [
    {
      name: 'scikit-learn KMeans()',
      job: { op: 'kmeansDefault', data: 'customers_1m_13', nClusters: 8, seed: 1 },
    },
  ],
  gate: (ours: Outcome, peer: Outcome) => {
    const ratio = Number(ours.inertia) / Number(peer.inertia);
    if (ratio > 1.001) throw new Error(`inertia is ${ratio.toFixed(4)} × the peer's`);
    return `inertia ${ratio.toFixed(4)} × the peer's`;
  },
  must: 6,
  stretch: 12,
  slow: true,
};

/** Rows K1–K10 and S1 of the suite. */
export const KMEANS_CASES: readonly BenchCase[] = [
  fitCase({ id: 'K1', data: 'blobs_1m_16', nClusters: 8, must: 6, stretch: 12 }),
  fitCase({ id: 'K2', data: 'customers_1m_13', nClusters: 8, must: 5, stretch: 10 }),
  fitCase({ id: 'K3', data: 'customers_1m_13', nClusters: 20, must: 6, stretch: 12 }),
  fitCase({ id: 'K4', data: 'blobs_1m_3', nClusters: 50, must: 12, stretch: 30, tolerance: 2e-3 }),
  fitCase({ id: 'K4', data: 'blobs_1m_16', nClusters: 50, must: 8, stretch: 15, tolerance: 2e-3 }),
  fitCase({ id: 'K5', data: 'customers_100k_30', nClusters: 50, must: 3, stretch: 6, slow: false }),
  fitCase({
    id: 'K6',
    data: 'uniform_200k_40',
    nClusters: 50,
    must: 1.5,
    stretch: 2.5,
    maxIter: 20,
    slow: false,
  }),
  fitCase({
    id: 'K7',
    data: 'uniform_200k_3',
    nClusters: 8,
    must: 3.5,
    stretch: 6,
    maxIter: 20,
    slow: false,
  }),
  fitCase({
    id: 'K7',
    data: 'uniform_200k_8',
    nClusters: 8,
    must: 3.5,
    stretch: 6,
    maxIter: 20,
    slow: false,
  }),
  fitCase({
    id: 'K7',
    data: 'uniform_200k_16',
    nClusters: 8,
    must: 3.5,
    stretch: 6,
    maxIter: 20,
    slow: false,
  }),
  fitCase({ id: 'K8', data: 'customers_10k_13', nClusters: 8, must: 5, stretch: 8, slow: false, npm: true }),
  fitCase({ id: 'K9', data: 'customers_5m_13', nClusters: 8, must: 6, stretch: 12 }),
  defaultFit,
  seeding(8, 5, 10),
  seeding(50, 5, 20),
];
