import type { InsightColumns } from './insight-columns.ts';

/** Days with spend below which no weekday is told apart: two of each. */
export const WEEKDAY_MIN_DAYS = 14;

/** What each weekday brought over a window, Monday first. */
export interface WeekdayTotals {
  readonly spend: readonly number[];
  readonly leads: readonly number[];
  readonly daysWithSpend: number;
}

/** Totals per weekday of one entity. 1970-01-01 was a Thursday. */
export function weekdayTotals(
  { firstDay, nDays, measures }: InsightColumns,
  entity: number,
  firstColumn: number,
  endColumn: number,
): WeekdayTotals {
  const spend = Array.from({ length: 7 }, () => 0);
  const leads = Array.from({ length: 7 }, () => 0);
  let daysWithSpend = 0;
  for (let column = firstColumn; column < endColumn; column++) {
    const at = entity * nDays + column;
    const spent = measures.spend[at]!;
    if (!(spent > 0)) continue;
    const weekday = (firstDay + column + 3) % 7;
    spend[weekday]! += spent;
    leads[weekday]! += measures.leads[at]!;
    daysWithSpend++;
  }
  return { spend, leads, daysWithSpend };
}

/**
 * The weekdays with the most and the fewest leads per money, 0 for Monday. Of equals, the best is the one with more
 * leads and the worst the one with more spend, then the earlier. Undefined below 14 days with spend, and where no two
 * weekdays differ.
 */
export function bestAndWorstWeekday(totals: WeekdayTotals): { best: number; worst: number } | undefined {
  if (totals.daysWithSpend < WEEKDAY_MIN_DAYS) return undefined;
  const { spend, leads } = totals;
  const yields = [0, 1, 2, 3, 4, 5, 6]
    .filter((weekday) => spend[weekday]! > 0)
    .map((weekday) => ({
      weekday,
      spend: spend[weekday]!,
      leads: leads[weekday]!,
      perMoney: leads[weekday]! / spend[weekday]!,
    }));
  const best = yields.toSorted((a, b) => b.perMoney - a.perMoney || b.leads - a.leads)[0];
  const worst = yields.toSorted((a, b) => a.perMoney - b.perMoney || b.spend - a.spend)[0];
  if (!best || !worst || best.perMoney === worst.perMoney) return undefined;
  return { best: best.weekday, worst: worst.weekday };
}
