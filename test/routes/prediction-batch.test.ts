import { describe, expect, it } from 'vitest';
import { predictionBatchSchema } from '../../functions/contracts/campaign-predictions.ts';
import { daysOf } from '../campaigns/insight-fixture.ts';
import { openApi } from './api-fixture.ts';

/** Two campaigns and an ad set of 60 days, and a campaign of five. */
async function openAccount() {
  const api = openApi(() => new Date('2026-03-02T12:00:00.000Z'));
  const days = daysOf(60, (back) => ({ spend: 100 + back, leads: 5 + (back % 3) }));
  const insights = [
    ...days.map((day) => ({ entity_id: 'one', ...day })),
    ...days.map((day) => ({ entity_id: 'two', ...day })),
    ...days.map((day) => ({ entity_id: 'one', entity_type: 'adset', ...day })),
    ...daysOf(5).map((day) => ({ entity_id: 'short', ...day })),
  ];
  const put = { method: 'POST', path: '/v1/campaigns/insights', body: { config_id: 1, insights } };
  expect((await api.call(put)).statusCode).toBe(200);
  const batch = (more: object, tenant = 'acme') =>
    api.call({
      method: 'POST',
      path: '/api/v1/predictions/batch',
      body: { config_id: 1, entities: [{ entity_id: 'one' }], ...more },
      tenant,
    });
  return { ...api, batch };
}

describe('a batch of predictions', () => {
  it('holds cost per lead and leads of each entity on the next day, in the order asked for', async () => {
    const { batch } = await openAccount();
    const entities = [{ entity_id: 'two' }, { entity_id: 'one', entity_type: 'adset' }, { entity_id: 'one' }];
    const { statusCode, json } = await batch({ entities });
    expect(statusCode).toBe(200);
    expect(predictionBatchSchema.parse(json)).toEqual(json);
    expect(json).toMatchObject({ config_id: 1, as_of: '2026-03-01', predicted: 6, refused: 0 });
    expect(
      json.results.map((one: { entity_type: string; entity_id: string; metric: string }) => [
        one.entity_type,
        one.entity_id,
        one.metric,
      ]),
    ).toEqual([
      ['campaign', 'two', 'cpl'],
      ['campaign', 'two', 'leads'],
      ['adset', 'one', 'cpl'],
      ['adset', 'one', 'leads'],
      ['campaign', 'one', 'cpl'],
      ['campaign', 'one', 'leads'],
    ]);
  });

  it('predicts what the route for one entity predicts, and stores it in the same place', async () => {
    const { batch, call } = await openAccount();
    const { json } = await batch({ metrics: ['cpl'], method: 'ema' });
    const body = { config_id: 1, entity_id: 'one', method: 'ema' };
    const alone = await call({ method: 'POST', path: '/api/v1/predictions/cpl', body });
    expect(json.results[0].prediction).toEqual(alone.json);
    const path = '/api/v1/predictions/series/campaign/one';
    const series = await call({ path, query: { config_id: '1' } });
    expect(series.json.predictions).toEqual([alone.json]);
  });

  it('says for each entity why it has no prediction, and predicts the others', async () => {
    const { batch } = await openAccount();
    const entities = [{ entity_id: 'short' }, { entity_id: 'nobody' }, { entity_id: 'one' }];
    const { statusCode, json } = await batch({ entities, metrics: ['spend'] });
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({ predicted: 1, refused: 2 });
    const [short, nobody, one] = json.results;
    expect(short).toMatchObject({ prediction: null, problem: { title: 'InsufficientDataError' } });
    expect(nobody).toMatchObject({ prediction: null, problem: { title: 'NotFoundError' } });
    expect(one).toMatchObject({ prediction: { prediction_type: 'SPEND_FORECAST' }, problem: null });
  });

  it('sees nothing of another tenant', async () => {
    const { batch } = await openAccount();
    expect((await batch({}, 'other')).json).toMatchObject({ predicted: 0, refused: 2 });
  });

  it.each([
    ['no entity', { entities: [] }],
    ['more than 200 entities', { entities: Array.from({ length: 201 }, (_, i) => ({ entity_id: `c${i}` })) }],
    ['an entity named twice', { entities: [{ entity_id: 'one' }, { entity_id: 'one' }] }],
    ['an entity without an id', { entities: [{}] }],
    ['an id with a blank', { entities: [{ entity_id: 'o ne' }] }],
    ['a field nobody knows', { entities: [{ entity_id: 'one', __proto__x: 1 }] }],
    ['a metric nobody knows', { metrics: ['ctr'] }],
    ['a metric named twice', { metrics: ['cpl', 'cpl'] }],
    ['no metric', { metrics: [] }],
    ['a method that takes long', { method: 'prophet' }],
    ['an account 0', { config_id: 0 }],
    ['a day that is none', { as_of: '2026-02-30' }],
    ['a window of a thousand days', { window_days: 1000 }],
  ])('fails for %s, and writes nothing', async (_, more) => {
    const { batch, call } = await openAccount();
    const { statusCode, json } = await batch(more);
    expect(statusCode).toBe(400);
    expect(json.title).toBe('InvalidRequestError');
    const path = '/api/v1/predictions/series/campaign/one';
    expect((await call({ path, query: { config_id: '1' } })).json.predictions).toEqual([]);
  });

  it('fails where a store does, so that the whole batch is sent again', async () => {
    const { batch, ports } = await openAccount();
    ports.insights.entityDays = () => Promise.reject(new Error('down'));
    expect((await batch({})).statusCode).toBe(500);
  });
});
