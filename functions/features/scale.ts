import type { FeatureTransform } from '../contracts/artifacts.ts';
import type { Moments } from './moments.ts';

/**
 * Standardisation as scikit-learn's StandardScaler: (x − mean) ÷ population standard deviation. A constant column keeps
 * scale 1 and becomes 0.
 */
export function fitZscore(name: string, unit: string, moments: Moments): FeatureTransform {
  const { mean, standardDeviation, min, max } = moments;
  const constant = min === max || standardDeviation === 0;
  return {
    name,
    unit,
    transform: 'zscore',
    offset: constant ? min : mean,
    scale: constant ? 1 : standardDeviation,
    min,
    max,
  };
}

/** One raw value in kernel units: computed in float64, rounded to float32 once, in a batch as for one customer. */
export function applyTransform({ offset, scale }: FeatureTransform, raw: number): number {
  return Math.fround((raw - offset) / scale);
}

/** A whole raw column in kernel units. */
export function transformColumn(transform: FeatureTransform, raw: Float64Array): Float32Array {
  const scaled = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i++) scaled[i] = applyTransform(transform, raw[i]!);
  return scaled;
}

/** A kernel value in raw units again, in float64. */
export function invertTransform({ offset, scale }: FeatureTransform, scaled: number): number {
  return scaled * scale + offset;
}
