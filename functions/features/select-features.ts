import type { FittedFeature, LeftOutFeature, SelectionSpec } from '../contracts/recipe.ts';
import { rawFeature } from './apply-recipe.ts';
import type { EntityTable } from './entity-table.ts';

/** Correlation from which two features are one: what rounding leaves of 1. */
const DUPLICATE = 1 - 1e-12;

/** Features that take part in the clustering, and those that do not, with reasons. */
export interface Selection {
  readonly features: FittedFeature[];
  readonly leftOut: LeftOutFeature[];
}

interface Kept {
  readonly feature: FittedFeature;
  /** Deviations from the mean, length 1. */
  readonly direction: Float64Array;
}

/**
 * Leaves out features that carry no information of their own: constant over all rows; on the sample, one value almost
 * everywhere, or so correlated with an earlier feature that both say the same.
 * @param selection undefined leaves out constant features alone
 */
export function selectFeatures(
  made: readonly FittedFeature[],
  sample: EntityTable,
  selection: SelectionSpec | undefined,
): Selection {
  const kept: Kept[] = [];
  const leftOut: LeftOutFeature[] = [];
  for (const feature of made) {
    const reason = constantReason(feature) ?? (selection && sampleReason(feature, sample, selection, kept));
    if (reason) leftOut.push({ name: feature.name, source: feature.source, ...reason });
    else if (!selection) kept.push({ feature, direction: new Float64Array() });
  }
  return { features: kept.map(({ feature }) => feature), leftOut };
}

type Reason = Pick<LeftOutFeature, 'reason' | 'detail'>;

function constantReason({ min, max }: FittedFeature): Reason | undefined {
  return min === max ? { reason: 'constant', detail: `always ${min}` } : undefined;
}

/** A reason, or undefined after the feature has joined `kept`. */
function sampleReason(
  feature: FittedFeature,
  sample: EntityTable,
  { nearConstantShare, maxCorrelation }: SelectionSpec,
  kept: Kept[],
): Reason | undefined {
  const values = rawFeature(feature, sample);
  const { value, share } = mostFrequent(values);
  // However rare the rest of a column is, values that nobody has seen yet are told by it.
  const isRest = feature.steps[0]?.step === 'other';
  if (!isRest && share >= nearConstantShare && nearConstantShare < 1) {
    return { reason: 'near_constant', detail: `${value} in ${percent(share)} of the sampled rows` };
  }
  const direction = directionOf(values);
  for (const other of kept) {
    const r = dot(direction, other.direction);
    if (Math.abs(r) >= DUPLICATE) {
      return {
        reason: 'duplicate',
        detail: `the same as ${other.feature.name} (correlation ${r.toFixed(3)})`,
      };
    }
    if (Math.abs(r) > maxCorrelation) {
      return { reason: 'correlated', detail: `correlation ${r.toFixed(3)} with ${other.feature.name}` };
    }
  }
  kept.push({ feature, direction });
  return undefined;
}

function mostFrequent(values: Float64Array): { value: number; share: number } {
  const sorted = values.toSorted();
  let best = { value: Number.NaN, count: 0 };
  for (let start = 0, end: number; start < sorted.length; start = end) {
    for (end = start + 1; end < sorted.length && sorted[end] === sorted[start]; ) end++;
    if (end - start > best.count) best = { value: sorted[start]!, count: end - start };
  }
  return { value: best.value, share: best.count / Math.max(1, sorted.length) };
}

/** Deviations from the mean at length 1, so that scalar products are Pearson correlations; all 0 for a constant. */
function directionOf(values: Float64Array): Float64Array {
  const n = Math.max(1, values.length);
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  if (largest === 0) return new Float64Array(values.length);
  // Divided by the largest first: squares of ±1e300 would overflow.
  const parts = values.map((x) => x / largest);
  const mean = parts.reduce((sum, x) => sum + x, 0) / n;
  const deviations = parts.map((x) => x - mean);
  const length = Math.sqrt(deviations.reduce((sum, x) => sum + x * x, 0));
  // What rounding leaves of a constant is no direction.
  return length > 1e-12 * Math.sqrt(n) ? deviations.map((x) => x / length) : new Float64Array(values.length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
