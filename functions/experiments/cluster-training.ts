import type { DatasetConfigInput } from '../contracts/dataset.ts';
import { CONTEXT_NUMBERS, type ExperimentContext } from '../contracts/experiment.ts';

/** Assignments that clusters need at least (S2-21). */
export const LEAST_ASSIGNMENTS = 1000;
/** Assignments that are clustered at most: those whose hash comes first, so that the sample is fair. */
export const MOST_ASSIGNMENTS = 100_000;
/** Age at which clusters are old (S2-27). */
const STALE_MS = 7 * 86_400_000;

/** Whether clusters trained then are old by now. */
export function isStale(trainedAt: string, nowMs: number): boolean {
  return nowMs - Date.parse(trainedAt) > STALE_MS;
}

/** Fields that clusters are made of: few values each, and known before the visitor is allocated. */
const CATEGORIES = [
  'channel',
  'source',
  'medium',
  'device',
  'country',
  'engagement',
  'stage',
  'risk',
] as const;

/** The row of one assignment in the dataset of contexts, and the record that is scored at an allocation. */
export function contextRow(context: ExperimentContext): Readonly<Record<string, string | number | null>> {
  const hour = (2 * Math.PI * context.hour) / 24;
  return {
    ...Object.fromEntries(CATEGORIES.map((field) => [field, context[field]])),
    hour_sin: Math.sin(hour),
    hour_cos: Math.cos(hour),
    weekend: context.is_weekend ? 1 : 0,
    ...Object.fromEntries(CONTEXT_NUMBERS.map((field) => [field, context[field]])),
  };
}

/** Configuration of the dataset of contexts: one row per visitor, one-hot and standardised, k-means with the source's seed. */
export function contextsConfig(nClusters: number | null): DatasetConfigInput {
  return {
    kind: 'contexts',
    idColumn: 'visitor',
    minDataPoints: LEAST_ASSIGNMENTS,
    maxDataAgeMonths: null,
    scaling: 'zscore',
    nClusters: nClusters ?? { min: 2, max: 10 },
    seed: 42,
    columns: Object.fromEntries([
      ...CATEGORIES.map((field) => [field, { type: 'category' as const }]),
      ...['hour_sin', 'hour_cos', 'weekend', ...CONTEXT_NUMBERS].map((field) => [
        field,
        { type: 'number' as const },
      ]),
    ]),
  };
}
