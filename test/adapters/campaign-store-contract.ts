import { expect, it } from 'vitest';
import type { Insight } from '../../functions/contracts/campaign-insights.ts';
import { insightSchema } from '../../functions/contracts/campaign-insights.ts';
import type {
  CampaignDocument,
  CampaignDocumentStore,
  InsightStore,
  RateCounterStore,
} from '../../functions/ports.ts';
import { RECORD_KINDS } from './campaign-record-kinds.ts';
import { freshTenant } from './fresh-tenant.ts';

/** An insight with the given fields and plausible others. */
export const insightOf = (entity_id: string, date: string, more: Partial<Insight> = {}): Insight =>
  insightSchema.parse({
    entity_id,
    date,
    spend: 0.1 + 0.2,
    impressions: 1000,
    clicks: 10,
    leads: 1,
    ...more,
  });

/** What every store of daily insights must do. */
export function insightStoreContract(open: () => InsightStore): void {
  const year = { from: '2026-01-01', to: '2026-12-31' };
  const dates = async (tenant: string, id = 'c1', range = year) =>
    (await open().entityDays({ tenant, configId: 1 }, 'campaign', id, range)).map(({ date }) => date);

  it('gives days back in order with the same bits, over months, whatever order they came in', async () => {
    const tenant = freshTenant();
    const first = insightOf('c1', '2026-02-28', { reach: 800, frequency: 1.25, status: 'ACTIVE' });
    const written = ['2026-03-01', '2026-01-31'].map((date) => insightOf('c1', date));
    const counts = await open().put({ tenant, configId: 1 }, [written[0]!, first, written[1]!]);
    expect(counts).toEqual({ days: 3, entities: 1 });
    const days = await open().entityDays({ tenant, configId: 1 }, 'campaign', 'c1', year);
    expect(days.map(({ date }) => date)).toEqual(['2026-01-31', '2026-02-28', '2026-03-01']);
    const { entity_id: _id, entity_type: _type, ...day } = first;
    expect(days[1]).toEqual(day);
    expect(await dates(tenant, 'c1', { from: '2026-02-28', to: '2026-02-28' })).toEqual(['2026-02-28']);
    expect(await dates(tenant, 'c1', { from: '2026-02-01', to: '2026-02-27' })).toEqual([]);
  });

  it('replaces a corrected day whole, and no other; of a day given twice the later one holds', async () => {
    const tenant = freshTenant();
    const account = { tenant, configId: 1 };
    const days = ['2026-02-01', '2026-02-02'];
    await open().put(
      account,
      days.map((date) => insightOf('c1', date, { reach: 5 })),
    );
    const corrected = insightOf('c1', '2026-02-02', { leads: 9 });
    expect(await open().put(account, [insightOf('c1', '2026-02-02', { leads: 7 }), corrected])).toEqual({
      days: 1,
      entities: 1,
    });
    const found = await open().entityDays(account, 'campaign', 'c1', year);
    expect(found.map(({ leads, reach }) => [leads, reach])).toEqual([
      [1, 5],
      [9, null],
    ]);
  });

  it('streams the days of all entities of a level, once per entity and month', async () => {
    const tenant = freshTenant();
    const account = { tenant, configId: 1 };
    const ids = Array.from({ length: 40 }, (_, n) => `c${n}`);
    await open().put(
      account,
      ids.flatMap((id) => ['2026-01-31', '2026-02-01', '2026-02-02'].map((date) => insightOf(id, date))),
    );
    await open().put(account, [insightOf('a1', '2026-02-01', { entity_type: 'ad' })]);
    const seen: string[] = [];
    for await (const { entityId, days } of open().days(account, 'campaign', {
      from: '2026-01-31',
      to: '2026-02-01',
    })) {
      seen.push(`${entityId} ${days.map(({ date }) => date).join(' ')}`);
    }
    expect(seen.sort()).toEqual(ids.flatMap((id) => [`${id} 2026-01-31`, `${id} 2026-02-01`]).sort());
  });

  it('pages entities by id, and keeps a name that a later day leaves out', async () => {
    const tenant = freshTenant();
    const account = { tenant, configId: 1 };
    const ids = ['#1', 'E#2', 'a', 'b', 'c'];
    await open().put(
      account,
      ids.map((id) => insightOf(id, '2026-02-01', { name: `name of ${id}` })),
    );
    await open().put(account, [insightOf('a', '2026-02-02', { campaign_id: 'parent' })]);
    const entities: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await open().entities(account, 'campaign', { limit: 2, cursor });
      entities.push(...page.items.map(({ entity_id }) => entity_id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(entities).toEqual(ids);
    expect(await open().entity(account, 'campaign', 'a')).toEqual({
      entity_type: 'campaign',
      entity_id: 'a',
      name: 'name of a',
      campaign_id: 'parent',
    });
    await expect(
      open().entities({ tenant, configId: 2 }, 'campaign', {
        limit: 1,
        cursor: (await open().entities(account, 'campaign', { limit: 1 })).cursor,
      }),
    ).rejects.toThrow('cursor');
  });

  it('lists accounts in the order of their numbers, and shows nothing of another tenant or account', async () => {
    const [tenant, rival] = [freshTenant(), freshTenant()];
    for (const configId of [10, 9]) await open().put({ tenant, configId }, [insightOf('c1', '2026-02-01')]);
    expect(await open().accounts(tenant)).toEqual([
      { tenant, configId: 9 },
      { tenant, configId: 10 },
    ]);
    expect(await open().accounts(rival)).toEqual([]);
    const all = (await open().allAccounts()).filter((account) => account.tenant === tenant);
    expect(all.map(({ configId }) => configId)).toEqual([9, 10]);
    const theirs = { tenant: rival, configId: 9 };
    expect(await open().entityDays(theirs, 'campaign', 'c1', year)).toEqual([]);
    expect(await open().entity(theirs, 'campaign', 'c1')).toBeUndefined();
    expect((await open().entities(theirs, 'campaign', { limit: 5 })).items).toEqual([]);
    expect(await open().entityDays({ tenant, configId: 1 }, 'campaign', 'c1', year)).toEqual([]);
  });
}

/** What every store of campaign documents must do. */
export function documentStoreContract(open: () => CampaignDocumentStore): void {
  const document = (tenant: string, id: string, more: Partial<CampaignDocument<unknown>> = {}) => ({
    tenant,
    collection: 'A#1#ANOMALIES',
    id,
    revision: 1,
    value: { id },
    ...more,
  });
  const ids = async (tenant: string, query: Partial<Parameters<CampaignDocumentStore['list']>[2]> = {}) => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await open().list(tenant, 'A#1#ANOMALIES', { limit: 2, ...query, cursor });
      found.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found;
  };

  it('gives a value back as it was, keys of every name and numbers of every size included', async () => {
    const tenant = freshTenant();
    const value = JSON.parse('{"__proto__":{"x":1},"a":[1e300,-1e-300,null,"",{}],"constructor":"ä/ö 雪"}');
    const written = document(tenant, 'x', { label: 'HIGH', value });
    expect(await open().write(written)).toBe(true);
    const found = await open().get(tenant, 'A#1#ANOMALIES', 'x');
    expect(found).toEqual(written);
    expect(JSON.stringify(found?.value)).toBe(JSON.stringify(value));
  });

  it.each(RECORD_KINDS)('gives every field of $kind back, by its key and by its label', async (kind) => {
    const { schema, value, collection, id, label } = kind;
    expect(schema.strict().parse(value)).toEqual(value);
    expect(Object.keys(value).sort()).toEqual(Object.keys(schema.shape).sort());
    const tenant = freshTenant();
    const written = { tenant, collection, id, revision: 1, value, ...(label !== undefined && { label }) };
    expect(await open().write(written)).toBe(true);
    expect(await open().get(tenant, collection, id)).toEqual(written);
    expect((await open().list(tenant, collection, { limit: 5 })).items).toEqual([written]);
    if (label === undefined) return;
    expect((await open().list(tenant, collection, { limit: 5, label })).items).toEqual([written]);
    expect((await open().list(tenant, collection, { limit: 5, label: 'other' })).items).toEqual([]);
  });

  it('replaces one revision by the next, and lets one of two writers win', async () => {
    const tenant = freshTenant();
    expect(await open().write(document(tenant, 'x', { revision: 2 }))).toBe(false);
    expect(await open().write(document(tenant, 'x'))).toBe(true);
    expect(await open().write(document(tenant, 'x', { value: 'again' }))).toBe(false);
    const won = await Promise.all(
      ['a', 'b'].map((value) => open().write(document(tenant, 'x', { revision: 2, value }))),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await open().get(tenant, 'A#1#ANOMALIES', 'x'))?.value).toBe(won[0] ? 'a' : 'b');
  });

  it('lists by id both ways, within bounds and by label, page by page', async () => {
    const tenant = freshTenant();
    const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05'];
    const labels = ['HIGH', 'LOW', 'HIGH', 'LOW', 'HIGH'];
    const documents = days.map((id, n) => document(tenant, id, { label: labels[n] }));
    expect(await open().writeAll(documents)).toBe(5);
    expect(await open().writeAll(documents)).toBe(5);
    expect(await ids(tenant)).toEqual(days);
    expect(await ids(tenant, { descending: true })).toEqual(days.toReversed());
    expect(await ids(tenant, { from: '2026-01-02', to: '2026-01-04' })).toEqual(days.slice(1, 4));
    expect(await ids(tenant, { label: 'HIGH' })).toEqual(['2026-01-01', '2026-01-03', '2026-01-05']);
    expect(await ids(tenant, { label: 'HIGH', descending: true, to: '2026-01-04' })).toEqual([
      '2026-01-03',
      '2026-01-01',
    ]);
    expect(await ids(tenant, { label: 'MEDIUM' })).toEqual([]);
  });

  it('moves a document to its new label, and fails to go on with the cursor of another list', async () => {
    const tenant = freshTenant();
    for (const id of ['x', 'y', 'z']) await open().write(document(tenant, id, { label: 'LOW' }));
    await open().write(document(tenant, 'y', { revision: 2, label: 'HIGH' }));
    expect(await ids(tenant, { label: 'LOW' })).toEqual(['x', 'z']);
    expect(await ids(tenant, { label: 'HIGH' })).toEqual(['y']);
    const { cursor } = await open().list(tenant, 'A#1#ANOMALIES', { limit: 1 });
    const elsewhere = open().list(tenant, 'A#1#ANOMALIES', { limit: 1, label: 'LOW', cursor });
    await expect(elsewhere).rejects.toThrow('cursor');
  });

  it('shows nothing of another tenant or collection', async () => {
    const tenant = freshTenant();
    await open().write(document(tenant, 'x', { label: 'LOW' }));
    expect(await open().get(freshTenant(), 'A#1#ANOMALIES', 'x')).toBeUndefined();
    expect(await open().get(tenant, 'A#11#ANOMALIES', 'x')).toBeUndefined();
    expect(await ids(freshTenant(), { label: 'LOW' })).toEqual([]);
  });
}

/** What every counter of requests must do. */
export function rateCounterContract(open: () => RateCounterStore): void {
  it('counts every request of a key in a window once, at any number at once', async () => {
    const tenant = freshTenant();
    const window = { startMs: Date.parse('2026-03-02T10:00:00Z'), durationMs: 60_000 };
    const counts = await Promise.all(Array.from({ length: 20 }, () => open().count(tenant, 'k1', window)));
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(await open().count(tenant, 'k2', window)).toBe(1);
    expect(await open().count(freshTenant(), 'k1', window)).toBe(1);
    expect(await open().count(tenant, 'k1', { ...window, startMs: window.startMs + 60_000 })).toBe(1);
    expect(await open().count(tenant, 'k1', window)).toBe(21);
  });
}
