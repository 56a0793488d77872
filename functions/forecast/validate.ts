/** A stored prediction once its day has come. */
export interface ValidatedPrediction {
  readonly actualValue: number;
  /** |actual − predicted|, in the unit of the metric. */
  readonly absoluteError: number;
  /** 100 · |actual − predicted| / |actual|; absent for an actual of 0, which no error is a percentage of. */
  readonly percentageError?: number;
  /** Whether the actual value lay inside the band. */
  readonly insideBand: boolean;
}

/** Holds a prediction against what came (source S1's `actual_value`, `absolute_error`, `percentage_error`). */
export function validatePrediction(
  { predicted, lower, upper }: { predicted: number; lower: number; upper: number },
  actual: number,
): ValidatedPrediction {
  const absoluteError = Math.abs(actual - predicted);
  return {
    actualValue: actual,
    absoluteError,
    ...(actual !== 0 && { percentageError: (100 * absoluteError) / Math.abs(actual) }),
    insideBand: lower <= actual && actual <= upper,
  };
}
