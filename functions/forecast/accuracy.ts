/** How far forecasts were from what came; every field is NaN-free, and absent where it cannot be told. */
export interface Accuracy {
  /** Steps whose actual value is known. */
  readonly compared: number;
  /** Mean absolute error, in the unit of the metric. */
  readonly mae?: number;
  /** Mean absolute scaled error (Hyndman & Koehler 2006): below 1 beats repeating the last season. */
  readonly mase?: number;
  /** Symmetric mean absolute percentage error, 0..200. */
  readonly smape?: number;
}

/** Pairs of an actual value (NaN where unknown) and its forecast. */
export interface Compared {
  readonly actual: Float64Array;
  readonly predicted: Float64Array;
}

/**
 * Accuracy over all pairs of all folds.
 * @param scale mean absolute error of the seasonal naive forecast on the training data; NaN or 0 leaves MASE out
 */
export function accuracyOf(folds: readonly Compared[], scale: number): Accuracy {
  let compared = 0;
  let absolute = 0;
  let relative = 0;
  for (const { actual, predicted } of folds) {
    actual.forEach((value, i) => {
      if (Number.isNaN(value)) return;
      const error = Math.abs(value - predicted[i]!);
      const size = Math.abs(value) + Math.abs(predicted[i]!);
      compared += 1;
      absolute += error;
      relative += size === 0 ? 0 : (200 * error) / size;
    });
  }
  if (compared === 0) return { compared };
  const mae = absolute / compared;
  const smape = relative / compared;
  return { compared, mae, smape, ...(scale > 0 && { mase: mae / scale }) };
}

/**
 * Mean absolute difference of values one season apart, over the pairs that are known: the yardstick of MASE. NaN when
 * there is no such pair.
 */
export function seasonalNaiveError(values: Float64Array, seasonLength: number): number {
  let pairs = 0;
  let total = 0;
  for (let i = seasonLength; i < values.length; i++) {
    const error = Math.abs(values[i]! - values[i - seasonLength]!);
    if (Number.isNaN(error)) continue;
    pairs += 1;
    total += error;
  }
  return total / pairs;
}
