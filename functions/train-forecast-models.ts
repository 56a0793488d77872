import { publishModel, writeModelFile } from './campaign-models.ts';
import { entitySeries } from './campaigns/entity-series.ts';
import { InsightCollector } from './campaigns/insight-columns.ts';
import { type AccountRef, dayNumber, dayText } from './contracts/campaign-entities.ts';
import { FORECAST_WINDOW_DAYS } from './contracts/campaign-forecasts.ts';
import type { TrainedModel } from './contracts/campaign-records.ts';
import { InsufficientDataError } from './errors.ts';
import { choosePooledMethod, type PooledMethod } from './forecast/pooled-method.ts';
import { dailySeries, FORECAST_MODEL_TYPES, HORIZON_DAYS, LIGHT_FORECASTERS } from './forecast-entities.ts';
import type { AnalysisPorts, Ports } from './ports.ts';

/** Campaigns that a choice is made by; of more, every so many. */
const MOST_SERIES = 2000;

type Metric = keyof typeof FORECAST_MODEL_TYPES;

/**
 * Chooses, for cost per lead and for leads, one method for all campaigns of an account, and stores each choice as a
 * version of a model. It is activated where it beat the campaigns' own choices on held-out days, and then makes the
 * forecasts of the job. What has too few campaigns or days has no model.
 */
export async function trainForecastModels(
  ports: Pick<AnalysisPorts, 'insights' | 'campaignDocuments' | 'objects'>,
  account: AccountRef,
  { asOf, at }: { asOf: string; at: Date },
): Promise<TrainedModel[]> {
  const range = { from: dayText(dayNumber(asOf) - FORECAST_WINDOW_DAYS + 1), to: asOf };
  const collector = new InsightCollector(range);
  for await (const { entityId, days } of ports.insights.days(account, 'campaign', range)) {
    collector.add(entityId, days);
  }
  const columns = collector.columns();
  const every = Math.max(1, Math.ceil(columns.entityIds.length / MOST_SERIES));
  const entities = [...columns.entityIds.keys()].filter((entity) => entity % every === 0);
  const models: TrainedModel[] = [];
  for (const metric of Object.keys(FORECAST_MODEL_TYPES) as Metric[]) {
    const series = entities.map((entity) => dailySeries(entitySeries(columns, entity).values[metric], asOf));
    try {
      const chosen = choosePooledMethod(series, LIGHT_FORECASTERS, HORIZON_DAYS);
      models.push(await storeModel(ports, account, { metric, chosen, range, at }));
    } catch (error) {
      // A young account has nothing to choose by yet: each campaign chooses for itself, and nothing has failed.
      if (!(error instanceof InsufficientDataError)) throw error;
    }
  }
  return models;
}

interface Choice {
  readonly metric: Metric;
  readonly chosen: PooledMethod;
  readonly range: { readonly from: string; readonly to: string };
  readonly at: Date;
}

async function storeModel(
  ports: Pick<Ports, 'campaignDocuments' | 'objects'>,
  account: AccountRef,
  { metric, chosen, range, at }: Choice,
): Promise<TrainedModel> {
  const { method, nSeries, chosenBy, validation, own, beatsOwn } = chosen;
  const parameters = {
    method,
    candidates: LIGHT_FORECASTERS.map((one) => one.method),
    horizon_days: HORIZON_DAYS,
    window_days: FORECAST_WINDOW_DAYS,
    target_metric: metric,
  };
  const { path, sha256 } = await writeModelFile(ports, account, parameters);
  const time = at.toISOString();
  const id = `${time.replaceAll(/[^0-9]/g, '').slice(0, 14)}-${account.configId}-${metric}-${sha256.slice(0, 12)}`;
  const model: TrainedModel = {
    id,
    name: `campaign-${metric}-forecaster`,
    model_type: FORECAST_MODEL_TYPES[metric],
    version: time,
    config_id: account.configId,
    model_path: path,
    parameters,
    feature_columns: [metric],
    training_metrics: Object.fromEntries(
      Object.entries(chosenBy).flatMap(([name, { mase, smape }]) => [
        [`${name}_mase`, mase],
        [`${name}_smape`, smape],
      ]),
    ),
    validation_metrics: { ...validation, own_mase: own.mase, own_smape: own.smape, beats_own: beatsOwn },
    status: 'READY',
    is_active: false,
    training_data_start: range.from,
    training_data_end: range.to,
    samples_count: nSeries,
    created_at: time,
    trained_at: time,
    last_used_at: null,
  };
  return publishModel(ports, account, model, beatsOwn);
}
