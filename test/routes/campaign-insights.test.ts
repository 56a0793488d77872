import { describe, expect, it } from 'vitest';
import { openApi } from './api-fixture.ts';

const path = '/v1/campaigns/insights';
const day = (date: string, more: object = {}) => ({
  entity_id: 'c1',
  date,
  spend: 100,
  impressions: 1000,
  clicks: 20,
  leads: 2,
  ...more,
});
const post = (insights: object[], config_id: unknown = 1) => ({
  method: 'POST',
  path,
  body: { config_id, insights },
});
const read = (query: Record<string, string> = {}) => ({
  path,
  query: { config_id: '1', entity_id: 'c1', from: '2026-01-01', to: '2026-01-31', ...query },
});

describe('daily insights', () => {
  it('are written, corrected, and read with what was left out as null', async () => {
    const { call } = openApi();
    const sent = await call(post([day('2026-01-02', { name: 'Leads' }), day('2026-01-01')]));
    expect([sent.statusCode, sent.json]).toEqual([200, { config_id: 1, days: 2, entities: 1 }]);
    await call(post([day('2026-01-01', { leads: 5 })]));
    const { json } = await call(read());
    expect(json.entity).toEqual({ entity_type: 'campaign', entity_id: 'c1', name: 'Leads' });
    expect(json.days.map(({ date, leads }: Record<string, unknown>) => [date, leads])).toEqual([
      ['2026-01-01', 5],
      ['2026-01-02', 2],
    ]);
    expect(json.days[0]).toMatchObject({ reach: null, frequency: null, status: null, daily_budget: null });
  });

  it('are listed by entity and account', async () => {
    const { call } = openApi();
    await call(post([day('2026-01-01'), day('2026-01-01', { entity_id: 'c2' })]));
    await call(post([day('2026-01-01', { entity_id: 'a1', entity_type: 'ad', campaign_id: 'c1' })], 7));
    expect((await call({ path: '/v1/campaigns/accounts' })).json).toEqual({
      accounts: [{ config_id: 1 }, { config_id: 7 }],
    });
    const list = { path: '/v1/campaigns/entities', query: { config_id: '1', limit: '1' } };
    const first = (await call(list)).json;
    expect(first.entities).toEqual([{ entity_type: 'campaign', entity_id: 'c1' }]);
    const second = await call({ ...list, query: { ...list.query, cursor: first.cursor } });
    expect(second.json).toEqual({
      config_id: 1,
      entities: [{ entity_type: 'campaign', entity_id: 'c2' }],
    });
    const ads = await call({ ...list, query: { config_id: '7', entity_type: 'ad' } });
    expect(ads.json.entities).toEqual([{ entity_type: 'ad', entity_id: 'a1', campaign_id: 'c1' }]);
  });

  it('are nobody else’s', async () => {
    const { call } = openApi();
    await call(post([day('2026-01-01')]));
    const theirs = await call({ ...read(), tenant: 'rival' });
    const nobodys = await call(read({ config_id: '2' }));
    expect([theirs.statusCode, nobodys.statusCode]).toEqual([404, 404]);
    expect((await call({ path: '/v1/campaigns/accounts', tenant: 'rival' })).json.accounts).toEqual([]);
  });

  it('fails with a pointer to each wrong field', async () => {
    const wrong = { spend: -1, impressions: 1.5, clicks: '3', leads: Number.NaN, status: 'SLEEPING', x: 1 };
    const { statusCode, json } = await openApi().call(post([day('2026-02-30', wrong)], 0));
    expect(statusCode).toBe(400);
    expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/config_id',
      '/insights/0/clicks',
      '/insights/0/date',
      '/insights/0/impressions',
      '/insights/0/leads',
      '/insights/0/spend',
      '/insights/0/status',
      '/insights/0/x',
    ]);
  });

  it('fails for days to come, for none and for a range of too many', async () => {
    const { call } = openApi();
    expect((await call(post([day('2026-02-04')]))).statusCode).toBe(200);
    expect((await call(post([day('2026-02-05')]))).json.reason).toBe('future_day');
    expect((await call(post([]))).statusCode).toBe(400);
    expect((await call(read({ to: '2025-12-31' }))).json.reason).toBe('day_range');
    expect((await call(read({ from: '2024-01-01' }))).json.reason).toBe('day_range');
  });

  it('fails without the scope that the route needs', async () => {
    const { call } = openApi();
    const scopes = ['campaigns:read'];
    expect((await call({ ...post([day('2026-01-01')]), scopes })).json.scope).toBe('campaigns:write');
    expect((await call({ ...read(), scopes: ['campaigns:write'] })).json.scope).toBe('campaigns:read');
    expect((await call({ ...read(), tenant: null })).statusCode).toBe(401);
  });
});
