import { expect, it } from 'vitest';
import type { DeliveryRecord, WebhookRecord } from '../../functions/contracts/webhooks.ts';
import { InvalidRequestError } from '../../functions/errors.ts';
import type { WebhookStore } from '../../functions/webhook-ports.ts';

const webhookOf = (tenant: string, webhookId: string, more: Partial<WebhookRecord> = {}): WebhookRecord => ({
  tenant,
  webhookId,
  url: 'https://example.com/hook',
  enabled: true,
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  ...more,
});

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

/** A pending delivery of an event of that minute, tried next at another. */
const pendingOf = (tenant: string, webhookId: string, happened: number, next: number): DeliveryRecord => ({
  tenant,
  webhookId,
  messageId: `msg_${happened}`,
  occurredAt: at(happened),
  status: 'pending',
  attempts: 0,
  payload: '{"type":"SegmentationCompleted"}',
  nextAttemptAt: at(next),
  expiresAt: 1_800_000_000,
});

/** What every store of webhooks does; each test has tenants of its own. */
export function webhookStoreContract(store: () => WebhookStore): void {
  it('keeps webhooks of a tenant by id, the last write of each, apart from those of others', async () => {
    const crm = webhookOf('keep', 'crm', { datasets: ['orders'], enabled: false });
    await store().put(webhookOf('keep', 'zeta'));
    await store().put(webhookOf('keep', 'crm'));
    await store().put(crm);
    await store().put(webhookOf('keep2', 'crm'));
    expect(await store().get('keep', 'crm')).toEqual(crm);
    expect(await store().list('keep')).toEqual([crm, webhookOf('keep', 'zeta')]);
    await store().delete('keep', 'crm');
    expect(await store().get('keep', 'crm')).toBeUndefined();
    expect(await store().list('keep')).toEqual([webhookOf('keep', 'zeta')]);
    expect(await store().get('keep2', 'crm')).toEqual(webhookOf('keep2', 'crm'));
    expect(await store().list('nobody')).toEqual([]);
  });

  it('lists deliveries of one webhook page by page, the newest first', async () => {
    const all = [1, 2, 3, 4, 5].map((minute) => pendingOf('pages', 'crm', minute, 500));
    for (const delivery of [...all, pendingOf('pages', 'other', 9, 500), pendingOf('pages2', 'crm', 9, 500)])
      await store().putDelivery(delivery);
    const found: DeliveryRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await store().deliveries('pages', 'crm', { limit: 2, cursor });
      expect(page.items.length).toBeLessThanOrEqual(2);
      found.push(...page.items);
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(found).toEqual(all.toReversed());
    expect(await store().delivery(all[2]!)).toEqual(all[2]);
    expect(await store().delivery({ ...all[2]!, tenant: 'pages2' })).toBeUndefined();
  });

  it('fails for a cursor of another list, another tenant or nobody', async () => {
    await store().putDelivery(pendingOf('cursor', 'crm', 1, 500));
    const { cursor } = await store().deliveries('cursor', 'crm', { limit: 1 });
    expect(cursor).toEqual(expect.any(String));
    for (const [tenant, webhookId, given] of [
      ['cursor', 'other', cursor],
      ['cursor2', 'crm', cursor],
      ['cursor', 'crm', 'junk'],
    ] as const)
      await expect(store().deliveries(tenant, webhookId, { limit: 1, cursor: given })).rejects.toThrow(
        InvalidRequestError,
      );
  });

  it('finds what is due of all tenants, the most overdue first, until it is delivered or put off', async () => {
    const [late, later, future] = [
      pendingOf('due', 'crm', 1, 10),
      pendingOf('due2', 'crm', 2, 11),
      pendingOf('due', 'crm', 3, 13),
    ] as const;
    for (const delivery of [future, later, late]) await store().putDelivery(delivery);
    expect(await store().due(at(9), 10)).toEqual([]);
    expect(await store().due(at(12), 10)).toEqual([late, later]);
    expect(await store().due(at(12), 1)).toEqual([late]);
    // One is tried and put off, the other one arrives.
    const putOff = { ...late, attempts: 1, lastStatus: 503, lastAttemptAt: at(12), nextAttemptAt: at(20) };
    await store().putDelivery(putOff, late);
    const { nextAttemptAt: _, ...rest } = later;
    const arrived = { ...rest, status: 'delivered', attempts: 1, lastStatus: 204 } as const;
    await store().putDelivery(arrived, later);
    expect(await store().due(at(12), 10)).toEqual([]);
    expect(await store().due(at(20), 10)).toEqual([future, putOff]);
    expect(await store().delivery(late)).toEqual(putOff);
    expect((await store().deliveries('due2', 'crm', { limit: 10 })).items).toEqual([arrived]);
  });

  it('is the same when a write is tried again', async () => {
    const first = pendingOf('again', 'crm', 1, 100);
    const second = { ...first, attempts: 1, nextAttemptAt: at(101) };
    for (const _ of [1, 2]) await store().putDelivery(first);
    for (const _ of [1, 2]) await store().putDelivery(second, first);
    expect(await store().due(at(100), 10)).not.toContainEqual(first);
    const due = (await store().due(at(101), 10)).filter(({ tenant }) => tenant === 'again');
    expect(due).toEqual([second]);
  });
}
