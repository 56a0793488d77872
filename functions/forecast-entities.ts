import { activeModel, type ModelType, noteModelUse } from './campaign-models.ts';
import { entitySeries } from './campaigns/entity-series.ts';
import { InsightCollector } from './campaigns/insight-columns.ts';
import { COLLECTION, documentId, documentRef } from './contracts/campaign-collections.ts';
import { type AccountRef, dayNumber, dayText, type EntityType } from './contracts/campaign-entities.ts';
import { FORECAST_WINDOW_DAYS } from './contracts/campaign-forecasts.ts';
import {
  type ForecastRecord,
  type Prediction,
  TARGET_METRICS,
  type TargetMetric,
} from './contracts/campaign-records.ts';
import { InsufficientDataError } from './errors.ts';
import { augursForecasters } from './forecast/augurs.ts';
import { ema } from './forecast/ema.ts';
import {
  type ForecastOptions,
  forecastSeries,
  MODEL_VERSION,
  type SeriesForecast,
} from './forecast/forecast.ts';
import { CONFIDENCE_LEVEL, type Forecaster, type ForecastMethod } from './forecast/forecaster.ts';
import { linear } from './forecast/linear.ts';
import type { TimeSeries } from './forecast/time-series.ts';
import { loadAugurs } from './load-augurs.ts';
import type { AnalysisPorts, CampaignDocument } from './ports.ts';

type Stores = Pick<AnalysisPorts, 'insights' | 'campaignDocuments'>;

/** Methods that cost next to nothing: what a job over all campaigns chooses from. */
export const LIGHT_FORECASTERS: readonly Forecaster[] = [ema, linear];
const DAY_SECONDS = 86_400;
const WEEK = 7;
/** Days ahead unless asked otherwise (requirements S1-15). */
export const HORIZON_DAYS = 7;

/** Name of a forecast of a metric. */
export const PREDICTION_TYPE = {
  cpl: 'CPL_FORECAST',
  leads: 'LEADS_FORECAST',
  spend: 'SPEND_FORECAST',
} as const satisfies Record<TargetMetric, Prediction['prediction_type']>;

/** Kinds of models that make forecasts of a metric; the source has none for spend. */
export const FORECAST_MODEL_TYPES = {
  cpl: 'TIME_SERIES_CPL',
  leads: 'TIME_SERIES_LEADS',
} as const satisfies Partial<Record<TargetMetric, ModelType>>;

/** What is to be forecast, from which days. */
export interface EntityForecastRequest extends ForecastOptions {
  readonly entityType: EntityType;
  readonly entityId: string;
  readonly metric: TargetMetric;
  readonly horizonDays: number;
  readonly windowDays: number;
  /** Last day that the forecast knows of. */
  readonly asOf: string;
  readonly at: Date;
  /** Whether the predictions alone are stored, and the forecast of the same last day stays as it is. */
  readonly predictionsOnly?: boolean;
  /** Whether `auto` chooses among the methods alone that cost next to nothing, `ema` and `linear`. */
  readonly isLight?: boolean;
}

/**
 * Forecasts one metric of one entity by any method, and stores the forecast and a prediction for each of its days. Asked
 * again for the same last day, the later answer takes the place of the former.
 * @throws InsufficientDataError for too short a history
 */
export async function forecastEntity(
  stores: Stores,
  account: AccountRef,
  request: EntityForecastRequest,
): Promise<ForecastRecord> {
  const { entityType, entityId, method = 'auto' } = request;
  const range = rangeOf(request.asOf, request.windowDays);
  const collector = new InsightCollector(range);
  collector.add(entityId, await stores.insights.entityDays(account, entityType, entityId, range));
  const values = entitySeries(collector.columns(), 0).values[request.metric];
  const isLight = request.isLight || LIGHT_FORECASTERS.some((light) => light.method === method);
  const heavy = isLight ? [] : augursForecasters(await loadAugurs());
  const forecast = forecastOf(values, request, [...LIGHT_FORECASTERS, ...heavy]);
  const record = recordOf(account, request, forecast);
  const [forecastDocument, ...predictions] = documentsOf(account, record);
  await stores.campaignDocuments.writeAll(
    request.predictionsOnly ? predictions : [forecastDocument!, ...predictions],
  );
  return record;
}

/**
 * Forecasts all three metrics of all campaigns of an account, by the model that is active for the metric, else by moving
 * averages or a line, whichever a backtest of the campaign finds better. A campaign whose history is too short has a
 * forecast that says so.
 * @returns number of forecasts that hold predictions
 */
export async function forecastAccount(
  stores: Stores,
  account: AccountRef,
  { asOf, at }: { asOf: string; at: Date },
): Promise<number> {
  const range = rangeOf(asOf, FORECAST_WINDOW_DAYS);
  const collector = new InsightCollector(range);
  for await (const { entityId, days } of stores.insights.days(account, 'campaign', range)) {
    collector.add(entityId, days);
  }
  const columns = collector.columns();
  const common = {
    entityType: 'campaign',
    horizonDays: HORIZON_DAYS,
    windowDays: FORECAST_WINDOW_DAYS,
  } as const;
  const models = await activeForecasters(stores, account);
  const predicted = new Map<string, number>();
  let made = 0;
  const documents = function* () {
    for (const [entity, entityId] of columns.entityIds.entries()) {
      const { values } = entitySeries(columns, entity);
      for (const metric of TARGET_METRICS) {
        const model = models.get(metric);
        const chosen = model && { method: model.method };
        const request = { ...common, entityId, metric, asOf, at, ...chosen };
        const forecast = forecastIfPossible(values[metric], request);
        if (forecast) made += 1;
        if (forecast && model) predicted.set(model.id, (predicted.get(model.id) ?? 0) + HORIZON_DAYS);
        yield* documentsOf(account, recordOf(account, request, forecast, model?.version), model?.id);
      }
    }
  };
  await stores.campaignDocuments.writeAll(documents());
  for (const [id, predictions_count] of predicted) {
    await noteModelUse(stores, account.tenant, id, { predictions_count, last_used_at: at.toISOString() });
  }
  return made;
}

/** What an active model of a metric says. */
interface ActiveForecaster {
  readonly id: string;
  readonly version: string;
  readonly method: ForecastMethod;
}

async function activeForecasters(
  stores: Stores,
  account: AccountRef,
): Promise<Map<TargetMetric, ActiveForecaster>> {
  const found = new Map<TargetMetric, ActiveForecaster>();
  for (const [metric, type] of Object.entries(FORECAST_MODEL_TYPES)) {
    const model = await activeModel(stores, account, type);
    const method = LIGHT_FORECASTERS.find((one) => one.method === model?.parameters.method)?.method;
    if (model && method) found.set(metric as TargetMetric, { id: model.id, version: model.version, method });
  }
  return found;
}

function forecastIfPossible(
  values: Float64Array,
  request: EntityForecastRequest,
): SeriesForecast | undefined {
  try {
    return forecastOf(values, request, LIGHT_FORECASTERS);
  } catch (error) {
    if (error instanceof InsufficientDataError) return undefined;
    throw error;
  }
}

const rangeOf = (asOf: string, windowDays: number) => ({
  from: dayText(dayNumber(asOf) - windowDays + 1),
  to: asOf,
});

function forecastOf(
  values: Float64Array,
  request: EntityForecastRequest,
  forecasters: readonly Forecaster[],
): SeriesForecast {
  const series = dailySeries(values, request.asOf);
  const end = (dayNumber(request.asOf) + 1) * DAY_SECONDS;
  const future = Float64Array.from({ length: request.horizonDays }, (_, i) => end + i * DAY_SECONDS);
  return forecastSeries(series, forecasters, future, request);
}

/** Days up to `asOf` as a series with a week for its season; days before the first known one are no part of it. */
export function dailySeries(values: Float64Array, asOf: string): TimeSeries {
  const end = (dayNumber(asOf) + 1) * DAY_SECONDS;
  const first = values.findIndex((value) => !Number.isNaN(value));
  const known = first < 0 ? new Float64Array(0) : values.subarray(first);
  return {
    values: known,
    timestamps: known.map((_, i) => end - (known.length - i) * DAY_SECONDS),
    seasonLength: WEEK,
  };
}

function recordOf(
  { configId }: AccountRef,
  request: EntityForecastRequest,
  forecast: SeriesForecast | undefined,
  version: string = MODEL_VERSION,
): ForecastRecord {
  const { entityType, entityId, metric, horizonDays, windowDays, asOf, at } = request;
  return {
    id: documentRef(configId, entityType, entityId, documentId(asOf, metric)),
    config_id: configId,
    entity_type: entityType,
    entity_id: entityId,
    target_metric: metric,
    horizon_days: horizonDays,
    method: forecast?.method ?? 'ema',
    predictions: (forecast?.points ?? []).map(({ timestamp, predicted, lower, upper, clamped }) => ({
      forecast_date: dayText(timestamp / DAY_SECONDS),
      predicted_value: predicted,
      confidence_lower: lower,
      confidence_upper: upper,
      confidence_level: CONFIDENCE_LEVEL,
      clamped,
    })),
    band: forecast?.band ?? 'model',
    backtest: {
      origins: forecast?.origins ?? 0,
      methods: (forecast?.reports ?? []).map(({ method, accuracy, coverage, leftOut }) => ({
        method,
        mae: accuracy?.mae ?? null,
        mase: accuracy?.mase ?? null,
        smape: accuracy?.smape ?? null,
        coverage: coverage ?? null,
        left_out: leftOut ?? null,
      })),
    },
    forecast_date: asOf,
    window_days: windowDays,
    model_version: version,
    insufficient_data: forecast === undefined,
    prediction_type: PREDICTION_TYPE[metric],
    created_at: at.toISOString(),
  };
}

/** The forecast, and each of its days as a prediction that can be held against what comes. */
function* documentsOf(
  { tenant, configId }: AccountRef,
  forecast: ForecastRecord,
  modelId: string | null = null,
): Generator<CampaignDocument<ForecastRecord | Prediction>> {
  const { entity_type, entity_id, target_metric, forecast_date: asOf } = forecast;
  const forecasts = COLLECTION.forecasts(configId, entity_type, entity_id);
  yield { tenant, collection: forecasts, id: documentId(asOf, target_metric), revision: 1, value: forecast };
  const collection = COLLECTION.predictions(configId, entity_type, entity_id);
  for (const value of predictionsOf(forecast, modelId)) {
    const id = documentId(value.forecast_date, value.prediction_type, asOf);
    yield { tenant, collection, id, revision: 1, value };
  }
}

/** Each day of a forecast as a prediction, in the order of the days. */
export function* predictionsOf(
  forecast: ForecastRecord,
  modelId: string | null = null,
): Generator<Prediction> {
  const { config_id, entity_type, entity_id, target_metric, forecast_date: asOf, created_at } = forecast;
  const prediction_type = PREDICTION_TYPE[target_metric];
  for (const { forecast_date, predicted_value, confidence_lower, confidence_upper } of forecast.predictions) {
    const id = documentId(forecast_date, prediction_type, asOf);
    yield {
      id: documentRef(config_id, entity_type, entity_id, id),
      model_id: modelId,
      config_id,
      entity_type,
      entity_id,
      prediction_type,
      forecast_date,
      horizon_days: dayNumber(forecast_date) - dayNumber(asOf),
      predicted_value,
      confidence_lower,
      confidence_upper,
      actual_value: null,
      absolute_error: null,
      percentage_error: null,
      created_at,
    };
  }
}
