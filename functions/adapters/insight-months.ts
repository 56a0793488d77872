import type { DayRange } from '../contracts/campaign-entities.ts';
import type { Insight, InsightDay } from '../contracts/campaign-insights.ts';

/** Insights of one entity in one calendar month. */
export interface InsightMonth {
  readonly month: string;
  readonly insight: Insight;
  /** By ISO day. */
  readonly days: Map<string, InsightDay>;
}

/** Insights by entity and month; of one day given twice, the later one. */
export function insightMonths(insights: readonly Insight[]): InsightMonth[] {
  const months = new Map<string, InsightMonth>();
  for (const insight of insights) {
    const month = insight.date.slice(0, 7);
    const key = JSON.stringify([insight.entity_type, insight.entity_id, month]);
    const former = months.get(key);
    const days = former?.days ?? new Map<string, InsightDay>();
    days.set(insight.date, insightDay(insight));
    months.set(key, { month, insight: { ...former?.insight, ...insight }, days });
  }
  return [...months.values()];
}

/** Calendar months that a range touches, `2026-02`, ascending. */
export function monthsIn({ from, to }: DayRange): string[] {
  const months: string[] = [];
  let [year = 0, month = 0] = from.split('-').map(Number);
  for (;;) {
    const text = `${year}-${String(month).padStart(2, '0')}`;
    if (text > to.slice(0, 7)) return months;
    months.push(text);
    month = (month % 12) + 1;
    if (month === 1) year++;
  }
}

function insightDay(insight: Insight): InsightDay {
  const { entity_type: _t, entity_id: _e, name: _n, campaign_id: _c, adset_id: _a, ...day } = insight;
  return day;
}
