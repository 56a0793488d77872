import type { EntityCell } from '../contracts/recipe.ts';
import { QuantileDigest } from '../stats/quantiles.ts';
import { thresholdForShare } from './budget-threshold.ts';
import { type Contribution, densityConfidence, riskAt, riskContributions } from './density-risk.ts';
import type { CustomerCells, LeadColumns } from './lead-columns.ts';
import { fillText, type Locale, type LocalizedText } from './localized-text.ts';
import { firedRules, type OutlierRule, type Population, ruleInWords } from './outlier-rules.ts';

/** One outlier, explained. Field names are those of the sources. */
export interface OutlierDescription {
  readonly lead_id: string;
  /** ratio ÷ (1 + ratio), 0..1. */
  readonly risk_score: number;
  /** 1 − risk_score; below 0.5. */
  readonly confidence: number;
  /** The rules that fired, in words, else how far out the customer is and by what. */
  readonly reason: string;
  /** Ids of the rules that fired. */
  readonly rules: readonly string[];
  /** Per feature; they sum to the score. */
  readonly contributions: readonly Contribution[];
  /** The values that the rules fired on, and a flag per rule. */
  readonly features: Readonly<Record<string, EntityCell | boolean>>;
  readonly suspicious: true;
}

/** A customer far from its kind. */
export interface OutlierRow {
  readonly id: string;
  /** Kernel features. */
  readonly row: ArrayLike<number>;
  /** Kernel features of what the distance is measured from: the nearest core row, the center, or the mean of all rows. */
  readonly reference: ArrayLike<number>;
  /** Distance ÷ eps, or ÷ the threshold of the contamination; above 1. */
  readonly ratio: number;
  readonly cells: CustomerCells;
}

/** What all outliers of a run are described with. */
export interface OutlierContext {
  readonly features: readonly string[];
  readonly columns: LeadColumns;
  readonly population: Population;
  /** Instant that days are counted back from, ms since the epoch. */
  readonly referenceMs: number;
  readonly locale: Locale;
  readonly rules?: readonly OutlierRule[];
}

/** Features named in the reason of an outlier that no rule fired for. */
const NAMED_FEATURES = 2;

const FAR_OUT: LocalizedText = {
  en: '{ratio} times as far from the others as is usual, mostly by {features}',
  'pt-BR': '{ratio} vezes mais longe dos demais do que o usual, sobretudo por {features}',
  es: '{ratio} veces más lejos de los demás de lo usual, sobre todo por {features}',
};

const ALONE: LocalizedText = {
  en: 'no dense region in this data, mostly by {features}',
  'pt-BR': 'nenhuma região densa nestes dados, sobretudo por {features}',
  es: 'ninguna región densa en estos datos, sobre todo por {features}',
};

/** Describes one outlier: score, the patterns that fired, and what each feature contributes. */
export function describeOutlier(outlier: OutlierRow, context: OutlierContext): OutlierDescription {
  const { row, reference, ratio } = outlier;
  const contributions = riskContributions(riskAt(ratio), row, reference, context.features);
  return explainOutlier({ ...outlier, contributions }, context);
}

/** As `describeOutlier`, where the contributions are known, the largest first. */
export function explainOutlier(
  {
    id,
    ratio,
    cells,
    contributions,
  }: Pick<OutlierRow, 'id' | 'ratio' | 'cells'> & Pick<OutlierDescription, 'contributions'>,
  { columns, population, referenceMs, locale, rules }: Omit<OutlierContext, 'features'>,
): OutlierDescription {
  const risk = riskAt(ratio);
  const fired = firedRules(cells, columns, population, referenceMs, rules);
  const mostly = contributions.slice(0, NAMED_FEATURES).map(({ feature }) => feature);
  const distance = Number.isFinite(ratio) ? FAR_OUT : ALONE;
  return {
    lead_id: id,
    risk_score: risk,
    confidence: densityConfidence(ratio),
    reason:
      fired.length > 0
        ? fired.map((rule) => ruleInWords(rule, locale)).join('; ')
        : fillText(distance, locale, { ratio, features: mostly.join(', ') }),
    rules: fired.map(({ rule }) => rule.id),
    contributions,
    features: Object.fromEntries(
      fired.flatMap(({ rule, evidence }) => [
        ...evidence.map(({ column, value }) => [column, value] as const),
        [rule.flag, true] as const,
      ]),
    ),
    suspicious: true,
  };
}

/** Outliers by risk, the highest first; equal ones by id. */
export function byRisk(a: OutlierDescription, b: OutlierDescription): number {
  return b.risk_score - a.risk_score || (a.lead_id < b.lead_id ? -1 : a.lead_id > b.lead_id ? 1 : 0);
}

/**
 * Distance from its center past which a row of k-means is an outlier: at most the share `contamination` of the rows lies
 * beyond. The ratio of `OutlierRow` is distance ÷ this threshold.
 * @param distances of all rows to their centers, merged over all buckets
 * @throws InvalidRequestError for a contamination that is not within 0..1
 */
export function contaminationThreshold(distances: QuantileDigest, contamination: number): number {
  return thresholdForShare(distances, distances.total, contamination);
}

/** Rows of k-means that are outliers. */
export interface FurthestRows {
  /** Rows further than the threshold from their centers, the furthest first, equal ones in row order. */
  readonly far: readonly number[];
  readonly threshold: number;
}

/**
 * The share `contamination` of all rows, at most, that lies furthest from the centers.
 * @param distances of all rows, in row order
 * @throws InvalidRequestError for a contamination that is not within 0..1
 */
export function furthestRows(distances: Float64Array, contamination: number): FurthestRows {
  const digest = new QuantileDigest(distances.length);
  for (const distance of distances) digest.add(distance);
  const threshold = contaminationThreshold(digest, contamination);
  const far = [...distances.keys()]
    .filter((row) => distances[row]! > threshold)
    .sort((a, b) => distances[b]! - distances[a]! || a - b);
  return { far, threshold };
}
