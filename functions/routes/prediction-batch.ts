import { lastWholeDay } from '../campaign-day.ts';
import type { AccountRef } from '../contracts/campaign-entities.ts';
import {
  type PredictionBatch,
  predictionBatchBodySchema,
  predictionBatchSchema,
} from '../contracts/campaign-predictions.ts';
import type { TargetMetric } from '../contracts/campaign-records.ts';
import { InsufficientDataError, NotFoundError } from '../errors.ts';
import { type EntityForecastRequest, forecastEntity, predictionsOf } from '../forecast-entities.ts';
import { inParallel } from '../in-parallel.ts';
import type { AnalysisPorts } from '../ports.ts';
import { entityNotFound } from './campaign-insights.ts';
import { defineRoute } from './route.ts';

/** Predicts several metrics of several entities. */
export const predictBatch = defineRoute({
  method: 'POST',
  path: '/api/v1/predictions/batch',
  scope: 'campaigns:write',
  summary: 'Predict metrics of up to 200 campaigns, ad sets or ads on the next day',
  description:
    'Each is stored as by the routes for one entity. An entity that is not there, or whose history is too short, has a `problem` in place of its prediction and keeps no other from its own. A request may be repeated.',
  body: predictionBatchBodySchema,
  status: 200,
  answer: predictionBatchSchema,
  async handle({ tenant, body }, ports) {
    const { config_id, entities, metrics, method, band, window_days } = body;
    const at = ports.clock.now();
    const asOf = body.as_of ?? lastWholeDay(at);
    const common = { horizonDays: 1, windowDays: window_days, method, ...(band && { band }), asOf, at };
    const account = { tenant, configId: config_id };
    const results = await inParallel(entities, ({ entity_type, entity_id }) =>
      predictEntity(ports, account, metrics, {
        ...common,
        entityType: entity_type,
        entityId: entity_id,
        predictionsOnly: true,
        isLight: true,
      }),
    );
    const all = results.flat();
    const predicted = all.filter(({ prediction }) => prediction !== null).length;
    return {
      body: { config_id, as_of: asOf, predicted, refused: all.length - predicted, results: all },
    };
  },
});

/** Predictions of the metrics of one entity, or for each why there is none. */
async function predictEntity(
  ports: Pick<AnalysisPorts, 'insights' | 'campaignDocuments'>,
  account: AccountRef,
  metrics: readonly TargetMetric[],
  request: Omit<EntityForecastRequest, 'metric'>,
): Promise<PredictionBatch['results']> {
  const { entityType, entityId } = request;
  const isKnown = await ports.insights.entity(account, entityType, entityId);
  const about = (metric: TargetMetric) => ({ entity_type: entityType, entity_id: entityId, metric });
  return Promise.all(
    metrics.map(async (metric) => {
      try {
        if (!isKnown) throw entityNotFound(account.configId, entityType, entityId);
        const forecast = await forecastEntity(ports, account, { ...request, metric });
        const [prediction] = predictionsOf(forecast);
        return { ...about(metric), prediction: prediction!, problem: null };
      } catch (error) {
        if (!(error instanceof NotFoundError || error instanceof InsufficientDataError)) throw error;
        const { name: title, message: detail } = error;
        return { ...about(metric), prediction: null, problem: { title, detail } };
      }
    }),
  );
}
