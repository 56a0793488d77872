import { readFileSync, writeFileSync } from 'node:fs';
import { DAY_MEASURES, type InsightColumns } from '../functions/campaigns/insight-columns.ts';
import {
  type DayRange,
  dayNumber,
  dayText,
  ENTITY_STATUSES,
} from '../functions/contracts/campaign-entities.ts';
import type { InsightDay } from '../functions/contracts/campaign-insights.ts';
import { Random } from '../functions/stats/random.ts';

/** Last day of all made-up histories: a Sunday. */
export const LAST_DAY = '2026-03-01';

/** The days up to and with `LAST_DAY`. */
export function daysBefore(nDays: number): DayRange {
  return { from: dayText(dayNumber(LAST_DAY) - nDays + 1), to: LAST_DAY };
}

/**
 * Days of one made-up campaign: log-normal budgets and prices of a lead, weekdays that differ, audiences that tire, and
 * what goes wrong: a third has no leads on most days, one in 50 is paused, one in 33 ends its spend early, one in 20
 * starts within the range; one day in 100 is missing, one in 50 is a spike, one in 12 has no reach.
 */
export function madeUpDays(n: number, range: DayRange): InsightDay[] {
  const random = new Random(7).fork(n);
  const budget = Math.exp(random.normal(4, 0.8));
  const price = Math.exp(random.normal(3, 0.7)) * (random.uniform() < 0.33 ? 6 : 1);
  const clickRate = 0.005 + 0.03 * random.uniform();
  const weekend = 0.5 + 0.7 * random.uniform();
  const tiring = 0.02 * random.uniform();
  const isPaused = random.uniform() < 0.02;
  const first = dayNumber(range.from);
  const length = dayNumber(range.to) - first + 1;
  const start = random.uniform() < 0.05 ? random.integer(length) : 0;
  const stop = random.uniform() < 0.03 ? length - random.integer(10) : length;
  const days: InsightDay[] = [];
  for (let at = start; at < length; at++) {
    if (random.uniform() < 0.01) continue;
    const isWeekend = (first + at + 3) % 7 > 4;
    const spike = random.uniform() < 0.02 ? 3 : 1;
    const spent = budget * (isWeekend ? weekend : 1) * spike * Math.exp(random.normal(0, 0.15));
    const spend = at < stop ? Math.round(100 * spent) / 100 : 0;
    const impressions = Math.floor(spend * 100 * (0.8 + 0.4 * random.uniform()));
    const wear = 1 / (1 + tiring * at);
    days.push({
      date: dayText(first + at),
      spend,
      impressions,
      clicks: Math.floor(impressions * clickRate * wear * (0.8 + 0.4 * random.uniform())),
      leads: Math.floor((2 * random.uniform() * spend * wear) / price),
      reach:
        random.uniform() < 0.08 ? null : Math.floor(impressions / (1 + 3 * random.uniform() + tiring * at)),
      frequency: random.uniform() < 0.5 ? null : 1 + 3 * random.uniform() + tiring * at,
      status: isPaused && at > length - 5 ? 'PAUSED' : 'ACTIVE',
      daily_budget: random.uniform() < 0.9 ? Math.round(budget) : null,
    });
  }
  return days;
}

/**
 * Writes columns so that both sides of the benchmark read the same numbers: a line of JSON, then little-endian float64,
 * each measure entity by day, the newest status (its place in the list, −1 for none) and the newest budget.
 */
export function writeColumns(file: string, columns: InsightColumns): void {
  const { entityIds, firstDay, nDays, measures, present, status, dailyBudget } = columns;
  const head = { n: entityIds.length, firstDay, nDays, measures: DAY_MEASURES, statuses: ENTITY_STATUSES };
  const parts = [
    ...DAY_MEASURES.map((measure) => measures[measure]),
    Float64Array.from(present),
    Float64Array.from(status),
    dailyBudget,
  ];
  writeFileSync(
    file,
    Buffer.concat([
      Buffer.from(`${JSON.stringify(head)}\n`),
      ...parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
    ]),
  );
}

/** Reads what `writeColumns` wrote; entities are called c00000, c00001, … */
export function readColumns(file: string): InsightColumns {
  const bytes = readFileSync(file);
  const end = bytes.indexOf('\n');
  const { n, firstDay, nDays } = JSON.parse(bytes.toString('utf8', 0, end)) as {
    n: number;
    firstDay: number;
    nDays: number;
  };
  const numbers = new Float64Array(Uint8Array.from(bytes.subarray(end + 1)).buffer);
  let at = 0;
  const next = (length: number) => {
    at += length;
    return numbers.slice(at - length, at);
  };
  const matrix = () => next(n * nDays);
  const measures = {
    spend: matrix(),
    impressions: matrix(),
    clicks: matrix(),
    leads: matrix(),
    reach: matrix(),
    frequency: matrix(),
  };
  return {
    entityIds: Array.from({ length: n }, (_, entity) => campaignId(entity)),
    firstDay,
    nDays,
    measures,
    present: Uint8Array.from(matrix()),
    status: Int8Array.from(next(n)),
    dailyBudget: next(n),
  };
}

/** Name of the n-th made-up campaign; names ascend with n. */
export const campaignId = (n: number) => `c${String(n).padStart(5, '0')}`;
