import { alone } from '../functions/clustering/crew.ts';
import { FixedRows } from '../functions/clustering/fixed-rows.ts';
import { KMeansMembers } from '../functions/clustering/kmeans-members.ts';
import { createState, placeCenters } from '../functions/clustering/kmeans-state.ts';
import { placeRows } from '../functions/clustering/placed-rows.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { dataset } from './datasets.ts';
import { median } from './pairs.ts';
import { processorSeconds } from './processor-time.ts';

/** Row P1: how near a k-means pass over all rows, at rest, comes to what the core can do at most. */
export interface PeakShare {
  readonly title: string;
  /** Multiply-adds of scalar products a second, in fixed point, 10⁹. */
  readonly gigaMultiplyAdds: number;
  /** Of the float32 multiply-adds the core makes from registers; fixed point may make more. */
  readonly share: number;
}

/** So many that a fit rounds them at once. */
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
  return kernels.memory.scope(() => {
    const placed = placeRows(kernels, { nSamples: ROWS, nFeatures, values });
    const state = createState(kernels, placed, nClusters);
    const centers = Float64Array.from(
      start.subarray(0, nClusters * nFeatures),
      (x, at) => (x - placed.offset[at % nFeatures]!) * placed.scale,
    );
    placeCenters(state, centers);
    const members = new KMeansMembers(kernels, state, alone(kernels));
    members.pass('kmeans_assign_f32');
    const fixed = new FixedRows(kernels, state);
    // All distances are computed and every label is proven again; none changes.
    const pass = () =>
      fixed.reassign(members, (member, first, last) => [members.addressOf(member), first, last, 0]);
    pass();
    const times = Array.from({ length: RUNS }, () => {
      const started = processorSeconds();
      pass();
      return processorSeconds() - started;
    });
    return (ROWS * nClusters * nFeatures) / median(times) / 1e9;
  });
}
