/** Row-major dense matrix of float32, the kernels' input. */
export interface Matrix {
  readonly nSamples: number;
  readonly nFeatures: number;
  /** nSamples × nFeatures values; row i starts at i × nFeatures. */
  readonly values: Float32Array;
}

/** One row, not copied. */
export function matrixRow({ nFeatures, values }: Matrix, row: number): Float32Array {
  return values.subarray(row * nFeatures, (row + 1) * nFeatures);
}
