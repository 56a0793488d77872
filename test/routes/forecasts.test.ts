import { describe, expect, it } from 'vitest';
import { COLLECTION, documentId } from '../../functions/contracts/campaign-collections.ts';
import type { Prediction } from '../../functions/contracts/campaign-records.ts';
import { emaState } from '../../functions/forecast/ema.ts';
import { forecastAccount } from '../../functions/forecast-entities.ts';
import { validateAccount } from '../../functions/validate-predictions.ts';
import { AS_OF, dayOf, daysOf } from '../campaigns/insight-fixture.ts';
import { openApi } from './api-fixture.ts';

const here = { tenant: 'acme', configId: 1 };
const spendOf = (back: number) => 100 + 20 * Math.sin((2 * Math.PI * back) / 7) + (back % 3);

/** A campaign of 60 days, an ad set of it, and a campaign of five days. */
async function openAccount() {
  const api = openApi(() => new Date('2026-03-02T12:00:00.000Z'));
  const days = daysOf(60, (back) => ({ spend: spendOf(back), leads: back % 10 === 3 ? 0 : 5 }));
  const insights = [
    ...days.map((day) => ({ entity_id: 'long', ...day })),
    ...days.map((day) => ({ entity_id: 'set', entity_type: 'adset', ...day })),
    ...daysOf(5).map((day) => ({ entity_id: 'short', ...day })),
  ];
  const put = (more: object[]) =>
    api.call({ method: 'POST', path: '/v1/campaigns/insights', body: { config_id: 1, insights: more } });
  expect((await put(insights)).statusCode).toBe(200);
  const forecast = (metric: string, more: object = {}) =>
    api.call({
      method: 'POST',
      path: `/api/v1/forecasts/${metric}`,
      body: { config_id: 1, entity_id: 'long', ...more },
    });
  const predictions = (entityId = 'long') =>
    api.ports.campaignDocuments.list<Prediction>('acme', COLLECTION.predictions(1, 'campaign', entityId), {
      limit: 1000,
    });
  return { ...api, put, forecast, predictions };
}

describe('a forecast over the API', () => {
  it.each(['cpl', 'leads', 'spend'])(
    'of %s goes seven days on from yesterday, with a band',
    async (metric) => {
      const { forecast } = await openAccount();
      const { statusCode, json } = await forecast(metric);
      expect(statusCode).toBe(200);
      expect(json).toMatchObject({
        target_metric: metric,
        forecast_date: AS_OF,
        horizon_days: 7,
        window_days: 90,
      });
      expect(json.predictions.map((day: { forecast_date: string }) => day.forecast_date)).toEqual([
        '2026-03-02',
        '2026-03-03',
        '2026-03-04',
        '2026-03-05',
        '2026-03-06',
        '2026-03-07',
        '2026-03-08',
      ]);
      for (const { predicted_value, confidence_lower, confidence_upper } of json.predictions) {
        expect(confidence_lower).toBeGreaterThanOrEqual(0);
        expect(predicted_value).toBeGreaterThanOrEqual(confidence_lower);
        expect(predicted_value).toBeLessThanOrEqual(confidence_upper);
      }
      expect(json.backtest.methods).toHaveLength(5);
    },
  );

  it('by ema is that of the source', async () => {
    const { forecast } = await openAccount();
    const { json } = await forecast('spend', { method: 'ema', horizon_days: 1, band: 'model' });
    const { base, trend } = emaState(Float64Array.from({ length: 60 }, (_, i) => spendOf(59 - i)));
    expect(json.predictions[0].predicted_value).toBeCloseTo(base + trend / 2, 9);
    expect(json).toMatchObject({ method: 'ema', band: 'model' });
    const calibrated = (await forecast('spend', { method: 'ema', horizon_days: 1 })).json;
    expect(calibrated.band).toBe('calibrated');
    expect(calibrated.predictions[0].predicted_value).toBe(json.predictions[0].predicted_value);
  });

  it('finds the week, and is found again by its id and in the series of its entity', async () => {
    const { forecast, call } = await openAccount();
    const { json } = await forecast('spend');
    expect(['mstl', 'prophet']).toContain(json.method);
    const byId = await call({ method: 'GET', path: `/api/v1/forecasts/${json.id}` });
    expect(byId.json).toEqual(json);
    await forecast('leads');
    const series = (query: object) =>
      call({ method: 'GET', path: '/api/v1/forecasts/series/long', query: { config_id: '1', ...query } });
    expect((await series({})).json.forecasts).toHaveLength(2);
    expect((await series({ target_metric: 'spend' })).json.forecasts).toEqual([json]);
    expect((await series({ to: '2026-02-28' })).json.forecasts).toEqual([]);
  });

  it('is made of ad sets too', async () => {
    const { forecast } = await openAccount();
    const { statusCode, json } = await forecast('spend', {
      entity_type: 'adset',
      entity_id: 'set',
      method: 'mstl',
    });
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({ entity_type: 'adset', method: 'mstl' });
  });

  it('fails for too short a history, with what was found and what is needed', async () => {
    const { forecast } = await openAccount();
    const { statusCode, json } = await forecast('spend', { entity_id: 'short' });
    expect(statusCode).toBe(422);
    expect(json).toMatchObject({ title: 'InsufficientDataError', found: 5, expected: 7 });
  });

  it('fails for an entity that is not there, a forecast of nobody and a horizon of a year', async () => {
    const { forecast, call } = await openAccount();
    expect((await forecast('spend', { entity_id: 'nobody' })).statusCode).toBe(404);
    expect((await call({ method: 'GET', path: '/api/v1/forecasts/nothing' })).statusCode).toBe(404);
    expect((await forecast('spend', { horizon_days: 365 })).statusCode).toBe(400);
  });
});

describe('a prediction', () => {
  it('is of the next day, and stands in the series of its entity', async () => {
    const { call } = await openAccount();
    const body = { config_id: 1, entity_id: 'long', method: 'ema' };
    const { statusCode, json } = await call({ method: 'POST', path: '/api/v1/predictions/cpl', body });
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({ forecast_date: '2026-03-02', horizon_days: 1, actual_value: null });
    const path = '/api/v1/predictions/series/campaign/long';
    const series = await call({ method: 'GET', path, query: { config_id: '1' } });
    expect(series.json.predictions).toEqual([json]);
    const forecasts = await call({
      method: 'GET',
      path: '/api/v1/forecasts/series/long',
      query: { config_id: '1' },
    });
    expect(forecasts.json.forecasts).toEqual([]);
  });
});

describe('the forecasts of an account', () => {
  const request = { asOf: AS_OF, at: new Date('2026-03-02T03:15:00.000Z') };

  it('are made of all metrics of all campaigns, and say where the history is too short', async () => {
    const { ports, call } = await openAccount();
    expect(await forecastAccount(ports, here, request)).toBe(3);
    const path = '/api/v1/forecasts/series/short';
    const { json } = await call({ method: 'GET', path, query: { config_id: '1' } });
    expect(json.forecasts).toHaveLength(3);
    for (const one of json.forecasts) expect(one).toMatchObject({ insufficient_data: true, predictions: [] });
  });

  it('made twice are there once', async () => {
    const { ports, predictions } = await openAccount();
    await forecastAccount(ports, here, request);
    const first = (await predictions()).items;
    await forecastAccount(ports, here, request);
    expect((await predictions()).items).toEqual(first);
    expect(first).toHaveLength(21);
  });
});

describe('the validation of predictions', () => {
  it('fills what came and how far off the prediction was, once', async () => {
    const { ports, put, forecast, predictions } = await openAccount();
    await forecast('spend', { horizon_days: 3 });
    await forecast('cpl', { horizon_days: 3 });
    await put([
      { entity_id: 'long', ...dayOf(-1, { spend: 120, leads: 6 }) },
      { entity_id: 'long', ...dayOf(-2, { spend: 90, leads: 0 }) },
    ]);
    // Spend of two days, and the cost per lead of the one that had leads.
    expect(await validateAccount(ports, here, '2026-03-03')).toBe(3);
    expect(await validateAccount(ports, here, '2026-03-03')).toBe(0);
    const values = new Map((await predictions()).items.map(({ id, value }) => [id, value]));
    const spend = values.get(documentId('2026-03-02', 'SPEND_FORECAST', AS_OF))!;
    expect(spend.actual_value).toBe(120);
    expect(spend.absolute_error).toBeCloseTo(Math.abs(120 - spend.predicted_value), 12);
    expect(spend.percentage_error).toBeCloseTo((100 * spend.absolute_error!) / 120, 12);
    expect(values.get(documentId('2026-03-02', 'CPL_FORECAST', AS_OF))!.actual_value).toBe(20);
    expect(values.get(documentId('2026-03-03', 'CPL_FORECAST', AS_OF))!.actual_value).toBeNull();
    expect(values.get(documentId('2026-03-04', 'SPEND_FORECAST', AS_OF))!.actual_value).toBeNull();
  });
});
