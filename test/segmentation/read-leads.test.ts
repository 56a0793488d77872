import { describe, expect, it } from 'vitest';
import type { Lead } from '../../functions/contracts/api-cluster.ts';
import { datasetConfigSchema } from '../../functions/contracts/dataset.ts';
import { entityCells } from '../../functions/features/entity-cells.ts';
import { readEntities } from '../../functions/segmentation/read-entities.ts';
import { type LeadOptions, MOST_FIELDS, readLeads } from '../../functions/segmentation/read-leads.ts';
import { memorySource } from '../../functions/tables/table-source.ts';
import { leadsCsv, madeUpLeads } from '../support/leads-csv.ts';
import { runTable } from '../support/table-run.ts';
import { plantedLeads, REFERENCE_AT } from './planted-leads.ts';

const read = (leads: readonly Lead[], options: Partial<LeadOptions> = {}) =>
  readLeads(leads, { maxDataAgeMonths: 6, referenceMs: Date.parse(REFERENCE_AT), ...options });
const problemOf = async (leads: readonly Lead[], options?: Partial<LeadOptions>) => {
  const error = await read(leads, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error as {
    name: string;
    message: string;
    context: { errors?: { pointer: string }[]; reason?: string };
  };
};

describe('a file read into memory', () => {
  it('is the table that a run makes of it, in the same order', async () => {
    const text = `${leadsCsv(madeUpLeads(300))}lead-1,2026-01-31 10:00:00,High,99,99,BR,google\n,2026-01-31 10:00:00,,,,,\n`;
    const { entities, merged } = await runTable({ 'leads.csv': text });
    const source = memorySource('leads.csv', new TextEncoder().encode(text));
    const { table, referenceMs, rows } = await readEntities(source, datasetConfigSchema.parse({}));
    expect(table.ids).toEqual(entities.map(({ id }) => id));
    expect(new Date(referenceMs).toISOString()).toBe(merged[0]!.referenceAt);
    const cells = table.ids.map((_, row) => entityCells(table, row).behavior_score ?? Number.NaN);
    expect(cells).toEqual(entities.map(({ behavior_score }) => behavior_score));
    expect(rows).toEqual({ read: 302, used: 300, rejected: 2, byRule: { missing_id: 1, duplicate_id: 1 } });
  });
});

describe('leads of a request', () => {
  it('become features scaled to 0..1 of the columns that the source recommends', async () => {
    const { spec, table } = await read(plantedLeads(120));
    expect(spec.scaling).toBe('minmax');
    expect(table.nRows).toBe(120);
    expect([...new Set(spec.specs.map(({ column }) => column))].sort()).toEqual(
      [
        'behavior_score',
        'country',
        'created_at',
        'engagement_score',
        'intention_level',
        'ltv_class',
        'state',
        'utm_medium',
        'utm_source',
      ].sort(),
    );
  });

  it('may name features or groups of them', async () => {
    const { spec } = await read(plantedLeads(120), { features: ['behavior_score', 'geo'] });
    expect(spec.specs.map(({ column }) => column).sort()).toEqual(['behavior_score', 'country', 'state']);
  });

  it('may have fields that the source does not know; all that are usable take part then', async () => {
    const leads = Array.from({ length: 60 }, (_, i) => ({
      id: i,
      visits: i % 7,
      plan: i % 2 ? 'free' : 'paid',
    }));
    const { spec, table } = await read(leads);
    expect(spec.specs.map(({ column }) => column)).toEqual(['visits', 'plan']);
    expect(table.ids).toContain('59');
  });

  it('keep a field that only a later lead has', async () => {
    const leads = plantedLeads(60).map((lead, i) => (i < 40 ? lead : { ...lead, purchase_value: i }));
    expect((await read(leads)).table.columns.has('purchase_value')).toBe(true);
  });

  it('are left out when they are older than the window, and told', async () => {
    const leads = plantedLeads(60);
    leads[5] = { ...leads[5]!, created_at: '2025-11-29T12:00:00.000Z' };
    leads[6] = { ...leads[6]!, created_at: null };
    expect((await read(leads)).leftOut).toEqual({ outside_window: 1, missing_time: 1 });
    expect((await read(leads, { maxDataAgeMonths: null })).leftOut).toEqual({});
  });

  it('may be younger than the clock: days count from the youngest then', async () => {
    const leads = plantedLeads(60);
    leads[5] = { ...leads[5]!, created_at: '2026-07-01T00:00:00Z' };
    expect((await read(leads)).referenceMs).toBe(Date.parse('2026-07-01T00:00:00Z'));
  });

  const changed = (change: Lead): Lead[] => plantedLeads(20).with(3, { ...plantedLeads(20)[3]!, ...change });
  it.each([
    ['a score above 100', { behavior_score: 101 }, '/leads/3/behavior_score'],
    ['a score below 0', { engagement_score: -1 }, '/leads/3/engagement_score'],
    ['a score as text', { intention_level: '80' }, '/leads/3/intention_level'],
    ['NaN as text', { behavior_score: 'NaN' }, '/leads/3/behavior_score'],
    ['a value past every currency', { purchase_value: 1e300 }, '/leads/3/purchase_value'],
    ['a list for a number', { value: ['1'] }, '/leads/3/value'],
    ['a time that is none', { created_at: 'yesterday' }, '/leads/3/created_at'],
    ['a day that no month has', { created_at: '2026-13-45' }, '/leads/3/created_at'],
    ['no id', { lead_id: null }, '/leads/3/lead_id'],
    ['an empty id', { lead_id: ' ' }, '/leads/3/lead_id'],
    ['half a number as id', { lead_id: 1.5 }, '/leads/3/lead_id'],
    ['an id over 256 characters', { lead_id: 'x'.repeat(257) }, '/leads/3/lead_id'],
    ['the id of another', { lead_id: plantedLeads(20)[0]!.lead_id! }, '/leads/3/lead_id'],
    ['a strange name with too large a number', { 'a/b~c': 1e200 }, '/leads/3/a~1b~0c'],
  ])('fails for %s, and says where', async (_, change, pointer) => {
    const { name, context } = await problemOf(changed(change as Lead));
    expect(name).toBe('InvalidRequestError');
    expect(context.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('fails for ids that are words for none, or differ only as numbers are written', async () => {
    expect((await problemOf(changed({ lead_id: 'NA' }))).context.reason).toBe('missing_id');
    const numbers = plantedLeads(20).map((lead, i) => ({ ...lead, lead_id: i === 3 ? '4.0' : i }));
    expect((await problemOf(numbers)).context.reason).toBe('duplicate_id');
  });

  it('fails for features, an id or a time that do not exist, and names those that do', async () => {
    const unknown = await problemOf(plantedLeads(20), { features: ['karma'] });
    expect(unknown.message).toMatch(/"karma".*behavior_score.*Groups: ltv/);
    expect((await problemOf(plantedLeads(20), { idField: 'nobody' })).message).toContain('"nobody"');
    expect((await problemOf(plantedLeads(20), { timeField: 'when' })).message).toContain('"when"');
    expect((await problemOf(plantedLeads(20), { features: ['email'] })).message).toContain('"email"');
  });

  it('fails for more fields than are taken, and tells at most twenty faults', async () => {
    const wide = Object.fromEntries(Array.from({ length: MOST_FIELDS + 1 }, (_, i) => [`f${i}`, i]));
    expect((await problemOf([{ lead_id: 'a', ...wide }])).context.reason).toBe('too_many_fields');
    const bad = plantedLeads(60).map((lead) => ({ ...lead, behavior_score: 200 }));
    const { context, message } = await problemOf(bad);
    expect(context.errors).toHaveLength(20);
    expect(message).toContain('(40 more)');
  });

  it('may be called as objects are inside, and stay data', async () => {
    const leads = Array.from({ length: 60 }, (_, i) => ({
      lead_id: `l${i}`,
      constructor: i % 3,
      toString: i % 2 ? 'a' : 'b',
      hasOwnProperty: i,
    })) as unknown as Lead[];
    expect([...(await read(leads)).table.columns.keys()].sort()).toEqual([
      'constructor',
      'hasOwnProperty',
      'toString',
    ]);
  });
});
