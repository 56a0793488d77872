import type {
  RecommendationRecord,
  SegmentationChange,
  SegmentationConfig,
  SegmentCounters,
} from '../contracts/experiment.ts';
import { counter, countOf } from './counters.ts';
import { modeInForce } from './segment-key.ts';

/** What traffic is enough for (S2-22). */
export type TrafficTier = 'insights_only' | 'manual' | 'auto_clustering';

/** Mean distinct visitors a day from which segments, and from which clusters, can be learned. */
export const SEGMENTATION_VISITORS = 1000;
export const CLUSTERING_VISITORS = 10_000;
/** From here on two fields part the visitors and leave enough in each segment. */
const TWO_FIELDS_VISITORS = 5000;

const DAYS = 7;
const DAY_MS = 86_400_000;

/** What an experiment's traffic allows. */
export interface Eligibility {
  readonly avgDailyVisitors: number;
  readonly tier: TrafficTier;
  readonly trafficQuality: 'low' | 'medium' | 'high' | 'very_high';
  readonly eligibleForSegmentation: boolean;
  readonly eligibleForClustering: boolean;
}

/** What is recommended, before anybody decided on it. */
export type Suggestion = Pick<RecommendationRecord, 'id' | 'type' | 'reason' | 'suggested_config'>;

/** `yyyymmdd` in UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
}

/** The days whose visitors count, today first. */
export function windowDays(nowMs: number): string[] {
  return Array.from({ length: DAYS }, (_, n) => dayOf(nowMs - n * DAY_MS));
}

/** Distinct visitors of the last 7 days, today included, divided by 7: each counts on the day of the last visit. */
export function averageDailyVisitors(segments: readonly SegmentCounters[], nowMs: number): number {
  const days = windowDays(nowMs);
  const visitors = segments.reduce(
    (sum, { sums }) => sum + days.reduce((n, day) => n + countOf(sums, counter.lastSeen(day)), 0),
    0,
  );
  return visitors / DAYS;
}

/** The tier of a traffic: under 1,000 a day insights only, from 1,000 manual, from 10,000 clusters. */
export function eligibilityOf(avgDailyVisitors: number): Eligibility {
  const eligibleForSegmentation = avgDailyVisitors >= SEGMENTATION_VISITORS;
  const eligibleForClustering = avgDailyVisitors >= CLUSTERING_VISITORS;
  return {
    avgDailyVisitors,
    tier: eligibleForClustering ? 'auto_clustering' : eligibleForSegmentation ? 'manual' : 'insights_only',
    trafficQuality: eligibleForClustering
      ? 'very_high'
      : avgDailyVisitors >= TWO_FIELDS_VISITORS
        ? 'high'
        : eligibleForSegmentation
          ? 'medium'
          : 'low',
    eligibleForSegmentation,
    eligibleForClustering,
  };
}

/** What to change, given the traffic; nothing where the configuration does it already. */
export function suggestionsFor(
  { avgDailyVisitors, eligibleForSegmentation, eligibleForClustering }: Eligibility,
  config: SegmentationConfig,
): Suggestion[] {
  const mode = modeInForce(config);
  const visitors = Math.floor(avgDailyVisitors);
  const suggestions: Suggestion[] = [];
  if (eligibleForSegmentation && mode === 'disabled') {
    suggestions.push({
      id: 'enable-segmentation',
      type: 'enable_segmentation',
      reason: `${visitors} distinct visitors a day are enough for segments to learn by themselves (${SEGMENTATION_VISITORS} are needed).`,
      suggested_config: manualChange(config, avgDailyVisitors),
    });
  }
  if (eligibleForClustering && mode !== 'auto') {
    suggestions.push({
      id: 'enable-clustering',
      type: 'enable_clustering',
      reason: `${visitors} distinct visitors a day are enough to find segments by clustering (${CLUSTERING_VISITORS} are needed).`,
      suggested_config: { enabled: true, mode: 'auto', auto_clustering_enabled: true },
    });
  }
  return suggestions;
}

/**
 * The change with which segmentation turns itself on, undefined where it should not: it is not asked to, it is on already,
 * or too few visitors come.
 */
export function activation(
  config: SegmentationConfig,
  avgDailyVisitors: number,
): SegmentationChange | undefined {
  if (!config.auto_activation || modeInForce(config) !== 'disabled') return undefined;
  if (avgDailyVisitors < config.auto_activation_threshold) return undefined;
  return config.auto_clustering_enabled && avgDailyVisitors >= CLUSTERING_VISITORS
    ? { enabled: true, mode: 'auto' }
    : manualChange(config, avgDailyVisitors);
}

function manualChange({ segment_by }: SegmentationConfig, avgDailyVisitors: number): SegmentationChange {
  const fields =
    avgDailyVisitors >= TWO_FIELDS_VISITORS ? (['source', 'device'] as const) : (['source'] as const);
  return { enabled: true, mode: 'manual', segment_by: segment_by.length > 0 ? segment_by : [...fields] };
}
