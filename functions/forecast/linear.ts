import { type Forecaster, type Projection, Z_95 } from './forecaster.ts';
import { knownCount, MIN_HISTORY, type TimeSeries } from './time-series.ts';

/**
 * Least-squares line through the known values over their position. Its band is that of a new observation:
 * ± 1.96 · s · √(1 + 1/n + (x − x̄)² / Σ(x − x̄)²), with s² the residual sum of squares over n − 2.
 */
export const linear: Forecaster = {
  method: 'linear',
  minHistory: () => MIN_HISTORY,
  project({ values }: TimeSeries, future: Float64Array): Projection {
    const n = knownCount(values);
    const known = (use: (x: number, y: number) => number) =>
      values.reduce((sum, y, x) => (Number.isNaN(y) ? sum : sum + use(x, y)), 0);
    const meanX = known((x) => x) / n;
    const meanY = known((_, y) => y) / n;
    const spread = known((x) => (x - meanX) ** 2);
    const slope = known((x, y) => (x - meanX) * (y - meanY)) / spread;
    const at = (x: number) => meanY + slope * (x - meanX);
    const deviation = Math.sqrt(known((x, y) => (y - at(x)) ** 2) / (n - 2));
    return {
      point: future.map((_, step) => at(values.length + step)),
      halfWidth: future.map((_, step) => {
        const away = (values.length + step - meanX) ** 2 / spread;
        return Z_95 * deviation * Math.sqrt(1 + 1 / n + away);
      }),
    };
  },
};
