import { describe, expect, it } from 'vitest';
import { COLLECTION, documentId, documentRef } from '../../functions/contracts/campaign-collections.ts';
import { detectAccountAnomalies } from '../../functions/detect-account-anomalies.ts';
import { TransientStoreError } from '../../functions/errors.ts';
import { AS_OF, daysOf } from '../campaigns/insight-fixture.ts';
import { openApi } from './api-fixture.ts';

const DETECT = '/api/v1/anomalies/detect';
const account = { config_id: '1' };

/** Four weeks of a campaign that spends five times its usual on the last day, and of one that stops on it. */
async function openAccount() {
  const api = openApi(() => new Date('2026-03-02T12:00:00.000Z'));
  const ordinary = (back: number) => ({ spend: 100 + (back % 5), leads: 10 + (back % 3) });
  const histories = {
    spike: daysOf(28, (back) => (back === 0 ? { spend: 500, leads: 50 } : ordinary(back))),
    stopped: daysOf(28, (back) =>
      back === 0 ? { spend: 0, leads: 0, impressions: 0, clicks: 0 } : ordinary(back),
    ),
    calm: daysOf(28, ordinary),
  };
  const insights = Object.entries(histories).flatMap(([entity_id, days]) =>
    days.map((day) => ({ entity_id, ...day })),
  );
  const body = { config_id: 1, insights };
  expect((await api.call({ method: 'POST', path: '/v1/campaigns/insights', body })).statusCode).toBe(200);
  const detect = (more: object = {}) =>
    api.call({ method: 'POST', path: DETECT, body: { config_id: 1, ...more } });
  const list = (query: Record<string, string> = {}) =>
    api.call({ method: 'GET', path: '/api/v1/anomalies', query: { ...account, ...query } });
  return { ...api, detect, list };
}

const typesOf = (json: { anomalies: { anomaly_type: string; entity_id: string }[] }) =>
  json.anomalies.map(({ anomaly_type, entity_id }) => `${entity_id} ${anomaly_type}`).sort();

describe('the detection of anomalies', () => {
  it('says of each what was seen, what was expected, by which methods, and how bad it is', async () => {
    const { detect } = await openAccount();
    const { statusCode, json } = await detect();
    expect(statusCode).toBe(200);
    expect(typesOf(json)).toEqual(['spike PERFORMANCE_SPIKE', 'spike SPEND_SPIKE', 'stopped ZERO_SPEND']);
    const spend = json.anomalies.find((one: { anomaly_type: string }) => one.anomaly_type === 'SPEND_SPIKE');
    expect(spend).toMatchObject({
      severity: 'CRITICAL',
      observed_value: 500,
      anomaly_date: AS_OF,
      seasonal: true,
    });
    expect(spend.methods).toEqual(['zscore', 'iqr', 'change_point']);
    expect(spend.explanation).toMatch(/^spend of 500 on 2026-03-01 is .* above the expected 10\d/);
    expect(spend.notified_at).toBe('2026-03-02T12:00:00.000Z');
  });

  it('done twice stores and publishes once', async () => {
    const {
      detect,
      list,
      ports: { contents },
    } = await openAccount();
    const first = await detect();
    const second = await detect();
    expect(second.json).toMatchObject({ detected: first.json.detected, already_known: first.json.detected });
    expect(second.json.anomalies).toEqual(first.json.anomalies);
    expect((await list()).json.anomalies).toHaveLength(first.json.detected);
    expect(
      contents.events
        .filter((event) => event.type === 'Critical Anomaly')
        .map(({ type, tenant, detail }) => [type, tenant, detail.anomaly_type])
        .sort(),
    ).toEqual([
      ['Critical Anomaly', 'acme', 'PERFORMANCE_SPIKE'],
      ['Critical Anomaly', 'acme', 'SPEND_SPIKE'],
      ['Critical Anomaly', 'acme', 'ZERO_SPEND'],
    ]);
  });

  it('publishes again what a failing bus did not take', async () => {
    const { ports } = await openAccount();
    const at = ports.clock.now();
    const request = { entityType: 'campaign', asOf: AS_OF, days: 1, at, options: {} } as const;
    const refused = () => Promise.reject(new TransientStoreError('The event bus is busy.'));
    const broken = { ...ports, events: { publish: refused } };
    const here = { tenant: 'acme', configId: 1 };
    await expect(detectAccountAnomalies(broken, here, request)).rejects.toThrow(TransientStoreError);
    expect(ports.contents.events).toEqual([]);
    const { known, anomalies } = await detectAccountAnomalies(ports, here, request);
    expect(known).toBe(anomalies.length);
    expect(ports.contents.events).toHaveLength(
      anomalies.filter(({ severity }) => severity === 'CRITICAL').length,
    );
  });

  it('looks at the entities, days and thresholds that it is asked for', async () => {
    const { detect } = await openAccount();
    expect(typesOf((await detect({ entity_ids: ['calm', 'stopped'] })).json)).toEqual(['stopped ZERO_SPEND']);
    expect((await detect({ as_of: '2026-02-28' })).json.detected).toBe(0);
    expect(typesOf((await detect({ as_of: '2026-03-02', days: 2 })).json)).toContain('stopped ZERO_SPEND');
    const plain = await detect({ seasonal: false, entity_ids: ['spike'] });
    expect(plain.statusCode).toBe(200);
  });

  it('links a critical one to the active recommendation that answers it best, and to none of another campaign', async () => {
    const { detect, ports } = await openAccount();
    const recommend = (entity_id: string, recommendation_type: string) => {
      const collection = COLLECTION.recommendations(1);
      const id = documentId(AS_OF, 'campaign', entity_id, recommendation_type);
      const value = { id: documentRef(1, id), recommendation_type, is_active: true, expires_at: null };
      return ports.campaignDocuments.write({
        tenant: 'acme',
        collection,
        id: documentId('campaign', entity_id, recommendation_type),
        label: 'active',
        revision: 1,
        value,
      });
    };
    await recommend('spike', 'BUDGET_INCREASE');
    await recommend('spike', 'SCALE_UP');
    await recommend('calm', 'REACTIVATE');
    const anomalies: { anomaly_type: string; recommendation_id: string | null }[] = (await detect()).json
      .anomalies;
    const answerOf = (type: string) =>
      anomalies.find(({ anomaly_type }) => anomaly_type === type)?.recommendation_id;
    expect(answerOf('PERFORMANCE_SPIKE')).toBe(
      documentRef(1, documentId(AS_OF, 'campaign', 'spike', 'SCALE_UP')),
    );
    expect(answerOf('SPEND_SPIKE')).toBeNull();
    expect(answerOf('ZERO_SPEND')).toBeNull();
  });
});

describe('anomalies', () => {
  it('are listed by day, severity, type, entity and whether somebody has seen them', async () => {
    const { detect, list } = await openAccount();
    await detect();
    expect(typesOf((await list({ entity_id: 'stopped' })).json)).toEqual(['stopped ZERO_SPEND']);
    expect(typesOf((await list({ anomaly_type: 'SPEND_SPIKE' })).json)).toEqual(['spike SPEND_SPIKE']);
    expect((await list({ severity: 'LOW' })).json.anomalies).toEqual([]);
    expect((await list({ severity: 'CRITICAL' })).json.anomalies).toHaveLength(3);
    expect((await list({ to: '2026-02-28' })).json.anomalies).toEqual([]);
    expect((await list({ from: AS_OF, to: AS_OF })).json.anomalies).toHaveLength(3);
    expect((await list({ acknowledged: 'true' })).json.anomalies).toEqual([]);
  });

  it('are acknowledged once, by whom, when and with notes, which another detection leaves alone', async () => {
    const { detect, list, call } = await openAccount();
    const [{ id }] = (await detect()).json.anomalies;
    const path = `/api/v1/anomalies/${id}/acknowledge`;
    const body = { acknowledged_by: 'ana', resolution_notes: 'Orçamento corrigido' };
    const { statusCode, json } = await call({ method: 'POST', path, body });
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({
      is_acknowledged: true,
      acknowledged_at: '2026-03-02T12:00:00.000Z',
      acknowledged_by: 'ana',
      resolution_notes: 'Orçamento corrigido',
    });
    expect((await call({ method: 'POST', path, body })).statusCode).toBe(409);
    await detect();
    expect((await list({ acknowledged: 'true' })).json.anomalies).toEqual([json]);
  });

  it('are counted by severity and type', async () => {
    const { detect, call } = await openAccount();
    await detect();
    const { json } = await call({ method: 'GET', path: '/api/v1/anomalies/summary', query: account });
    expect(json).toMatchObject({ from: '2026-01-31', to: AS_OF, total: 3, unacknowledged: 3 });
    expect(json.by_severity).toEqual({ LOW: 0, MEDIUM: 0, HIGH: 0, CRITICAL: 3 });
    expect(json.by_type.ZERO_SPEND).toBe(1);
  });

  it('fails to acknowledge one that is nobody’s, or no id at all', async () => {
    const { call } = await openAccount();
    for (const id of ['nothing', Buffer.from('[1,"x"]').toString('base64url'), '__proto__']) {
      const found = await call({ method: 'POST', path: `/api/v1/anomalies/${id}/acknowledge`, body: {} });
      expect(found.statusCode).toBe(404);
    }
  });
});
