import { beforeEach, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { COLLECTION } from '../../functions/contracts/campaign-collections.ts';
import { type JobRecord, jobRecordSchema } from '../../functions/contracts/campaign-records.ts';
import { TransientStoreError } from '../../functions/errors.ts';
import { handler } from '../../functions/handlers/import-insights.ts';
import { createLogger } from '../../functions/observability.ts';

const KEY = 'insights/acme/1/daily.csv';
const HEADER = 'entity_id,date,spend,impressions,clicks,leads';
const HERE = { tenant: 'acme', configId: 1 };

describe('a dropped table of insights', () => {
  let ports: MemoryPorts;
  let log: string[];
  beforeEach(() => {
    log = [];
    ports = memoryPorts({ now: () => new Date('2026-03-02T12:00:00.000Z') });
  });
  const drop = async (content: string | Uint8Array, key = KEY, droppedAt = '2026-03-02T11:59:30Z') => {
    const body = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    await ports.objects.write(key, body);
    return deliver(key, droppedAt);
  };
  const deliver = (key = KEY, droppedAt = '2026-03-02T11:59:30Z') =>
    handler.with({ ports: () => ports, log: createLogger({ write: (line) => log.push(line) }) })({
      key,
      droppedAt,
    });
  const days = (entityId: string, entityType: 'campaign' | 'ad' = 'campaign') =>
    ports.insights.entityDays(HERE, entityType, entityId, { from: '2026-01-01', to: '2026-12-31' });
  const jobs = async (tenant = 'acme') => {
    const page = await ports.campaignDocuments.list<JobRecord>(tenant, COLLECTION.jobs, { limit: 10 });
    return page.items.map(({ value }) => value);
  };

  it('is written by entity and date, and its job says that nothing was left out', async () => {
    const text = `${HEADER}\nc1,2026-03-01,10.5,1000,20,3\nc1,2026-02-28,9,900,18,0\nc2,2026-03-01,1,10,1,0\n`;
    expect(await drop(text)).toEqual({ days: 3, rejected: 0 });
    expect(await days('c1')).toMatchObject([
      { date: '2026-02-28', spend: 9, leads: 0, reach: null },
      { date: '2026-03-01', spend: 10.5, impressions: 1000, clicks: 20, leads: 3 },
    ]);
    const [job] = await jobs();
    expect(jobRecordSchema.parse(job)).toEqual(job);
    expect(job).toMatchObject({
      job: 'insight-import',
      status: 'COMPLETED',
      progress: 1,
      config_id: 1,
      period: '2026-03-02T11:59Z',
      error_message: null,
    });
  });

  it('takes late and corrected days, and leaves all others', async () => {
    await drop(`${HEADER}\nc1,2026-03-01,10,1000,20,3\nc1,2026-02-27,5,500,10,1\n`);
    await drop(`${HEADER}\nc1,2026-03-01,12,1000,20,4\nc1,2026-01-15,7,700,14,2\n`, 'insights/acme/1/b.csv');
    expect((await days('c1')).map(({ date, spend }) => [date, spend])).toEqual([
      ['2026-01-15', 7],
      ['2026-02-27', 5],
      ['2026-03-01', 12],
    ]);
    expect(await jobs()).toHaveLength(2);
  });

  it('delivered twice is written once, with one job', async () => {
    await drop(`${HEADER}\nc1,2026-03-01,10,1000,20,3\n`);
    const [before, jobsBefore] = [await days('c1'), await jobs()];
    await deliver();
    expect(await days('c1')).toEqual(before);
    expect(await jobs()).toEqual(jobsBefore);
  });

  it('may be JSON Lines, with the fields of the API, names in any case, and levels below campaigns', async () => {
    const row = {
      ...{
        Entity_Type: 'ad',
        entity_id: 'a1',
        date: '2026-03-01',
        spend: 1,
        impressions: 10,
        clicks: 1,
        leads: 0,
      },
      ...{ name: 'Ad', campaign_id: 'c1', adset_id: 's1', reach: 9, frequency: 1.1, status: 'active' },
      daily_budget: 20,
    };
    expect(await drop(`${JSON.stringify(row)}\n`, 'insights/acme/1/x/y.jsonl')).toEqual({
      days: 1,
      rejected: 0,
    });
    expect(await days('a1', 'ad')).toMatchObject([
      { reach: 9, frequency: 1.1, status: 'ACTIVE', daily_budget: 20 },
    ]);
    expect(await ports.insights.entity(HERE, 'ad', 'a1')).toMatchObject({
      name: 'Ad',
      campaign_id: 'c1',
      adset_id: 's1',
    });
  });

  it('names the rows that it leaves out, and writes the others', async () => {
    const rows = [
      'c1,2026-03-01,10,1000,20,3',
      'c1,2026-02-30,10,1000,20,3',
      'c1,2026-02-28,-1,1000,20,3',
      'c1,2026-02-27,much,1000,20,3',
      'c1,2026-02-26,,1000,20,3',
      'c1,2027-01-01,10,1000,20,3',
      'c1,2026-02-25,10',
      ',2026-02-24,10,1000,20,3',
      'c1,2026-02-23,10,1000,20.5,3',
    ];
    expect(await drop(`${HEADER},mood\n${rows.map((row) => `${row},good`).join('\n')}\n`)).toEqual({
      days: 1,
      rejected: 8,
    });
    const [job] = await jobs();
    expect(job!.status).toBe('COMPLETED');
    expect(job!.error_message).toContain('Columns that nobody reads: mood. 8 of 9 rows were left out');
    for (const part of [
      '3: date',
      '4: spend',
      '5: spend',
      '6: spend',
      '7: date: lies in the future',
      '9: entity_id',
      '10: clicks',
    ]) {
      expect(job!.error_message).toContain(part);
    }
    expect(await days('c1')).toHaveLength(1);
  });

  it.each([
    [
      'lacks a column',
      'entity_id,date,spend\nc1,2026-03-01,1\n',
      /InvalidDatasetError: .* lacks impressions, clicks, leads/,
    ],
    ['is empty', '', /^\w+Error: /],
    ['is no table', new Uint8Array([0x50, 0x41, 0x52, 0x31, 0, 0, 0, 0]), /^\w+Error: /],
  ])('fails once, with the reason on its job, where it %s', async (_, content, reason) => {
    expect(await drop(content)).toEqual({ days: 0, rejected: 0 });
    const [job] = await jobs();
    expect(job).toMatchObject({ status: 'FAILED', error_message: expect.stringMatching(reason) });
    expect(log.join('')).toContain('"failedJobs":1');
  });

  it.each([
    'insights/acme/zero/a.csv',
    'insights/acme/0/a.csv',
    'insights/acme/1/',
    'insights/AC ME/1/a.csv',
  ])('fails under %s, which names no account', async (key) => {
    await expect(deliver(key)).rejects.toThrow(/names no account/);
  });

  it('fails for good where it was deleted meanwhile, and is tried again where a store does not answer', async () => {
    await deliver();
    expect(await jobs()).toMatchObject([{ status: 'FAILED' }]);
    const { put } = ports.insights;
    ports.insights.put = () => Promise.reject(new TransientStoreError('down'));
    await expect(drop(`${HEADER}\nc1,2026-03-01,10,1000,20,3\n`)).rejects.toThrow(TransientStoreError);
    expect(await jobs()).toMatchObject([{ status: 'RUNNING' }]);
    ports.insights.put = put;
    await deliver();
    expect(await jobs()).toMatchObject([{ status: 'COMPLETED' }]);
  });

  it('belongs to the tenant of its key alone', async () => {
    await drop(`${HEADER}\nc1,2026-03-01,10,1000,20,3\n`, 'insights/other/1/a.csv');
    expect(await days('c1')).toEqual([]);
    expect(await jobs()).toEqual([]);
    expect(await jobs('other')).toHaveLength(1);
  });
});
