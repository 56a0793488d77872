import { describe, expect, it } from 'vitest';
import { TIERS } from '../../functions/contracts/campaign-records.ts';
import { AS_OF, daysOf } from '../campaigns/insight-fixture.ts';
import { openApi } from './api-fixture.ts';

const CLASSIFY = '/api/v1/classifications/campaigns/classify';
const account = { config_id: '1' };

/** An account with a campaign of each tier, average cost per lead 40, and one that has stopped. */
async function openAccount() {
  let now = new Date('2026-03-02T12:00:00.000Z');
  const api = openApi(() => now);
  const histories = {
    high: daysOf(30, () => ({ spend: 100, leads: 5 })),
    moderate: daysOf(30, () => ({ spend: 105, leads: 3 })),
    low: daysOf(30, () => ({ spend: 100, leads: 2 })),
    under: daysOf(30, () => ({ spend: 95, leads: 0 })),
    stopped: daysOf(30, (back) => (back < 7 ? { spend: 0, leads: 0 } : { leads: 9 })),
  };
  const insights = Object.entries(histories).flatMap(([entity_id, days]) =>
    days.map((day) => ({ entity_id, ...day })),
  );
  const body = { config_id: 1, insights };
  expect((await api.call({ method: 'POST', path: '/v1/campaigns/insights', body })).statusCode).toBe(200);
  const classify = (more: object = {}) =>
    api.call({ method: 'POST', path: CLASSIFY, body: { config_id: 1, ...more } });
  return { ...api, classify, setNow: (text: string) => (now = new Date(text)) };
}

describe('the classification of campaigns', () => {
  it('gives each its tier, says what it compared with, and leaves out those without spend', async () => {
    const { classify } = await openAccount();
    const { statusCode, json } = await classify();
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({ as_of: AS_OF, method: 'rules', model_id: null, classified: 4 });
    expect(json.averages).toMatchObject({ average_cpl: 40, spend_7d: 2800, leads_7d: 70 });
    expect(json.insufficient_data).toEqual(['stopped']);
    const tiers = json.classifications.map((one: { campaign_id: string; tier: string }) => [
      one.campaign_id,
      one.tier,
    ]);
    expect(Object.fromEntries(tiers)).toEqual({
      high: 'HIGH_PERFORMER',
      moderate: 'MODERATE',
      low: 'LOW',
      under: 'UNDERPERFORMER',
    });
    expect(json.classifications[0]).toMatchObject({
      previous_tier: null,
      tier_change_direction: 'new',
      valid_until: '2026-03-04T12:00:00.000Z',
      metrics_snapshot: { cpl_7d: 20, cpl_ratio: 0.5, average_cpl: 40, is_active: true, frequency_7d: null },
    });
  });

  it('is listed by tier and page, told of one campaign with its history, and summed up', async () => {
    const { call, classify, setNow } = await openAccount();
    await classify();
    setNow('2026-03-03T12:00:00.000Z');
    await classify({ as_of: AS_OF });
    const path = '/api/v1/classifications/campaigns';
    const ids = (json: { classifications: { campaign_id: string }[] }) =>
      json.classifications.map(({ campaign_id }) => campaign_id);
    const first = await call({ path, query: { ...account, limit: '3' } });
    expect(ids(first.json)).toEqual(['high', 'low', 'moderate']);
    const second = await call({ path, query: { ...account, limit: '3', cursor: first.json.cursor } });
    expect(ids(second.json)).toEqual(['under']);
    expect(ids((await call({ path, query: { ...account, tier: 'LOW' } })).json)).toEqual(['low']);
    const one = (await call({ path: `${path}/low`, query: account })).json;
    expect(one).toMatchObject({
      tier: 'LOW',
      previous_tier: 'LOW',
      tier_change_direction: 'same',
      tier_since: '2026-03-02T12:00:00.000Z',
    });
    expect(one.history.map(({ classified_at }: { classified_at: string }) => classified_at)).toEqual([
      '2026-03-03T12:00:00.000Z',
      '2026-03-02T12:00:00.000Z',
    ]);
    const summary = (await call({ path: '/api/v1/classifications/summary', query: account })).json;
    expect(summary).toMatchObject({ total: 4, moved_up: 0, moved_down: 0 });
    expect(TIERS.map((tier) => summary.by_tier[tier].campaigns)).toEqual([1, 1, 1, 1]);
    expect(summary.by_tier.HIGH_PERFORMER).toEqual({ campaigns: 1, spend_7d: 700, leads_7d: 35 });
  });

  it('tells a move of tier, also when the same instant is classified again', async () => {
    const { call, classify, setNow } = await openAccount();
    await classify();
    const more = daysOf(7, () => ({ spend: 100, leads: 0 })).map((day) => ({ entity_id: 'high', ...day }));
    await call({ method: 'POST', path: '/v1/campaigns/insights', body: { config_id: 1, insights: more } });
    setNow('2026-03-02T13:00:00.000Z');
    for (let n = 0; n < 2; n++) {
      const { json } = await classify({ campaign_ids: ['high'] });
      expect(json.classifications).toHaveLength(1);
      expect(json.classifications[0]).toMatchObject({
        tier: 'UNDERPERFORMER',
        previous_tier: 'HIGH_PERFORMER',
        tier_change_direction: 'down',
        tier_since: '2026-03-02T13:00:00.000Z',
      });
    }
  });

  it('shows the features of a campaign on a day of choice', async () => {
    const { call } = await openAccount();
    const query = { ...account, campaign_id: 'high' };
    const { json } = await call({ path: '/v1/campaigns/features', query });
    expect(json).toMatchObject({ feature_date: AS_OF, window_days: 30, insufficient_data: false });
    expect(json.features).toMatchObject({ spend_7d: 700, leads_30d: 150, days_active: 30 });
    expect(json.inputs).toMatchObject({ cpl_ratio: 0.5, cpl_trend: 0 });
    const early = await call({ path: '/v1/campaigns/features', query: { ...query, as_of: '2026-01-31' } });
    expect(early.json.features).toMatchObject({ days_active: 1, spend_trend: null });
  });

  it('fails for a campaign that was not classified, another tenant’s, and a model where none is active', async () => {
    const { call, classify } = await openAccount();
    await classify();
    const path = '/api/v1/classifications/campaigns';
    expect((await call({ path: `${path}/stopped`, query: account })).json.reason).toBe('not_classified');
    expect((await call({ path: `${path}/high`, query: account, tenant: 'rival' })).statusCode).toBe(404);
    expect((await call({ path, query: account, tenant: 'rival' })).json.classifications).toEqual([]);
    const unknown = { ...account, campaign_id: 'none' };
    expect((await call({ path: '/v1/campaigns/features', query: unknown })).json.reason).toBe(
      'no_such_entity',
    );
    expect((await classify({ method: 'model' })).json.reason).toBe('no_active_model');
    expect((await call({ path, query: { config_id: '0' } })).statusCode).toBe(400);
  });
});
