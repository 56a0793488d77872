import type { AutoETS } from '@bsull/augurs/ets';
import type { MSTL } from '@bsull/augurs/mstl';
import type { Prophet, ProphetAlgorithm, ProphetOptimizer } from '@bsull/augurs/prophet';
import { InsufficientDataError } from '../errors.ts';
import { deviationOf } from '../stats/sample.ts';
import {
  CONFIDENCE_LEVEL,
  type Forecaster,
  type ForecastMethod,
  type Projection,
  Z_95,
} from './forecaster.ts';
import { fillGaps, isConstant, type TimeSeries } from './time-series.ts';

/** What grafana/augurs offers, loaded by the shell because WASM comes from disk. */
export interface Augurs {
  readonly AutoETS: typeof AutoETS;
  readonly MSTL: typeof MSTL;
  readonly Prophet: typeof Prophet;
  /** Prophet's Stan model. */
  readonly optimizer: ProphetOptimizer;
}

/** Fixes what little chance there is in Stan's start values. */
const SEED = 1;
/** Prophet's own procedure: quasi-Newton, and Newton where that fails. */
const ALGORITHMS: readonly ProphetAlgorithm[] = ['lbfgs', 'newton'];

/** ETS, MSTL and Prophet of a loaded library. */
export function augursForecasters(augurs: Augurs): Forecaster[] {
  return [ets(augurs), mstl(augurs), prophet(augurs)].map(constantAsItIs);
}

/**
 * Exponential smoothing with error, trend and season chosen by AICc (Hyndman et al. 2002). The library's search knows
 * no seasonal model, so a season is for MSTL and Prophet.
 */
function ets({ AutoETS }: Augurs): Forecaster {
  return {
    method: 'ets',
    minHistory: () => 14,
    project: ({ values, seasonLength }, future) =>
      fitting('ets', () => fromLibrary(new AutoETS(seasonLength, 'ZZN'), values, future.length)),
  };
}

/** Season by LOESS, the rest by ETS (Bandara, Hyndman, Bergmeir 2021). */
function mstl({ MSTL }: Augurs): Forecaster {
  return {
    method: 'mstl',
    // Two whole seasons to tell season from trend, and one more to be judged by.
    minHistory: (seasonLength) => 3 * seasonLength,
    project: ({ values, seasonLength }, future) =>
      fitting('mstl', () => fromLibrary(MSTL.ets([seasonLength]), values, future.length)),
  };
}

/**
 * Meta's Prophet: piecewise linear trend and Fourier seasons, fitted by Stan. Its simulated band cannot be seeded, so
 * its own half-width here is 1.96 deviations of the residuals, without the uncertainty of the trend.
 */
function prophet({ Prophet, optimizer }: Augurs): Forecaster {
  function attempt({ values, timestamps }: TimeSeries, future: Float64Array, algorithm: ProphetAlgorithm) {
    using model = new Prophet({ optimizer, uncertaintySamples: 0 });
    const known = [...values.keys()].filter((i) => !Number.isNaN(values[i]!));
    const ds = known.map((i) => timestamps[i]!);
    const y = known.map((i) => values[i]!);
    model.fit({ ds, y }, { seed: SEED, algorithm });
    const fitted = model.predict({ ds: [...ds, ...future] }).yhat.point;
    const residuals = Float64Array.from(y, (value, i) => value - fitted[i]!);
    return {
      point: Float64Array.from(fitted.slice(y.length)),
      halfWidth: future.map(() => Z_95 * deviationOf(residuals)),
    };
  }
  return {
    method: 'prophet',
    minHistory: (seasonLength) => 2 * seasonLength,
    project(series, future) {
      const [first, second] = ALGORITHMS.map((algorithm) => () => attempt(series, future, algorithm));
      return fitting('prophet', () => {
        try {
          return first!();
        } catch {
          return second!();
        }
      });
    },
  };
}

function fromLibrary(model: AutoETS | MSTL, values: Float64Array, horizon: number): Projection {
  using fitted = model;
  fitted.fit(fillGaps(values));
  const { point, intervals } = fitted.predict(horizon, CONFIDENCE_LEVEL);
  const { lower = [], upper = [] } = intervals ?? {};
  const halfWidth = Float64Array.from(point, (_, i) => Math.max(0, (upper[i]! - lower[i]!) / 2));
  return { point: Float64Array.from(point), halfWidth };
}

function fitting(method: ForecastMethod, attempt: () => Projection): Projection {
  let cause: unknown;
  try {
    const projection = attempt();
    if ([...projection.point, ...projection.halfWidth].every(Number.isFinite)) return projection;
  } catch (error) {
    cause = error;
  }
  throw new InsufficientDataError(
    `The method '${method}' found no fit for this series. Choose 'auto' or 'ema', which always answer.`,
    { reason: 'not_fitted', method },
    { cause },
  );
}

/** Nothing can be fitted to a constant, and nothing need be: it goes on. Prophet in Python does the same. */
function constantAsItIs(forecaster: Forecaster): Forecaster {
  return {
    ...forecaster,
    project(series, future) {
      if (!isConstant(series.values)) return forecaster.project(series, future);
      const value = series.values.find((known) => !Number.isNaN(known)) ?? Number.NaN;
      return { point: future.map(() => value), halfWidth: future.map(() => 0) };
    },
  };
}
