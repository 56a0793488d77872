import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Matrix } from '../functions/arrow/matrix.ts';
import { agglomerate } from '../functions/clustering/agglomerative.ts';
import { dbscan } from '../functions/clustering/dbscan.ts';
import { kmeans } from '../functions/clustering/kmeans.ts';
import { silhouetteScore } from '../functions/clustering/validity.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { dataset } from './datasets.ts';
import { type Panel, scalingSvg } from './scaling-svg.ts';

/** `node bench/scaling.ts` measures how our times grow with n, d and k, and draws `docs/scaling.svg`. */
const kernels = loadKernelsSync();
const RUNS = 5;
const ITERATIONS = 20;
/** minSamples-th neighbours lie about this far apart in 16 columns of blobs; fewer columns are closer. */
const EPS_16 = 0.33;

/** The first rows and columns of blobs 1m × 16. */
function table(nSamples: number, nFeatures: number): Matrix {
  const whole = dataset('blobs_1m_16');
  const values = new Float32Array(nSamples * nFeatures);
  for (let row = 0; row < nSamples; row++) {
    const from = row * whole.nFeatures;
    values.set(whole.values.subarray(from, from + nFeatures), row * nFeatures);
  }
  return { nSamples, nFeatures, values };
}

const ALGORITHMS: Readonly<Record<string, (data: Matrix, nClusters: number) => unknown>> = {
  'k-means, 20 iterations': (data, nClusters) => {
    const init = Float64Array.from(data.values.subarray(0, nClusters * data.nFeatures));
    return kmeans(kernels, data, { nClusters, seed: 0, init, tol: 0, maxIter: ITERATIONS });
  },
  DBSCAN: (data) => dbscan(kernels, data, { eps: EPS_16 * Math.sqrt(data.nFeatures / 16), minSamples: 10 }),
  Ward: (data) => agglomerate(kernels, data, 'ward'),
  silhouette: (data, nClusters) => {
    const labels = Int32Array.from({ length: data.nSamples }, (_, row) => row % nClusters);
    return silhouetteScore(kernels, data, labels, nClusters);
  },
};

/** Fastest of a few calls, seconds. */
function time(call: () => unknown): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    call();
    fastest = Math.min(fastest, (performance.now() - started) / 1000);
  }
  return fastest;
}

function panel(
  title: string,
  sizes: readonly number[],
  names: readonly string[],
  shape: (size: number) => readonly [nSamples: number, nFeatures: number, nClusters: number],
): Panel {
  return {
    title,
    lines: names.map((name) => ({
      name,
      points: sizes.map((size) => {
        const [nSamples, nFeatures, nClusters] = shape(size);
        const data = table(nSamples, nFeatures);
        return [size, time(() => ALGORITHMS[name]!(data, nClusters))] as const;
      }),
    })),
  };
}

const all = Object.keys(ALGORITHMS);
const panels = [
  panel('rows n (d = 16, k = 8)', [1000, 2000, 5000, 10_000, 20_000], all, (n) => [n, 16, 8]),
  panel('columns d (n = 10,000, k = 8)', [2, 4, 8, 16], all, (d) => [10_000, d, 8]),
  panel(
    'clusters k (n = 10,000, d = 16)',
    [2, 4, 8, 16, 32, 64],
    ['k-means, 20 iterations', 'silhouette'],
    (k) => [10_000, 16, k],
  ),
];
writeFileSync(join(import.meta.dirname, '../docs/scaling.svg'), scalingSvg(panels, all));
for (const { title, lines } of panels) {
  for (const { name, points } of lines) {
    console.log(
      `${title}: ${name}: ${points.map(([x, y]) => `${x} ${(y * 1000).toFixed(1)} ms`).join(', ')}`,
    );
  }
}
