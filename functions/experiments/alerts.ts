import { isStale } from './cluster-training.ts';

/** What an experiment's owner should look at (S2-27). */
export type ExperimentAlert =
  | {
      readonly type: 'segment_underperforming';
      readonly segment_key: string;
      readonly display_name: string;
      readonly conversion_rate: number;
      readonly experiment_conversion_rate: number;
    }
  | { readonly type: 'auto_activation_failed'; readonly avg_daily_visitors: number; readonly reason: string }
  | { readonly type: 'model_stale'; readonly trained_at: string };

/** A segment as alerts see it. */
export interface AlertedSegment {
  readonly segment_key: string;
  readonly display_name: string;
  readonly allocations: number;
  readonly conversion_rate: number;
}

/** Share of the experiment's rate below which a segment is told of. */
const SHARE = 0.5;

/** Segments that convert less than half as often as the experiment; those with too few visitors say nothing yet. */
export function underperforming(
  segments: readonly AlertedSegment[],
  experimentRate: number,
  leastAllocations: number,
): ExperimentAlert[] {
  return segments
    .filter(
      ({ allocations, conversion_rate }) =>
        allocations >= leastAllocations && conversion_rate < SHARE * experimentRate,
    )
    .map(({ segment_key, display_name, conversion_rate }) => ({
      type: 'segment_underperforming',
      segment_key,
      display_name,
      conversion_rate,
      experiment_conversion_rate: experimentRate,
    }));
}

/** Traffic is enough and segmentation was to turn itself on, yet it is off. */
export function activationFailed(
  { threshold, autoActivation, enabled }: { threshold: number; autoActivation: boolean; enabled: boolean },
  avgDailyVisitors: number,
  reason: string,
): ExperimentAlert[] {
  if (!autoActivation || enabled || avgDailyVisitors < threshold) return [];
  return [{ type: 'auto_activation_failed', avg_daily_visitors: avgDailyVisitors, reason }];
}

/** The clusters in use are older than 7 days. */
export function staleModel(trainedAt: string | undefined, nowMs: number): ExperimentAlert[] {
  return trainedAt !== undefined && isStale(trainedAt, nowMs)
    ? [{ type: 'model_stale', trained_at: trainedAt }]
    : [];
}
