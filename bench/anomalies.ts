import type { DetectorOptions, Finding } from '../functions/campaigns/anomaly-methods.ts';
import { adExchanges, chancePrecision, evaluateDetector, type LabelledSeries } from './anomaly-evaluation.ts';
import { hasRealData } from './real-series.ts';

/**
 * `node bench/anomalies.ts`: precision, recall and delay of every method on labelled series, plain and against the like
 * step of the season, as Markdown tables. Needs the real data beside the repository, and seconds.
 */
const METHODS: readonly (readonly [name: string, isAlarm: (finding: Finding) => boolean])[] = [
  ['z-score', ({ method }) => method === 'zscore'],
  ['z-score, HIGH and worse', ({ method, z = 0 }) => method === 'zscore' && Math.abs(z) >= 4],
  ['z-score, CRITICAL', ({ method, z = 0 }) => method === 'zscore' && Math.abs(z) >= 5],
  ['interquartile range', ({ method }) => method === 'iqr'],
  ['change point', ({ method }) => method === 'change_point'],
];

function print(
  title: string,
  series: readonly LabelledSeries[],
  plain: DetectorOptions,
  seasonLength: number,
) {
  console.log(
    `\n${title}; alarms at random would have a precision of ${chancePrecision(series).toFixed(3)}\n`,
  );
  console.log('| method | season | alarms | precision | windows found | delay |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const [name, isAlarm] of METHODS) {
    for (const seasonal of [false, true]) {
      const options = seasonal ? { ...plain, seasonLength } : plain;
      const { alarms, precision, found, windows, delay } = evaluateDetector(series, options, isAlarm);
      const cells = [name, seasonal ? `${seasonLength} steps` : 'plain', alarms, precision.toFixed(3)];
      console.log(`| ${[...cells, `${found} of ${windows}`, delay.toFixed(1)].join(' | ')} |`);
    }
  }
}

if (hasRealData('nab_ad_exchange')) {
  print('Cost per click and per mille, hourly, 4 series of NAB', adExchanges(), { history: 28 * 24 }, 24);
}
