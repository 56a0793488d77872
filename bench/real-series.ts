import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { TimeSeries } from '../functions/forecast/time-series.ts';

const DATA = join(import.meta.dirname, '../../shared/data');
const DAY = 86_400;

/** Whether a folder of real data is here; it is never part of the repository. */
export const hasRealData = (folder: string): boolean => existsSync(join(DATA, folder));

/** Rows of a CSV file without quoted commas, by column name. */
export function rowsOf(file: string): Record<string, string>[] {
  const bytes = readFileSync(join(DATA, file));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [header = '', ...lines] = text.replaceAll('"', '').trim().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}

/** Log of the daily views of a Wikipedia page, its last 730 days; 59 days of the whole are missing. */
export function pageViews(days = 730): TimeSeries {
  const rows = rowsOf('prophet_series/example_wp_log_peyton_manning.csv');
  return lastDays(daily(rows.map(({ ds = '', y }) => [secondsOf(ds), Number(y)])), days);
}

/** Monthly retail sales of the United States, 1992–2016, in millions of dollars. */
export function retailSales(): TimeSeries {
  const rows = rowsOf('prophet_series/example_retail_sales.csv');
  return {
    values: Float64Array.from(rows, ({ y }) => Number(y)),
    timestamps: Float64Array.from(rows, ({ ds = '' }) => secondsOf(ds)),
    seasonLength: 12,
  };
}

/** Daily cost of one advertising campaign over 91 days. */
export function campaignCost(): TimeSeries {
  const months: Record<string, string> = { April: '04', May: '05', June: '06' };
  const sums = new Map<number, number>();
  for (const row of rowsOf('ad_campaign_daily/online_advertising_camp1_camp2.csv.gz')) {
    if (row.campaign_number !== 'camp 1') continue;
    // The file names no year.
    const at = secondsOf(`2020-${months[row.month ?? '']}-${row.day?.padStart(2, '0')}`);
    sums.set(at, (sums.get(at) ?? 0) + Number(row.cost));
  }
  return daily([...sums]);
}

/** Daily clicks of the `count` most clicked keywords of a shop over a year; a day without impressions has none. */
export function keywordClicks(count: number): TimeSeries[] {
  const keywords = Map.groupBy(rowsOf('adwords_daily/adwords_keywords_a.csv.gz'), ({ id }) => id);
  const clicks = (rows: Record<string, string>[]) => rows.reduce((sum, row) => sum + Number(row.clicks), 0);
  return [...keywords.values()]
    .toSorted((a, b) => clicks(b) - clicks(a))
    .slice(0, count)
    .map((rows) => {
      const series = daily(rows.map(({ date = '', clicks }) => [secondsOf(date), Number(clicks)]));
      return { ...series, values: series.values.map((value) => (Number.isNaN(value) ? 0 : value)) };
    });
}

const secondsOf = (date: string) => Date.parse(`${date}T00:00Z`) / 1000;

/** One step per day from the first to the last; NaN where a day is missing. */
function daily(days: readonly (readonly [at: number, value: number])[]): TimeSeries {
  const values = new Map(days);
  const first = Math.min(...values.keys());
  const count = (Math.max(...values.keys()) - first) / DAY + 1;
  const timestamps = Float64Array.from({ length: count }, (_, i) => first + i * DAY);
  return { timestamps, values: timestamps.map((at) => values.get(at) ?? Number.NaN), seasonLength: 7 };
}

function lastDays(series: TimeSeries, days: number): TimeSeries {
  return { ...series, values: series.values.slice(-days), timestamps: series.timestamps.slice(-days) };
}
