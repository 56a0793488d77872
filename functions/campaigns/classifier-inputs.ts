import { CLASSIFIER_COLUMNS, type ClassifierColumn } from '../contracts/campaign-features.ts';
import type { FeatureColumns } from './campaign-features.ts';

/** The ten columns of the classifier, in the order of the campaigns; NaN is unknown, which trees have a branch for. */
export type ClassifierInputs = Readonly<Record<ClassifierColumn, Float64Array>>;

/** Score of how seldom the same people see an ad: 1 at once or less, 0 from four times on (requirements S1-31, X14). */
export function frequencyScore(frequency: number): number {
  return clamp(1 - (frequency - 1) / 3);
}

/**
 * How steadily leads come: half the share of days with leads, 0.3 a cost per lead that does not move, 0.2 the frequency
 * score; each part and the whole 0..1 (requirements S1-31, X14). A part that is unknown leaves its weight to the others.
 */
export function consistencyScore(daysRatio: number, cplTrend: number, frequency: number): number {
  const parts = [
    { weight: 0.5, score: clamp(daysRatio) },
    { weight: 0.3, score: clamp(1 - Math.abs(cplTrend) / 50) },
    { weight: 0.2, score: frequencyScore(frequency) },
  ].filter(({ score }) => !Number.isNaN(score));
  const weights = parts.reduce((sum, { weight }) => sum + weight, 0);
  return clamp(parts.reduce((sum, { weight, score }) => sum + weight * score, 0) / weights);
}

/** The classifier's view of the features, against the averages of the account. */
export function classifierInputs({ values, averages }: FeatureColumns): ClassifierInputs {
  const averageCpl = averages.average_cpl ?? Number.NaN;
  const averageCtr = averages.average_ctr ?? Number.NaN;
  const daysRatio = values.days_with_leads_7d.map((days) => days / 7);
  const perMoney = values.leads_7d.map((leads, entity) => {
    const spend = values.spend_7d[entity]!;
    return spend > 0 ? (leads / spend) * 100 : Number.NaN;
  });
  return {
    cpl_ratio: values.cpl_7d.map((cpl) => (averageCpl > 0 ? cpl / averageCpl : Number.NaN)),
    ctr_ratio: values.ctr_7d.map((ctr) => (averageCtr > 0 ? ctr / averageCtr : Number.NaN)),
    leads_7d_normalized: perMoney,
    cpl_trend: values.cpl_trend,
    leads_trend: values.leads_trend,
    cpl_volatility: values.cpl_std_7d,
    conversion_rate_7d: values.conversion_rate_7d,
    days_with_leads_ratio: daysRatio,
    frequency_score: values.frequency_7d.map(frequencyScore),
    consistency_score: daysRatio.map((ratio, entity) =>
      consistencyScore(ratio, values.cpl_trend[entity]!, values.frequency_7d[entity]!),
    ),
  };
}

/** One campaign's inputs by name; null is unknown. */
export function inputsOf(inputs: ClassifierInputs, entity: number): Record<ClassifierColumn, number | null> {
  return Object.fromEntries(
    CLASSIFIER_COLUMNS.map((column) => {
      const value = inputs[column][entity]!;
      return [column, Number.isNaN(value) ? null : value];
    }),
  ) as Record<ClassifierColumn, number | null>;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
