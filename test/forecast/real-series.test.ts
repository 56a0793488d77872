import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../bench/forecast-evaluation.ts';
import { hasRealData, pageViews, retailSales } from '../../bench/real-series.ts';
import { augursForecasters } from '../../functions/forecast/augurs.ts';
import { ema } from '../../functions/forecast/ema.ts';
import type { Forecaster } from '../../functions/forecast/forecaster.ts';
import { linear } from '../../functions/forecast/linear.ts';
import { loadAugurs } from '../../functions/load-augurs.ts';

let forecasters: Forecaster[];

beforeAll(async () => {
  forecasters = [ema, linear, ...augursForecasters(await loadAugurs())];
});

describe.skipIf(!hasRealData('prophet_series'))('on real series', () => {
  it('the calibrated 95% band of every method holds between 90 and 98% of daily page views', () => {
    for (const { method, coverage } of evaluate(pageViews(400), forecasters, 90, 7)) {
      if (method === 'seasonal naive') continue;
      expect(coverage, method).toBeGreaterThanOrEqual(0.9);
      expect(coverage, method).toBeLessThanOrEqual(0.98);
    }
  }, 120_000);

  it('it does so for monthly sales too, where auto beats repeating the last year by half', () => {
    const scores = evaluate(retailSales(), forecasters, 120, 6);
    const mase = (name: string) => scores.find(({ method }) => method === name)!.mase;
    for (const { method, coverage } of scores) {
      if (method === 'seasonal naive') continue;
      expect(coverage, method).toBeGreaterThanOrEqual(0.9);
      expect(coverage, method).toBeLessThanOrEqual(0.98);
    }
    expect(mase('auto')).toBeLessThan(mase('seasonal naive') / 2);
  }, 120_000);
});
