import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DetectorOptions, type Finding, judgeValue } from '../functions/campaigns/anomaly-methods.ts';
import { rowsOf } from './real-series.ts';

/** A series with the stretches in which something was out of the ordinary. */
export interface LabelledSeries {
  readonly values: Float64Array;
  /** First and last step, both inclusive. */
  readonly windows: readonly (readonly [from: number, to: number])[];
}

/** How a way of detecting did on labelled series. */
export interface DetectionScore {
  readonly alarms: number;
  /** Share of alarms inside a window, 0..1. */
  readonly precision: number;
  /** Windows with an alarm, and windows there are. */
  readonly found: number;
  readonly windows: number;
  /** Mean steps from the start of a window to its first alarm, over the windows found. */
  readonly delay: number;
}

const NAB = join(import.meta.dirname, '../../shared/data/nab_ad_exchange');
const NAMES = ['exchange-2_cpc', 'exchange-2_cpm', 'exchange-3_cpc', 'exchange-3_cpm'];

/** Hourly cost per click and per thousand impressions of two advertising exchanges, with the windows of NAB. */
export function adExchanges(): LabelledSeries[] {
  const windows: Record<string, [string, string][]> = JSON.parse(
    readFileSync(join(NAB, 'combined_windows.subset.json'), 'utf8'),
  );
  return NAMES.map((name) => {
    const hour = (text: string) =>
      Math.floor(Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) / 3_600_000);
    const rows = rowsOf(`nab_ad_exchange/${name}_results.csv`);
    const byHour = new Map(rows.map(({ timestamp = '', value }) => [hour(timestamp), Number(value)]));
    const first = Math.min(...byHour.keys());
    const values = new Float64Array(Math.max(...byHour.keys()) - first + 1).fill(Number.NaN);
    for (const [at, value] of byHour) values[at - first] = value;
    const labelled = windows[`realAdExchange/${name}_results.csv`]!;
    return { values, windows: labelled.map(([from, to]) => [hour(from) - first, hour(to) - first] as const) };
  });
}

/** Judges every value after the first 15%, NAB's own probation, with one way of detecting. */
export function evaluateDetector(
  series: readonly LabelledSeries[],
  options: DetectorOptions,
  isAlarm: (finding: Finding) => boolean,
): DetectionScore {
  let [alarms, inside, found, delay] = [0, 0, 0, 0];
  for (const { values, windows } of series) {
    const at = [...values.keys()]
      .slice(Math.floor(0.15 * values.length))
      .filter((i) => judgeValue(values, i, options).some(isAlarm));
    alarms += at.length;
    inside += at.filter((i) => windows.some(([from, to]) => i >= from && i <= to)).length;
    for (const [from, to] of windows) {
      const first = at.find((i) => i >= from && i <= to);
      if (first === undefined) continue;
      found += 1;
      delay += first - from;
    }
  }
  const windows = series.reduce((sum, one) => sum + one.windows.length, 0);
  return { alarms, precision: inside / alarms, found, windows, delay: delay / found };
}

/** Share of the judged values that lie in a window: the precision of alarms thrown at random. */
export function chancePrecision(series: readonly LabelledSeries[]): number {
  const judged = series.flatMap(({ values, windows }) =>
    [...values.keys()]
      .slice(Math.floor(0.15 * values.length))
      .filter((i) => !Number.isNaN(values[i]!))
      .map((i) => windows.some(([from, to]) => i >= from && i <= to)),
  );
  return judged.filter(Boolean).length / judged.length;
}
