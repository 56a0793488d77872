import { lastWholeDay } from '../campaign-day.ts';
import { COLLECTION } from '../contracts/campaign-collections.ts';
import {
  predictionBodySchema,
  predictionSeriesPathSchema,
  predictionSeriesQuerySchema,
  predictionSeriesSchema,
} from '../contracts/campaign-predictions.ts';
import { type Prediction, predictionSchema, type TargetMetric } from '../contracts/campaign-records.ts';
import { forecastEntity, predictionsOf } from '../forecast-entities.ts';
import { entityNotFound } from './campaign-insights.ts';
import { defineRoute } from './route.ts';

const predictionRoute = (metric: TargetMetric, words: string) =>
  defineRoute({
    method: 'POST',
    path: `/api/v1/predictions/${metric}`,
    scope: 'campaigns:write',
    summary: `Predict ${words} of a campaign, ad set or ad on the next day`,
    body: predictionBodySchema,
    status: 200,
    answer: predictionSchema,
    problems: { 404: 'The account has no such entity.', 422: 'Too few days are known for the method.' },
    async handle({ tenant, body }, ports) {
      const { config_id, entity_type, entity_id, method, band, window_days } = body;
      const account = { tenant, configId: config_id };
      if (!(await ports.insights.entity(account, entity_type, entity_id))) {
        throw entityNotFound(config_id, entity_type, entity_id);
      }
      const at = ports.clock.now();
      const asOf = body.as_of ?? lastWholeDay(at);
      const forecast = await forecastEntity(ports, account, {
        entityType: entity_type,
        entityId: entity_id,
        metric,
        horizonDays: 1,
        windowDays: window_days,
        method,
        ...(band && { band }),
        asOf,
        at,
        predictionsOnly: true,
      });
      const [prediction] = predictionsOf(forecast);
      return { body: prediction! };
    },
  });

/** Predicts tomorrow's cost per lead. */
export const predictCpl = predictionRoute('cpl', 'the cost per lead');
/** Predicts tomorrow's leads. */
export const predictLeads = predictionRoute('leads', 'the leads');

/** Predictions of an entity, and what came. */
export const predictionHistory = defineRoute({
  method: 'GET',
  path: '/api/v1/predictions/series/{type}/{id}',
  scope: 'campaigns:read',
  summary: 'Predictions of an entity over time with what came, newest day first',
  params: predictionSeriesPathSchema,
  query: predictionSeriesQuerySchema,
  status: 200,
  answer: predictionSeriesSchema,
  async handle({ tenant, params: { type, id }, query }, { campaignDocuments }) {
    const { config_id, prediction_type, from, to, limit, cursor } = query;
    const page = await campaignDocuments.list<Prediction>(
      tenant,
      COLLECTION.predictions(config_id, type, id),
      {
        from,
        to: to === undefined ? undefined : `${to}#\u{10ffff}`,
        descending: true,
        limit,
        cursor,
      },
    );
    const predictions = page.items
      .map(({ value }) => value)
      .filter((one) => prediction_type === undefined || one.prediction_type === prediction_type);
    return { body: { predictions, ...(page.cursor && { cursor: page.cursor }) } };
  },
});
