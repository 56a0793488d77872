import { describe, expect, it } from 'vitest';
import { runTable, type TableRun } from '../support/table-run.ts';

const DAY_MS = 86_400_000;
const NEWEST = Date.parse('2025-09-30T12:00:00Z');
const HEADER = 'lead_id,created_at,behavior_score,country,subscribed,product_types,note';

/** Leads, the newest first, one a day over 120 days; every tenth row is of a lead that stands five rows above. */
function leads(n: number): string[] {
  return Array.from({ length: n }, (_, i) => {
    const createdAt = new Date(NEWEST - (i % 120) * DAY_MS).toISOString();
    const id = i % 10 === 9 ? `lead-${i - 5}` : `lead-${i}`;
    const note = i % 4 === 0 ? `"said ""yes"",\nthen left ${i}"` : `plain text ${i}`;
    const country = ['BR', 'US', 'AR', ''][i % 4];
    return `${id},${createdAt},${(i * 7) % 101},${country},${i % 3 === 0 ? 'yes' : 'no'},a|b${i % 5},${note}`;
  });
}
const table = (rows: readonly string[]) => [HEADER, ...rows].join('\n');

/** All that a run makes of its rows, for comparisons. */
const outcome = ({ entities, rows, rejected, rejectedBytes }: TableRun) => ({
  entities,
  rows,
  rejected,
  rejectedBytes: Buffer.from(rejectedBytes).toString('hex'),
});

describe('a table of one row per entity', () => {
  it('is read by what its columns look like', async () => {
    const { plan, entities } = await runTable({ 'leads.csv': table(leads(400)) });
    expect(plan.kind).toBe('leads');
    expect(plan.entity).toMatchObject({
      idColumn: 'lead_id',
      timeColumn: 'created_at',
      maxDataAgeMonths: 6,
    });
    expect(plan.entity.columns.map(({ name, type }) => [name, type])).toEqual([
      ['created_at', 'time'],
      ['behavior_score', 'number'],
      ['country', 'category'],
      ['subscribed', 'boolean'],
      ['product_types', 'list'],
    ]);
    expect(plan.entity.ignored).toEqual([expect.objectContaining({ name: 'note', reason: 'free_text' })]);
    const entity = entities.find(({ id }) => id === 'lead-1');
    expect(entity).toMatchObject({ behavior_score: 7, country: 'US', subscribed: 0 });
  });

  it('gives the same entities and rejected rows whatever the shards and buckets', async () => {
    const rows = leads(3000);
    rows[100] = 'lead-100,2025-09-01'; // ragged
    rows[2000] = rows[2000]!.replace('lead-2000', ''); // no id
    rows[2500] = rows[2500]!.replace(/T.*?Z/, 'Thursday'); // no time
    const files = { 'leads.csv': table(rows) };
    const whole = await runTable(files, {}, { shards: 1 });
    expect(whole.plan.rowShards).toHaveLength(1);
    for (const shards of [3, 8]) {
      const cut = await runTable(files, {}, { shards });
      expect(cut.plan.rowShards).toHaveLength(shards);
      expect(cut.plan.nBuckets).toBe(shards);
      expect(outcome(cut)).toEqual(outcome(whole));
    }
  });

  it('loses no row: what is read is used or rejected, with its line, rule and text', async () => {
    const rows = leads(400);
    rows[7] = 'lead-7,2025-09-01';
    rows[9] = rows[9]!.replace('lead-4', 'NULL');
    const { rows: counts, rejected, entities } = await runTable({ 'leads.csv': table(rows) });
    expect(counts).toEqual({
      read: 400,
      used: entities.length,
      rejected: rejected.length,
      byRule: { ragged_row: 1, missing_id: 1, duplicate_id: 39 },
    });
    expect(counts.read).toBe(counts.used + counts.rejected);
    const file = 'leads.csv';
    // Rows 0 and 4 hold a line break.
    expect(rejected.slice(0, 2)).toEqual([
      { file, place: 11, rule: 'ragged_row', row: 'lead-7,2025-09-01' },
      { file, place: 14, rule: 'missing_id', row: rows[9] },
    ]);
    const duplicate = rejected.find(({ row }) => `${row}`.includes('"id":"lead-14"'));
    // Row 19 is of lead 14 too, five days older.
    expect(duplicate).toMatchObject({ rule: 'duplicate_id' });
    expect(JSON.parse(`${duplicate?.row}`)).toEqual({
      id: 'lead-14',
      created_at: '2025-09-11T12:00:00.000Z',
      behavior_score: 133 % 101,
      country: null,
      subscribed: 0,
      product_types: 'a|b4',
    });
  });

  it('reads several files of the same columns in another order and another notation', async () => {
    const first = 'customer_id,spend,since\nc1,1234.5,2024-01-31\nc2,7.25,2024-02-28\n';
    const second = 'since;spend;customer_id\n29/02/2024;1.234,5;c3\n13/02/2024;7,25;c4\n';
    const { entities, plan } = await runTable(
      { 'a.csv': first, 'b.csv': second },
      { columns: { spend: { unit: 'EUR' } } },
    );
    expect(plan.entity.columns).toMatchObject([{ name: 'spend', unit: 'EUR' }, { name: 'since' }]);
    expect(plan.files[1]?.cells).toMatchObject([{ decimal: ',' }, { order: 'dmy' }]);
    const byId = Object.fromEntries(entities.map(({ id, spend, since }) => [id, [spend, Number(since)]]));
    expect(byId).toEqual({
      c1: [1234.5, Date.UTC(2024, 0, 31)],
      c2: [7.25, Date.UTC(2024, 1, 28)],
      c3: [1234.5, Date.UTC(2024, 1, 29)],
      c4: [7.25, Date.UTC(2024, 1, 13)],
    });
  });

  it('numbers rows that have no id by their line, the same at any shard count', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => `${i % 90},${(i * 31) % 17},"a\n${i % 3}"`);
    const files = {
      'a.csv': ['age,visits,channel', ...lines].join('\n'),
      'b.csv': 'age,visits,channel\n1,2,x\n',
    };
    const whole = await runTable(files, {}, { shards: 1 });
    expect(whole.plan.entity.idColumn).toBeNull();
    const ids = whole.entities.map(({ id }) => `${id}`);
    expect(new Set(ids).size).toBe(501);
    // Every row of the first file takes two lines.
    expect(ids).toEqual(expect.arrayContaining(['row-2', 'row-4', 'row-1000', 'row-2-2']));
    const cut = await runTable(files, {}, { shards: 8 });
    expect(cut.plan.rowShards.length).toBeGreaterThan(6);
    expect(outcome(cut)).toEqual(outcome(whole));
  });

  it('ignores columns that say nothing of an entity, and tells why', async () => {
    const rows = Array.from(
      { length: 60 },
      (_, i) =>
        `${i},u${i},person${i}@example.com,,${i % 2},${['red', 'blue', 'green'][i % 3]},some words about number ${i * i},ref-${i}`,
    );
    const { plan } = await runTable({
      'a.csv': [',user_id,email,spare,flag,colour,remark,campaign_id', ...rows].join('\n'),
    });
    expect(plan.entity.columns.map(({ name }) => name)).toEqual(['flag', 'colour']);
    expect(Object.fromEntries(plan.entity.ignored.map(({ name, reason }) => [name, reason]))).toEqual({
      c1: 'row_number',
      email: 'personal',
      spare: 'empty',
      remark: 'free_text',
      campaign_id: 'identifier',
    });
  });

  it('is read as configured where the configuration speaks', async () => {
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${i},r${i % 20},${i % 5},${i === 3 ? 'x' : i % 2 ? 999 : i}`,
    );
    const { plan, entities } = await runTable(
      { 'a.csv': ['n,ref,region,pdays', ...rows].join('\n') },
      {
        kind: 'customers',
        idColumn: 'ref',
        columns: {
          n: { type: 'ignore' },
          region: { type: 'category', missing: ['4'] },
          pdays: { type: 'category', missing: ['999'] },
        },
      },
    );
    expect(plan.entity.ignored).toEqual([
      { name: 'n', reason: 'configured', detail: 'configured as ignore' },
    ]);
    expect(entities).toHaveLength(20);
    const last = Object.fromEntries(entities.map(({ id, region, pdays }) => [id, [region, pdays]]));
    expect(last).toMatchObject({ r4: [null, '24'], r5: ['0', null] });
  });
});

describe('the window of a table', () => {
  const files = {
    'leads.csv': [
      'lead_id,created_at,behavior_score',
      'new,2025-09-30 10:00:00,50',
      'six_months,2025-03-30 10:00:00,60',
      'seven_months,2025-02-28 10:00:00,70',
      'a_second_too_old,2025-03-30 09:59:59,80',
      'no_time,,90',
    ].join('\n'),
  };

  it('leaves out leads of seven months, and counts them (S0-03)', async () => {
    const { entities, rows, merged, rejected } = await runTable(files);
    expect(entities.map(({ id }) => id).sort()).toEqual(['new', 'six_months']);
    expect(merged[0]?.referenceAt).toBe('2025-09-30T10:00:00.000Z');
    expect(rows).toEqual({
      read: 5,
      used: 2,
      rejected: 3,
      byRule: { outside_window: 2, missing_time: 1 },
    });
    expect(rejected.map(({ place }) => place).sort()).toEqual([4, 5, 6]);
  });

  it('ends at the instant asked for, takes other lengths, and can be open', async () => {
    const later = await runTable(files, {}, { referenceAt: '2025-10-15T00:00:00Z' });
    expect(later.entities.map(({ id }) => id)).toEqual(['new']);
    const wide = await runTable(files, { maxDataAgeMonths: 8 });
    expect(wide.entities).toHaveLength(4);
    const open = await runTable(files, { maxDataAgeMonths: null });
    expect(open.entities).toHaveLength(5);
    const customers = await runTable(files, { kind: 'customers' });
    expect(customers.entities).toHaveLength(5);
  });

  it('fails when rows lie after the instant asked for', async () => {
    const run = runTable(files, {}, { referenceAt: '2025-09-01T00:00:00Z' });
    await expect(run).rejects.toMatchObject({ name: 'InvalidRequestError' });
  });
});

describe('rows with one id', () => {
  const kept = async (rows: readonly string[], header = 'user_id,updated_at,score') => {
    const { entities, rows: counts } = await runTable(
      { 'a.csv': [header, ...rows].join('\n') },
      { idColumn: 'user_id' },
    );
    return { scores: Object.fromEntries(entities.map(({ id, score }) => [id, score])), counts };
  };

  it('are one entity: the latest stays wherever it stands', async () => {
    const { scores, counts } = await kept(['a,2024-03-01,1', 'a,2024-01-01,2', 'b,2024-02-01,3']);
    expect(scores).toEqual({ a: 1, b: 3 });
    expect(counts.byRule).toEqual({ duplicate_id: 1 });
  });

  it('are decided by their order where the times are equal or missing', async () => {
    expect((await kept(['a,2024-03-01,1', 'a,2024-03-01,2', 'a,,3'])).scores).toEqual({ a: 2 });
    expect((await kept(['a,7', 'b,8', 'a,9'], 'user_id,score')).scores).toEqual({ a: 9, b: 8 });
  });

  it('are one id written as a number, or as one that went through a float column', async () => {
    expect((await kept(['17850.0,7', '17850,8', '17851.0,9'], 'user_id,score')).scores).toEqual({
      17850: 8,
      17851: 9,
    });
  });
});

describe('cells and rows that cannot be read', () => {
  const rows = (n: number, bad: (i: number) => string | undefined) =>
    Array.from({ length: n }, (_, i) => bad(i) ?? `u${i},${i % 50},x${i % 4}`);
  const file = (body: readonly string[]) => ({ 'a.csv': ['user_id,age,channel', ...body].join('\n') });

  it('are missing and counted by column, or rejected rows, up to 5 %', async () => {
    const bad = (i: number) =>
      i === 50 ? `u${i},fifty,x1` : i === 51 ? `u${i},n/a,x1` : i === 52 ? `u${i},3,"x"y,1` : undefined;
    const { entities, manifests, rows: counts, rejected } = await runTable(file(rows(200, bad)));
    expect(entities.find(({ id }) => id === 'u50')?.age).toBeNaN();
    expect(manifests[0]?.unreadable?.age).toEqual({ count: 1, values: 198, first: 50 });
    expect(counts).toMatchObject({ used: 199, byRule: { text_after_quote: 1 } });
    expect(rejected).toEqual([{ file: 'a.csv', place: 54, rule: 'text_after_quote', row: 'u52,3,"x"y,1' }]);
  });

  it.each([1, 4])(
    'fails above 5 % of a column, naming it and its first line, with %i shards',
    async (shards) => {
      const config = { columns: { age: { type: 'number' } } } as const;
      const run = runTable(file(rows(200, (i) => (i % 18 === 10 ? `u${i},old,x` : undefined))), config, {
        shards,
      });
      await expect(run).rejects.toMatchObject({
        name: 'InvalidDatasetError',
        message: expect.stringMatching(
          /a\.csv, line 12: 11 of 200 values of the column "age".*numbers.*"type" of "age"/,
        ),
        context: { reason: 'unreadable_cells', column: 'age', line: 12 },
      });
    },
  );

  it.each([1, 4])('fails above 5 % of the rows, naming the fault of most, with %i shards', async (shards) => {
    const run = runTable(file(rows(200, (i) => (i % 18 === 10 ? `u${i},7` : undefined))), {}, { shards });
    await expect(run).rejects.toMatchObject({
      message: expect.stringMatching(
        /a\.csv, line 12: 11 of 200 rows cannot be read.*another number of fields/,
      ),
      context: { reason: 'ragged_row', line: 12 },
    });
  });

  it('fails for files of other columns, configured columns that are none and tables of nothing', async () => {
    await expect(runTable({ 'a.csv': 'id,a\n1,2\n', 'b.csv': 'id,b\n1,2\n' })).rejects.toThrow(
      /b\.csv lacks "a" and has "b", which .*a\.csv has not/,
    );
    await expect(runTable(file(rows(9, () => undefined)), { timeColumn: 'when' })).rejects.toThrow(
      /no column "when"/,
    );
    await expect(runTable(file(rows(9, () => undefined)), { timeColumn: 'age' })).rejects.toThrow(
      /values of the column "age" cannot be read as instants/,
    );
    await expect(runTable({ 'a.csv': 'id,empty\n1,\n2,\n' })).rejects.toThrow(
      /no column can be used .*"empty"/,
    );
    await expect(runTable(file([',1,x', ',2,y']), { idColumn: 'user_id' })).rejects.toMatchObject({
      name: 'InsufficientDataError',
    });
  });
});
