import type { WatchedMetric } from '../contracts/anomaly-types.ts';
import { type InsightColumns, statusOf } from './insight-columns.ts';

/** Days of one entity, metric by metric; NaN where a day is missing or its value cannot be told. */
export interface EntitySeries {
  readonly values: Readonly<Record<WatchedMetric, Float64Array>>;
  /** False where the newest day that tells says that it is paused, archived or deleted. */
  readonly isDelivering: boolean;
}

/** The watched metrics of one entity: CTR in percent, CPL in money per lead, frequency from reach where not measured. */
export function entitySeries(columns: InsightColumns, entity: number): EntitySeries {
  const row = (values: Float64Array) => values.subarray(entity * columns.nDays, (entity + 1) * columns.nDays);
  const { measures } = columns;
  const [spend, impressions, leads, reach] = [
    row(measures.spend),
    row(measures.impressions),
    row(measures.leads),
    row(measures.reach),
  ];
  const perReach = ratio(impressions, reach);
  const status = statusOf(columns, entity);
  return {
    values: {
      spend,
      impressions,
      leads,
      reach,
      cpl: ratio(spend, leads),
      ctr: ratio(row(measures.clicks), impressions).map((share) => 100 * share),
      frequency: row(measures.frequency).map((value, day) => (Number.isNaN(value) ? perReach[day]! : value)),
    },
    isDelivering: status === undefined || status === 'ACTIVE',
  };
}

const ratio = (above: Float64Array, below: Float64Array) =>
  above.map((value, day) => (below[day]! > 0 ? value / below[day]! : Number.NaN));
