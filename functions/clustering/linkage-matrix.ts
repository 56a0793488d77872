import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { Merges } from './linkage-ward.ts';
import { type Rows, unitFactor } from './neighbor-tree.ts';

/** Rows a full float64 distance matrix is made for: 20,000 rows take 3.2 GB of the 4 GB a kernel addresses. */
export const MAX_MATRIX_ROWS = 20_000;

const METHODS = { complete: 0, average: 1, ward: 2 } as const;
const ROWS_PER_CALL = 32;
const MERGES_PER_CALL = 64;

/**
 * Agglomerative linkage on a full distance matrix, in SciPy's arithmetic. Memory: 8 × nSamples² bytes. Expects at
 * least one row and one feature.
 * @throws InvalidRequestError past `MAX_MATRIX_ROWS` rows
 */
export function matrixMerges(kernels: Kernels, rows: Rows, method: keyof typeof METHODS): Merges {
  const { exports, memory } = kernels;
  const { nSamples, nFeatures, values } = rows;
  if (nSamples > MAX_MATRIX_ROWS) {
    throw new InvalidRequestError(
      `${method} linkage keeps all distances between rows; ${nSamples} rows are more than the ` +
        `${MAX_MATRIX_ROWS} it takes. Use ward or single linkage, or cluster a sample.`,
      { reason: 'too_many_rows' },
    );
  }
  return memory.scope(() => {
    const factor = unitFactor(values);
    const scaled = memory.f64(values.length);
    for (let i = 0; i < values.length; i++) scaled[i] = values[i]! * factor;
    const state = memory.alloc(exports.matrix_linkage_bytes());
    const pairs = memory.i32(2 * (nSamples - 1));
    const heights = memory.f64(nSamples - 1);
    exports.matrix_linkage_init(
      state,
      nSamples,
      METHODS[method],
      memory.alloc(nSamples * Math.ceil(nSamples / 2) * 16),
      memory.alloc(Math.ceil(nSamples / 2) * 16),
      memory.alloc(4 * nSamples),
      memory.alloc(4 * (nSamples + 1)),
      pairs.byteOffset,
      heights.byteOffset,
    );
    for (let from = 0; from < nSamples; from += ROWS_PER_CALL) {
      const to = Math.min(nSamples, from + ROWS_PER_CALL);
      exports.matrix_linkage_distances(state, scaled.byteOffset, nFeatures, from, to);
    }
    while (exports.matrix_linkage_merge(state, MERGES_PER_CALL) > 0);
    return {
      pairs: Int32Array.from(pairs),
      heights: Float64Array.from(heights, (height) => height / factor),
      distancesEvaluated: (nSamples * (nSamples - 1)) / 2,
    };
  });
}
