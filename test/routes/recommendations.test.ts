import { describe, expect, it } from 'vitest';
import type { Recommendation } from '../../functions/contracts/campaign-records.ts';
import { daysOf } from '../campaigns/insight-fixture.ts';
import { openApi } from './api-fixture.ts';

const path = '/api/v1/recommendations';
const account = { config_id: '1' };

/** Three campaigns: one that wastes its money, one that is cheap, one paused that was cheap. */
async function openAccount() {
  let now = new Date('2026-03-02T10:00:00.000Z');
  const api = openApi(() => now);
  const histories = {
    waste: daysOf(10, () => ({ leads: 0 })),
    cheap: daysOf(30, () => ({ leads: 8, daily_budget: 120, status: 'ACTIVE' as const })),
    plain: daysOf(30, () => ({ leads: 3 })),
    paused: daysOf(30, (back) => (back < 7 ? { spend: 0, leads: 0, status: 'PAUSED' } : { leads: 5 })),
  };
  const insights = Object.entries(histories).flatMap(([entity_id, days]) =>
    days.map((day) => ({ entity_id, ...day })),
  );
  await api.call({ method: 'POST', path: '/v1/campaigns/insights', body: { config_id: 1, insights } });
  const generate = (more: object = {}) =>
    api.call({
      method: 'POST',
      path: `${path}/generate`,
      body: { config_id: 1, as_of: '2026-03-01', ...more },
    });
  const list = async (query: Record<string, string> = {}): Promise<Recommendation[]> =>
    (await api.call({ path, query: { ...account, ...query } })).json.recommendations;
  const decide = (id: string, what: string, body?: object, tenant = 'acme') =>
    api.call({ method: 'POST', path: `${path}/${id}/${what}`, body, tenant });
  return { ...api, generate, list, decide, setNow: (text: string) => (now = new Date(text)) };
}

const kinds = (all: readonly Recommendation[]) =>
  all.map((one) => `${one.entity_id} ${one.recommendation_type}`).sort();

const ALL = ['cheap BUDGET_INCREASE', 'cheap SCALE_UP', 'paused REACTIVATE', 'waste PAUSE_CAMPAIGN'];

describe('recommendations', () => {
  it('are issued with the numbers that fired, an action and an expiry', async () => {
    const { generate, list } = await openAccount();
    const { json, statusCode } = await generate();
    expect([statusCode, json.generated, json.already_known]).toEqual([200, 4, 0]);
    expect(kinds(await list())).toEqual(ALL);
    const increase = (await list({ entity_id: 'cheap', recommendation_type: 'BUDGET_INCREASE' }))[0];
    expect(increase).toMatchObject({
      entity_type: 'campaign',
      priority: 8,
      suggested_action: { field: 'daily_budget', current: 120, suggested: 156, change_percent: 30 },
      reasoning: { cpl_7d: 12.5, days_with_leads_ratio: 1, cpl_trend: 0 },
      created_at: '2026-03-02T10:00:00.000Z',
      expires_at: '2026-03-09T10:00:00.000Z',
      is_active: true,
    });
    expect(increase?.reasoning.cpl_ratio).toBeLessThan(0.7);
    expect(increase?.description).toContain('12,5');
    expect(kinds(await list({ min_priority: '9' }))).toEqual(['waste PAUSE_CAMPAIGN']);
  });

  it('are not issued twice while they are active, also by two at once', async () => {
    const { generate, list } = await openAccount();
    const both = await Promise.all([generate(), generate()]);
    expect(both.reduce((sum, { json }) => sum + json.generated, 0)).toBe(4);
    expect((await generate()).json).toMatchObject({ generated: 0, already_known: 4 });
    expect(kinds(await list())).toEqual(ALL);
  });

  it('are applied and dismissed once, with who, when and why', async () => {
    const { generate, list, decide, setNow, call } = await openAccount();
    await generate();
    const [increase] = await list({ recommendation_type: 'BUDGET_INCREASE' });
    const [pause] = await list({ recommendation_type: 'PAUSE_CAMPAIGN' });
    setNow('2026-03-02T11:00:00.000Z');
    const applied = await decide(increase!.id, 'apply');
    expect(applied.json).toMatchObject({
      is_active: false,
      was_applied: true,
      applied_at: '2026-03-02T11:00:00.000Z',
      applied_by: 'key-of-acme',
    });
    const dismissed = await decide(pause!.id, 'dismiss', { dismissed_by: 'Ana', reason: 'lançamento' });
    expect(dismissed.json).toMatchObject({
      dismissed: true,
      dismissed_by: 'Ana',
      dismissed_reason: 'lançamento',
    });
    for (const what of ['apply', 'dismiss']) {
      expect((await decide(pause!.id, what)).json).toMatchObject({ status: 409, reason: 'not_active' });
    }
    expect(kinds(await list())).toEqual(['cheap SCALE_UP', 'paused REACTIVATE']);
    expect(kinds(await list({ active_only: 'false' }))).toEqual(ALL);
    expect((await call({ path: `${path}/summary`, query: account })).json).toMatchObject({
      active: 2,
      active_by_type: { SCALE_UP: 1, REACTIVATE: 1, PAUSE_CAMPAIGN: 0 },
      high_priority: 1,
      applied: 1,
      dismissed: 1,
      expired: 0,
    });
  });

  it('come again after a decision only when they would have expired', async () => {
    const { generate, list, decide, setNow, call } = await openAccount();
    await generate();
    const [pause] = await list({ recommendation_type: 'PAUSE_CAMPAIGN' });
    await decide(pause!.id, 'dismiss');
    setNow('2026-03-05T09:59:59.000Z');
    expect((await generate()).json.generated).toBe(0);
    setNow('2026-03-05T10:00:01.000Z');
    const again = (await generate()).json;
    expect(kinds(again.recommendations)).toEqual(['waste PAUSE_CAMPAIGN']);
    expect(again.recommendations[0].id).not.toBe(pause!.id);
    setNow('2026-03-20T00:00:00.000Z');
    expect(await list()).toEqual([]);
    expect((await decide(again.recommendations[0].id, 'apply')).statusCode).toBe(409);
    expect((await call({ path: `${path}/summary`, query: account })).json).toMatchObject({
      active: 0,
      dismissed: 1,
      expired: 4,
    });
    expect((await generate()).json.generated).toBe(4);
  });

  it('fails to be decided on by another tenant, or by an id of nobody', async () => {
    const { generate, list, decide } = await openAccount();
    await generate();
    const [one] = await list();
    expect((await decide(one!.id, 'apply', {}, 'rival')).statusCode).toBe(404);
    for (const id of ['x', `${one!.id}A`, 'W10', 'WzEsIiJd']) {
      expect((await decide(id, 'dismiss')).json.reason).toBe('no_such_recommendation');
    }
    expect((await decide(one!.id, 'apply', { applied_by: '', x: 1 })).json.errors).toHaveLength(2);
    expect(kinds(await list())).toEqual(ALL);
  });
});
