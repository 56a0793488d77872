import type { Matrix } from '../arrow/matrix.ts';
import { copyValues } from '../kernels/copy-values.ts';
import type { Kernels } from '../kernels/instance.ts';

/** Bytes handed to a kernel at once: they stay inside the second-level cache. */
const CHUNK_BYTES = 262_144;

/** True when the values already lie in the memory of these kernels: then they need no copy. */
export function isInKernelMemory(kernels: Kernels, { values }: Matrix): boolean {
  return kernels.memory.holds(values);
}

/**
 * Calls `work` with addresses of successive row ranges, each but the last a multiple of 8 rows. Rows outside the
 * kernels' memory are copied there chunk by chunk.
 */
export function forEachRowChunk(
  kernels: Kernels,
  data: Matrix,
  work: (address: number, firstRow: number, nRows: number) => void,
): void {
  const { nSamples, nFeatures, values } = data;
  const inPlace = isInKernelMemory(kernels, data);
  kernels.memory.scope(() => {
    const rowsAtOnce = Math.max(8, Math.floor(CHUNK_BYTES / 4 / nFeatures / 8) * 8);
    // Kernels read whole vectors, which may end past the last row.
    const chunk = kernels.memory.f32(inPlace ? 0 : rowsAtOnce * nFeatures + 4);
    for (let first = 0; first < nSamples; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, nSamples - first);
      if (!inPlace) copyValues(chunk, values.subarray(first * nFeatures, (first + count) * nFeatures));
      work(inPlace ? values.byteOffset + first * nFeatures * 4 : chunk.byteOffset, first, count);
    }
  });
}
