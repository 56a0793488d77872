import { createState, placeCenters } from '../functions/clustering/kmeans-state.ts';
import { placeRows } from '../functions/clustering/placed-rows.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { dataset } from './datasets.ts';
import { median } from './pairs.ts';
import { processorSeconds } from './processor-time.ts';

/** Row P1: how near a k-means pass over all rows, at rest, comes to what the core can do at most. */
export interface PeakShare {
  readonly title: string;
  /** Multiply-adds of scalar products a second, 10⁹. */
  readonly gigaMultiplyAdds: number;
  /** Of the multiply-adds the core makes from registers, 0..1. */
  readonly share: number;
}

const ROWS_PER_CALL = 16_384;
/** So many that a fit keeps them packed. */
const ROWS = 200_000;
const RUNS = 15;

/** @param multiplyAddPeak of the machine, GFLOP/s (two per multiply-add) */
export function denseAssignment(multiplyAddPeak: number): PeakShare[] {
  const cases: [string, number][] = [
    ['blobs_1m_16', 8],
    ['blobs_1m_16', 48],
    ['blobs_1m_32', 8],
    ['blobs_1m_32', 48],
  ];
  return cases.map(([name, nClusters]) => {
    const gigaMultiplyAdds = assignmentRate(name, nClusters);
    return {
      title: `dense pass, first 200k rows of ${name.replaceAll('_', ' ')} k=${nClusters}`,
      gigaMultiplyAdds,
      share: gigaMultiplyAdds / (multiplyAddPeak / 2),
    };
  });
}

function assignmentRate(name: string, nClusters: number): number {
  const kernels = loadKernelsSync();
  const { nFeatures, values, start } = dataset(name);
  const { exports, memory } = kernels;
  return memory.scope(() => {
    const placed = placeRows(kernels, { nSamples: ROWS, nFeatures, values });
    const state = createState(kernels, placed, nClusters);
    const centers = Float64Array.from(
      start.subarray(0, nClusters * nFeatures),
      (x, at) => (x - placed.offset[at % nFeatures]!) * placed.scale,
    );
    placeCenters(state, centers);
    const everyCall = (call: (first: number, last: number) => void) => {
      for (let first = 0; first < ROWS; first += ROWS_PER_CALL)
        call(first, Math.min(ROWS, first + ROWS_PER_CALL));
    };
    everyCall((first, last) => exports.kmeans_assign_f32(state.address, first, last));
    // All distances are computed and every label is proven again; none changes.
    const pass = () =>
      everyCall((first, last) => exports.kmeans_dense_f32(state.address, first, last, false));
    pass();
    const times = Array.from({ length: RUNS }, () => {
      const started = processorSeconds();
      pass();
      return processorSeconds() - started;
    });
    return (ROWS * nClusters * nFeatures) / median(times) / 1e9;
  });
}
