import { lastWholeDay } from '../campaign-day.ts';
import { COLLECTION, parseDocumentRef } from '../contracts/campaign-collections.ts';
import { entityTypeSchema } from '../contracts/campaign-entities.ts';
import {
  forecastBodySchema,
  forecastPathSchema,
  forecastSeriesPathSchema,
  forecastSeriesQuerySchema,
  forecastSeriesSchema,
} from '../contracts/campaign-forecasts.ts';
import {
  type ForecastRecord,
  forecastRecordSchema,
  type TargetMetric,
} from '../contracts/campaign-records.ts';
import { NotFoundError } from '../errors.ts';
import { forecastEntity } from '../forecast-entities.ts';
import { entityNotFound } from './campaign-insights.ts';
import { defineRoute } from './route.ts';

const forecastRoute = (metric: TargetMetric, words: string) =>
  defineRoute({
    method: 'POST',
    path: `/api/v1/forecasts/${metric}`,
    scope: 'campaigns:write',
    summary: `Forecast ${words} of a campaign, ad set or ad, day by day`,
    description:
      'The forecast is stored with a prediction for each of its days, which a daily job holds against what comes.',
    body: forecastBodySchema,
    status: 200,
    answer: forecastRecordSchema,
    problems: { 404: 'The account has no such entity.', 422: 'Too few days are known for the method.' },
    async handle({ tenant, body }, ports) {
      const { config_id, entity_type, entity_id, horizon_days, method, band, window_days } = body;
      const account = { tenant, configId: config_id };
      if (!(await ports.insights.entity(account, entity_type, entity_id))) {
        throw entityNotFound(config_id, entity_type, entity_id);
      }
      const at = ports.clock.now();
      return {
        body: await forecastEntity(ports, account, {
          entityType: entity_type,
          entityId: entity_id,
          metric,
          horizonDays: horizon_days,
          windowDays: window_days,
          method,
          ...(band && { band }),
          asOf: body.as_of ?? lastWholeDay(at),
          at,
        }),
      };
    },
  });

/** Forecasts the cost per lead. */
export const forecastCpl = forecastRoute('cpl', 'the cost per lead');
/** Forecasts leads. */
export const forecastLeads = forecastRoute('leads', 'the leads');
/** Forecasts spend. */
export const forecastSpend = forecastRoute('spend', 'the spend');

/** One stored forecast. */
export const getForecast = defineRoute({
  method: 'GET',
  path: '/api/v1/forecasts/{id}',
  scope: 'campaigns:read',
  summary: 'A forecast by its id',
  params: forecastPathSchema,
  status: 200,
  answer: forecastRecordSchema,
  problems: { 404: 'The tenant has no such forecast.' },
  async handle({ tenant, params: { id: ref } }, { campaignDocuments }) {
    const [configId, type, entityId, id] = parseDocumentRef(ref) ?? [];
    const { data: entityType } = entityTypeSchema.safeParse(type);
    const isRef =
      typeof configId === 'number' && entityType && typeof entityId === 'string' && typeof id === 'string';
    const document =
      isRef && id !== ''
        ? await campaignDocuments.get<ForecastRecord>(
            tenant,
            COLLECTION.forecasts(configId, entityType, entityId),
            id,
          )
        : undefined;
    if (document) return { body: document.value };
    throw new NotFoundError(
      `There is no forecast ${ref}. GET /api/v1/forecasts/series/{entity_id} lists those of an entity with their ids.`,
      { reason: 'no_such_forecast' },
    );
  },
});

/** Former forecasts of an entity. */
export const forecastHistory = defineRoute({
  method: 'GET',
  path: '/api/v1/forecasts/series/{entity_id}',
  scope: 'campaigns:read',
  summary: 'Forecasts of an entity over time, newest first',
  params: forecastSeriesPathSchema,
  query: forecastSeriesQuerySchema,
  status: 200,
  answer: forecastSeriesSchema,
  async handle({ tenant, params: { entity_id }, query }, { campaignDocuments }) {
    const { config_id, entity_type, target_metric, from, to, limit, cursor } = query;
    const collection = COLLECTION.forecasts(config_id, entity_type, entity_id);
    const page = await campaignDocuments.list<ForecastRecord>(tenant, collection, {
      from,
      to: to === undefined ? undefined : `${to}#\u{10ffff}`,
      descending: true,
      limit,
      cursor,
    });
    const forecasts = page.items
      .map(({ value }) => value)
      .filter((one) => target_metric === undefined || one.target_metric === target_metric);
    return {
      body: { config_id, entity_type, entity_id, forecasts, ...(page.cursor && { cursor: page.cursor }) },
    };
  },
});
