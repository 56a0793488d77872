import type { PartialMoments } from '../contracts/artifacts.ts';
import type { FeatureSpec, FeatureStep, FittedFeature, Scaling } from '../contracts/recipe.ts';
import { InvalidDatasetError } from '../errors.ts';
import { addExact, mergeExact } from '../stats/exact-sum.ts';
import type { MergedFeature } from './entity-partials.ts';
import { MomentsCollector, mergeMoments, momentsOf } from './moments.ts';
import type { UnfittedFeature } from './unfitted-features.ts';

/** What a spec may ask of its number, besides what makes it. */
interface Treatment {
  readonly impute: 'median' | 'mean' | 'zero' | number;
  readonly winsorise: { readonly lower: number; readonly upper: number } | undefined;
  readonly log1p: boolean;
  readonly scaling: Scaling;
}

/** A value and how many rows hold it. */
interface Weighted {
  readonly value: number;
  readonly count: number;
}

/**
 * Fits one number per row: what stands in for missing values, where it is clipped, and how it is scaled. Means and
 * deviations are exact; with winsorising they, and quantiles always, are those of the quantile digest.
 * @throws InvalidDatasetError where ln(1 + x) is asked for and values lie below 0
 */
export function fitFeature(
  base: UnfittedFeature,
  spec: FeatureSpec,
  merged: MergedFeature,
  defaultScaling: Scaling,
): FittedFeature {
  const { impute, winsorise, log1p, scaling } = treatmentOf(base, spec, defaultScaling);
  const steps: FeatureStep[] = [...base.steps];
  const standIn = merged.missing > 0 ? standInOf(merged, impute) : undefined;
  if (standIn !== undefined) steps.push({ step: 'impute', value: standIn });
  const { digest } = merged;
  const clip =
    winsorise && digest.total > 0
      ? {
          step: 'clip' as const,
          lower: digest.quantile(winsorise.lower),
          upper: digest.quantile(winsorise.upper),
        }
      : undefined;
  if (clip) steps.push(clip);
  if (log1p) {
    if (merged.moments.count > 0 && merged.moments.min < 0) {
      throw new InvalidDatasetError(
        `The feature ${base.name} cannot be ln(1 + x): its smallest value is ${merged.moments.min}. ` +
          'Leave log1p out for this column, or correct the rows below 0.',
        { reason: 'log_of_negative', column: base.source },
      );
    }
    steps.push({ step: 'log1p' });
  }
  const through = (value: number) => {
    const clipped = clip ? Math.min(clip.upper, Math.max(clip.lower, value)) : value;
    return log1p ? Math.log1p(clipped) : clipped;
  };
  const extra = standIn === undefined ? undefined : { value: through(standIn), count: merged.missing };
  const exact = log1p ? merged.logMoments : merged.moments;
  const moments = clip || !exact ? momentsOfDigest(merged, through) : exact;
  const all = extra ? mergeMoments([moments, repeated(extra)]) : moments;
  return {
    name: base.name,
    unit: log1p ? `ln(1 + ${base.unit || 'x'})` : base.unit,
    source: base.source,
    steps,
    ...scalingOf(scaling, all, () => weightedValues(merged, through, extra)),
  };
}

function treatmentOf({ isFlag }: UnfittedFeature, spec: FeatureSpec, defaultScaling: Scaling): Treatment {
  const isNumeric = spec.kind === 'numeric';
  return {
    impute: ('impute' in spec ? spec.impute : undefined) ?? 'median',
    winsorise: isNumeric ? spec.winsorise : undefined,
    log1p: isNumeric && spec.log1p === true,
    scaling: spec.scaling ?? (isFlag ? 'none' : defaultScaling),
  };
}

function standInOf({ moments, digest }: MergedFeature, impute: Treatment['impute']): number {
  if (typeof impute === 'number') return impute;
  if (impute === 'zero' || moments.count === 0) return 0;
  if (impute === 'mean') return momentsOf(moments).mean;
  // A bucketed median may overshoot the extremes, which are exact.
  return Math.min(moments.max, Math.max(moments.min, digest.median()));
}

/** Moments of many equal values. */
function repeated({ value, count }: Weighted): PartialMoments {
  const one = new MomentsCollector();
  one.add(value);
  const { sum, sumOfSquares } = one.finish();
  return { count, sum: times(sum, count), sumOfSquares: times(sumOfSquares, count), min: value, max: value };
}

/** An exact sum times a whole number, bit by bit of the number: each power of two times a double is exact. */
function times(sum: readonly number[], count: number): number[] {
  const total: number[] = [];
  for (let rest = count, power = 1; rest > 0; rest = Math.floor(rest / 2), power *= 2) {
    if (rest % 2 === 1) for (const element of sum) addExact(total, element * power);
  }
  return total;
}

function momentsOfDigest(
  { digest, moments }: MergedFeature,
  through: (value: number) => number,
): PartialMoments {
  const parts = [...digest.entries()].map(([value, count]) => repeated({ value: through(value), count }));
  const sum: number[] = [];
  const sumOfSquares: number[] = [];
  for (const part of parts) {
    mergeExact(sum, part.sum);
    mergeExact(sumOfSquares, part.sumOfSquares);
  }
  const isEmpty = moments.count === 0;
  return {
    count: moments.count,
    sum,
    sumOfSquares,
    min: isEmpty ? 0 : through(moments.min),
    max: isEmpty ? 0 : through(moments.max),
  };
}

/** The values after all steps, ascending. */
function weightedValues(
  { digest }: MergedFeature,
  through: (value: number) => number,
  extra: Weighted | undefined,
): Weighted[] {
  const values = [...digest.entries()].map(([value, count]) => ({ value: through(value), count }));
  if (extra) values.push(extra);
  return values.sort((a, b) => a.value - b.value);
}

/** @param moments of all values after all steps */
export function scalingOf(
  scaling: Scaling,
  moments: PartialMoments,
  values: () => readonly Weighted[],
): Pick<FittedFeature, 'transform' | 'offset' | 'scale' | 'min' | 'max'> {
  if (moments.count === 0) return { transform: scaling, offset: 0, scale: 1, min: 0, max: 0 };
  const { mean, standardDeviation, min, max } = momentsOf(moments);
  const fitted = (offset: number, scale: number) => {
    // A constant feature becomes 0: it carries no distance, and dividing by its spread would be by 0.
    const isConstant = min === max || !(scale > 0);
    return { transform: scaling, offset: isConstant ? min : offset, scale: isConstant ? 1 : scale, min, max };
  };
  if (scaling === 'none') return { transform: scaling, offset: 0, scale: 1, min, max };
  if (scaling === 'zscore') return fitted(mean, standardDeviation);
  if (scaling === 'minmax') return fitted(min, max - min);
  const ascending = values();
  const spread = quantileOf(ascending, 0.75) - quantileOf(ascending, 0.25);
  // Where more than half of the rows are equal the quartiles coincide: the deviation stands in for their distance.
  return fitted(quantileOf(ascending, 0.5), spread > 0 ? spread : standardDeviation);
}

/** Quantile of weighted values, linear between neighbours (type 7). */
function quantileOf(values: readonly Weighted[], q: number): number {
  const total = values.reduce((sum, { count }) => sum + count, 0);
  const at = (rank: number) => {
    let seen = 0;
    for (const { value, count } of values) {
      seen += count;
      if (rank < seen) return value;
    }
    return Number.NaN;
  };
  const position = q * (total - 1);
  const below = at(Math.floor(position));
  return below + (at(Math.ceil(position)) - below) * (position - Math.floor(position));
}
