import { expect, it } from 'vitest';
import { z } from 'zod';
import { documentId, documentRef } from '../../functions/contracts/campaign-collections.ts';
import { dayNumber, dayText } from '../../functions/contracts/campaign-entities.ts';
import { campaignRoutes } from '../../functions/routes/campaigns-table.ts';
import { generatedAccount } from '../campaigns/generated-account.ts';
import { openApi } from './api-fixture.ts';

it('every answer about campaigns fits the schema that the OpenAPI document shows', async () => {
  const { call, ports } = openApi();
  const recommendation = (n: number) =>
    documentRef(1, documentId('campaign', `waste${n}`, 'PAUSE_CAMPAIGN', '000001'));
  const insight = { entity_id: 'c1', date: '2026-02-01', spend: 1, impressions: 1, clicks: 1, leads: 1 };
  const waste = ['waste1', 'waste2'].flatMap((entity_id) =>
    ['2026-01-30', '2026-01-31', '2026-02-01'].map((date) => ({
      ...insight,
      entity_id,
      date,
      spend: 90,
      leads: 0,
    })),
  );
  // Twenty steady days, and one without spend.
  const steady = Array.from({ length: 21 }, (_, n) => {
    const day = { ...insight, entity_id: 'steady', date: dayText(dayNumber('2026-01-12') + n) };
    return n < 20
      ? { ...day, spend: 10 + (n % 3), leads: 2 }
      : { ...day, spend: 0, impressions: 0, leads: 0 };
  });
  const anomaly = documentRef(1, documentId('2026-02-01', 'campaign', 'steady', 'ZERO_SPEND'));
  const forecast = { config_id: 1, entity_id: 'steady', as_of: '2026-01-31' };
  const leads = documentRef(1, 'campaign', 'steady', documentId('2026-01-31', 'leads'));
  const account = { config_id: '1' };
  const calls: Record<string, { path?: string; query?: Record<string, string>; body?: unknown }> = {
    'POST /v1/campaigns/insights': { body: { config_id: 1, insights: [insight, ...waste, ...steady] } },
    'GET /v1/campaigns/insights': {
      query: { ...account, entity_id: 'c1', from: '2026-02-01', to: '2026-02-02' },
    },
    'GET /v1/campaigns/entities': { query: account },
    'GET /v1/campaigns/accounts': {},
    'GET /v1/jobs': {},
    'POST /api/v1/classifications/train': { body: { config_id: 2, as_of: '2026-03-01' } },
    'GET /api/v1/models': {},
    'GET /api/v1/models/{id}': { path: '/api/v1/models/m1' },
    'GET /api/v1/models/{id}/metrics': { path: '/api/v1/models/m1/metrics' },
    'POST /api/v1/models/{id}/activate': { path: '/api/v1/models/m1/activate' },
    'GET /api/v1/models/active/{type}': {
      path: '/api/v1/models/active/CAMPAIGN_CLASSIFIER',
      query: { config_id: '2' },
    },
    'DELETE /api/v1/models/active/{type}': {
      path: '/api/v1/models/active/CAMPAIGN_CLASSIFIER',
      query: { config_id: '2' },
    },
    'GET /v1/campaigns/features': { query: { ...account, campaign_id: 'c1' } },
    'POST /api/v1/classifications/campaigns/classify': { body: { config_id: 1 } },
    'GET /api/v1/classifications/campaigns': { query: account },
    'GET /api/v1/classifications/campaigns/{id}': {
      path: '/api/v1/classifications/campaigns/c1',
      query: account,
    },
    'GET /api/v1/classifications/summary': { query: account },
    'POST /api/v1/recommendations/generate': { body: { config_id: 1, as_of: '2026-02-01' } },
    'GET /api/v1/recommendations': { query: account },
    'POST /api/v1/recommendations/{id}/apply': { path: `/api/v1/recommendations/${recommendation(1)}/apply` },
    'POST /api/v1/recommendations/{id}/dismiss': {
      path: `/api/v1/recommendations/${recommendation(2)}/dismiss`,
      body: { reason: 'not now' },
    },
    'GET /api/v1/recommendations/summary': { query: account },
    'POST /api/v1/anomalies/detect': { body: { config_id: 1, as_of: '2026-02-01' } },
    'GET /api/v1/anomalies': { query: account },
    'POST /api/v1/anomalies/{id}/acknowledge': { path: `/api/v1/anomalies/${anomaly}/acknowledge` },
    'GET /api/v1/anomalies/summary': { query: account },
    'POST /api/v1/forecasts/cpl': { body: { ...forecast, method: 'linear' } },
    'POST /api/v1/forecasts/leads': { body: { ...forecast, method: 'ema' } },
    'POST /api/v1/forecasts/spend': { body: forecast },
    'GET /api/v1/forecasts/{id}': { path: `/api/v1/forecasts/${leads}` },
    'POST /api/v1/predictions/cpl': { body: { ...forecast, method: 'ema' } },
    'POST /api/v1/predictions/leads': { body: { ...forecast, method: 'linear' } },
    'POST /api/v1/predictions/batch': { body: { config_id: 1, entities: [{ entity_id: 'steady' }] } },
    'GET /api/v1/predictions/series/{type}/{id}': {
      path: '/api/v1/predictions/series/campaign/steady',
      query: account,
    },
    'GET /api/v1/forecasts/series/{entity_id}': { path: '/api/v1/forecasts/series/steady', query: account },
  };
  for (const { id, days } of generatedAccount(8, 120)) {
    const insights = days.map((day) => ({ entity_type: 'campaign' as const, entity_id: id, ...day }));
    await ports.insights.put({ tenant: 'acme', configId: 2 }, insights);
  }
  const trained = await call({
    method: 'POST',
    path: '/api/v1/classifications/train',
    body: { config_id: 2, as_of: '2026-03-01' },
  });
  const place = { tenant: 'acme', collection: 'MODELS', id: 'm1', revision: 1 };
  await ports.campaignDocuments.write({ ...place, value: { ...trained.json, id: 'm1' } });
  expect(Object.keys(calls).sort()).toEqual(
    campaignRoutes.map(({ method, path }) => `${method} ${path}`).sort(),
  );
  for (const [name, request] of Object.entries(calls)) {
    const { method, path, answer, status } = campaignRoutes.find(
      (route) => `${route.method} ${route.path}` === name,
    )!;
    const { statusCode, json } = await call({ method, path, ...request });
    expect(statusCode, `${method} ${path}: ${JSON.stringify(json)}`).toBe(status);
    const strict = answer instanceof z.ZodObject ? answer.strict() : answer;
    expect(strict.safeParse(json).error, `${method} ${path}`).toBeUndefined();
  }
});
