import { dbscan } from '../functions/clustering/dbscan.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { Random } from '../functions/stats/random.ts';
import { type Dataset, dataset } from './datasets.ts';
import { type LimitResult, measure } from './limits.ts';
import type { CaseResult } from './pairs.ts';

/** The case whose peer bounds this row: half as many rows of the same mix, at the same eps. */
export const HALF_OF_CUSTOMERS = 'DBSCAN customers 50k 13 eps=1.84 minSamples=10';
const EPS = 1.84;
const MIN_SAMPLES = 10;
const MUST = 50;
const CHECKED_ROWS = 1000;
/** Beside the data, whatever its size. */
const SCRATCH_MB = 4;

/**
 * Row D2 at 100k customers, whose neighbour lists scikit-learn cannot hold: our time for all of them against its time
 * for half. Before the time counts, the labels of random rows are held against the definition, in float64.
 * @throws Error when a checked row's label breaks the definition of DBSCAN
 */
export function densityLimit(half: CaseResult | undefined): LimitResult[] {
  const peer = half?.peers[0]?.seconds;
  if (peer === undefined) return [];
  const set = dataset('customers_100k_13');
  checkLabels(set);
  const { seconds, kernelMb } = measure((kernels) =>
    dbscan(kernels, set, { eps: EPS, minSamples: MIN_SAMPLES }),
  );
  const dataMb = set.values.byteLength / 2 ** 20;
  return [
    {
      id: 'D2',
      title: 'DBSCAN customers 100k 13 eps=1.84 minSamples=10',
      seconds,
      kernelMb,
      bound: `≤ 1/${MUST} of scikit-learn's ${peer.toFixed(1)} s for 50k rows (stretch 1/250), ≤ 4 × the data + ${SCRATCH_MB} MB`,
      holds: seconds * MUST <= peer && kernelMb <= 4 * dataMb + SCRATCH_MB,
    },
  ];
}

function checkLabels(set: Dataset): void {
  const { labels } = dbscan(loadKernelsSync(), set, { eps: EPS, minSamples: MIN_SAMPLES });
  for (const row of new Random(1).sample(set.nSamples, CHECKED_ROWS)) {
    const near = neighboursOf(set, row);
    const isCore = near.length >= MIN_SAMPLES;
    const label = labels[row]!;
    if (isCore && (label < 0 || near.some((other) => labels[other]! < 0)))
      throw new Error(`Row ${row} has ${near.length} rows within eps, and one of them is noise.`);
    const cores = isCore ? near : near.filter((other) => neighboursOf(set, other).length >= MIN_SAMPLES);
    // A border row joins the lowest-numbered cluster it touches; core rows within eps share theirs.
    const touched = isCore ? [label] : cores.map((other) => labels[other]!);
    const expected = touched.length > 0 ? Math.min(...touched) : -1;
    if (label !== expected) throw new Error(`Row ${row} has label ${label}, not ${expected}.`);
    if (!isCore) continue;
    const other = near.find((one) => labels[one] !== label && neighboursOf(set, one).length >= MIN_SAMPLES);
    if (other !== undefined) throw new Error(`Core rows ${row} and ${other} lie within eps in two clusters.`);
  }
}

/** Rows within eps of a row, itself included. */
function neighboursOf({ nSamples, nFeatures, values }: Dataset, row: number): number[] {
  const near: number[] = [];
  for (let other = 0; other < nSamples; other++) {
    let square = 0;
    for (let j = 0; j < nFeatures; j++) {
      square += (values[row * nFeatures + j]! - values[other * nFeatures + j]!) ** 2;
    }
    if (square <= EPS ** 2) near.push(other);
  }
  return near;
}
