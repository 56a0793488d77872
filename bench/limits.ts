import { agglomerate } from '../functions/clustering/agglomerative.ts';
import { dbscan } from '../functions/clustering/dbscan.ts';
import { type Kernels, loadKernelsSync } from '../functions/kernels/instance.ts';
import { type Dataset, dataset } from './datasets.ts';
import { median } from './pairs.ts';
import { processorSeconds } from './processor-time.ts';

/** A measurement of our own side alone, against a bound. */
export interface LimitResult {
  readonly id: string;
  readonly title: string;
  readonly seconds: number;
  /** Memory of the kernels, MiB. */
  readonly kernelMb: number;
  readonly bound: string;
  readonly holds: boolean;
}

const RUNS = 3;
const MOST_TIMES_DEFAULT = 3;

/** Median time of some runs after one untimed, and the memory of the kernels, which are new. */
export function measure(work: (kernels: Kernels) => void): { seconds: number; kernelMb: number } {
  const kernels = loadKernelsSync();
  work(kernels);
  const times = Array.from({ length: RUNS }, () => {
    const started = processorSeconds();
    work(kernels);
    return processorSeconds() - started;
  });
  return { seconds: median(times), kernelMb: kernels.memory.memory.buffer.byteLength / 2 ** 20 };
}

/** Only the one-hot columns of the customers table. */
function oneHotOnly({ nSamples, nFeatures, values, ...rest }: Dataset): Dataset {
  const kept = nFeatures - 6;
  const out = new Float32Array(nSamples * kept);
  for (let row = 0; row < nSamples; row++) {
    out.set(values.subarray(row * nFeatures + 6, (row + 1) * nFeatures), row * kept);
  }
  return { ...rest, nSamples, nFeatures: kept, values: out };
}

/** Row D4: inputs made to defeat the pruning, against the default's time on as many rows. */
export function adversarialLimits(): LimitResult[] {
  const blobs = dataset('blobs_100k_16');
  const same = { ...blobs, values: new Float32Array(blobs.values.length).fill(1) };
  const usual = measure((kernels) => dbscan(kernels, blobs, { eps: 0.306, minSamples: 10 }));
  const hard: [string, Dataset, number, number][] = [
    ['one big cluster (eps 3)', blobs, 3, 10],
    ['tiny eps (1e-4)', blobs, 1e-4, 10],
    ['all rows identical', same, 0.3, 10],
    ['one-hot columns only, ties at eps', oneHotOnly(dataset('customers_100k_13')), Math.SQRT2, 10],
  ];
  return hard.map(([title, set, eps, minSamples]) => {
    const { seconds, kernelMb } = measure((kernels) => dbscan(kernels, set, { eps, minSamples }));
    const dataMb = set.values.byteLength / 2 ** 20;
    return {
      id: 'D4',
      title: `DBSCAN 100k: ${title}`,
      seconds,
      kernelMb,
      bound: `≤ ${MOST_TIMES_DEFAULT} × ${(usual.seconds * 1000).toFixed(0)} ms, ≤ 4 × the data + 4 MB`,
      holds: seconds <= MOST_TIMES_DEFAULT * usual.seconds && kernelMb <= 4 * dataMb + 4,
    };
  });
}

/** Row W3: a tree no distance matrix could hold. */
export function wardLimit(): LimitResult {
  const set = dataset('blobs_100k_16');
  const { seconds, kernelMb } = measure((kernels) => agglomerate(kernels, set, 'ward'));
  return {
    id: 'W3',
    title: 'Ward blobs 100k 16',
    seconds,
    kernelMb,
    bound: '≤ 8 s, ≤ 100 MB (stretch 2 s)',
    holds: seconds <= 8 && kernelMb <= 100,
  };
}
