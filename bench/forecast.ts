import { augursForecasters } from '../functions/forecast/augurs.ts';
import { ema } from '../functions/forecast/ema.ts';
import { linear } from '../functions/forecast/linear.ts';
import { loadAugurs } from '../functions/load-augurs.ts';
import { evaluate, type MethodScore, pooled } from './forecast-evaluation.ts';
import { campaignCost, hasRealData, keywordClicks, pageViews, retailSales } from './real-series.ts';

/**
 * `node bench/forecast.ts`: every forecasting method on real series, as a Markdown table. Needs the real data beside the
 * repository, and about two minutes.
 */
const forecasters = [ema, linear, ...augursForecasters(await loadAugurs())];
const percent = (share: number) => (Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)}%`);

function print(title: string, scores: readonly MethodScore[]): void {
  console.log(`\n${title}: ${scores[0]!.compared} values\n`);
  console.log('| method | MASE | sMAPE | in the calibrated 95% band | in its own 95% band |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const { method, mase, smape, coverage, ownCoverage } of scores) {
    const cells = [method, mase.toFixed(3), smape.toFixed(2), percent(coverage), percent(ownCoverage)];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

if (hasRealData('prophet_series')) {
  print('Page views (log), daily, 730 days, 7 ahead', evaluate(pageViews(), forecasters, 365, 7));
  print('Page views (log), daily, 400 days, 7 ahead', evaluate(pageViews(400), forecasters, 90, 7));
  print('Retail sales, monthly, 293 months, 6 ahead', evaluate(retailSales(), forecasters, 120, 6));
}
if (hasRealData('ad_campaign_daily')) {
  print('Cost of a campaign, daily, 91 days, 3 ahead', evaluate(campaignCost(), forecasters, 28, 3));
}
if (hasRealData('adwords_daily')) {
  const keywords = keywordClicks(20).map((series) => evaluate(series, forecasters, 90, 7));
  const methods = keywords[0]!.map((_, method) => pooled(keywords.map((scores) => scores[method]!)));
  print('Clicks of 20 keywords, daily, one year each, 7 ahead', methods);
}
