import { placeRows } from '../functions/clustering/placed-rows.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { dataset } from './datasets.ts';
import { median } from './pairs.ts';

/** Row P1: how near the assignment of rows to centers comes to what the core can do at most. */
export interface PeakShare {
  readonly title: string;
  /** Multiply-adds of differences a second, 10⁹. */
  readonly gigaMultiplyAdds: number;
  /** Of the multiply-adds the core makes from registers, 0..1. */
  readonly share: number;
}

const ROWS_PER_CALL = 16_384;
const RUNS = 9;
const ROUNDING = 2 ** -24;
/** Centers that only fill a group of four. */
const NOWHERE = 1e18;

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
      title: `dense assignment ${name.replaceAll('_', ' ')} k=${nClusters}`,
      gigaMultiplyAdds,
      share: gigaMultiplyAdds / (multiplyAddPeak / 2),
    };
  });
}

function assignmentRate(name: string, nClusters: number): number {
  const kernels = loadKernelsSync();
  const set = dataset(name);
  const { nSamples, nFeatures } = set;
  const { exports, memory } = kernels;
  return memory.scope(() => {
    const placed = placeRows(kernels, set);
    const centers = memory.f32(Math.ceil(nClusters / 4) * 4 * nFeatures).fill(NOWHERE);
    for (let c = 0; c < nClusters; c++) {
      for (let j = 0; j < nFeatures; j++) {
        const value = (set.start[c * nFeatures + j]! - placed.offset[j]!) * placed.scale;
        centers[(c >> 2) * 4 * nFeatures + j * 4 + (c & 3)] = value;
      }
    }
    const labels = memory.i32(nSamples);
    const scratch = memory.alloc(64 + Math.ceil(nFeatures / 4) * 128 + Math.ceil(nClusters / 4) * 16);
    const pass = () => {
      for (let first = 0; first < nSamples; first += ROWS_PER_CALL) {
        exports.nearest_center_f32(
          placed.rows.byteOffset,
          first,
          Math.min(nSamples, first + ROWS_PER_CALL),
          nFeatures,
          centers.byteOffset,
          nClusters,
          labels.byteOffset,
          (nFeatures + 4) * ROUNDING,
          ROUNDING,
          scratch,
        );
      }
    };
    pass();
    const times = Array.from({ length: RUNS }, () => {
      const started = performance.now();
      pass();
      return (performance.now() - started) / 1000;
    });
    return (nSamples * nClusters * nFeatures) / median(times) / 1e9;
  });
}
