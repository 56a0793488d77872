import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runTable, type TableRun } from '../support/table-run.ts';

const FOLDER = new URL('../../../shared/data/', import.meta.url);

/** A test on one file of the shared data, skipped where that is not there. */
const onFile = (title: string, name: string, test: (bytes: Uint8Array) => Promise<void>) => {
  const file = new URL(encodeURI(name), FOLDER);
  it.skipIf(!existsSync(file))(`${title} (${name})`, () => test(new Uint8Array(readFileSync(file))));
};

const typeOf = ({ plan }: TableRun, name: string) =>
  plan.entity.columns.find((column) => column.name === name)?.type;
const assumed = ({ plan }: TableRun, name: string) =>
  plan.entity.assumedMissing
    .filter(({ column }) => column === name)
    .map(({ value, count }) => [value, count]);
const sum = ({ entities }: TableRun, name: string) =>
  entities.reduce((total, entity) => total + Number(entity[name]), 0);

describe('real tables of one row per entity', () => {
  onFile(
    'X Education: "Select" is missing, and the 38th column is empty',
    'x_education_leads/Leads.csv.gz',
    async (bytes) => {
      const run = await runTable({ 'Leads.csv.gz': bytes });
      expect(run.plan.kind).toBe('leads');
      expect(run.plan.entity).toMatchObject({ idColumn: 'Prospect ID', timeColumn: null });
      expect(run.rows).toEqual({ read: 9240, used: 9240, rejected: 0, byRule: {} });
      expect(run.plan.entity.ignored).toEqual([
        expect.objectContaining({ name: 'Lead Number', reason: 'identifier' }),
        expect.objectContaining({ name: 'c38', reason: 'empty' }),
      ]);
      expect(assumed(run, 'Specialization')).toEqual([['Select', 1942]]);
      expect(assumed(run, 'How did you hear about X Education')).toEqual([['Select', 5043]]);
      const values = new Set(run.entities.flatMap((entity) => Object.values(entity)));
      expect(values.has('Select')).toBe(false);
      expect(typeOf(run, 'Converted')).toBe('boolean');
      expect(sum(run, 'Converted')).toBe(3561);
      expect(run.entities.filter((entity) => Number.isNaN(entity.TotalVisits)).length).toBe(137);
    },
  );

  onFile(
    "bank marketing: semicolons, and pdays of 999 are nobody's days",
    'bank_marketing/bank-additional-full.csv.gz',
    async (bytes) => {
      const run = await runTable({ 'bank.csv.gz': bytes });
      expect(run.rows).toMatchObject({ read: 41_188, used: 41_188 });
      expect(run.plan.entity.idColumn).toBeNull();
      expect(assumed(run, 'pdays')).toEqual([['999', 39_673]]);
      expect(assumed(run, 'job')).toEqual([['unknown', 330]]);
      const pdays = run.entities.map((entity) => Number(entity.pdays));
      expect(pdays.filter((days) => !Number.isNaN(days)).length).toBe(41_188 - 39_673);
      expect(Math.max(...pdays.filter((days) => !Number.isNaN(days)))).toBeLessThan(30);
      expect(sum(run, 'y')).toBe(4640);
      // Configured, the number stands as it is.
      const kept = await runTable({ 'bank.csv.gz': bytes }, { columns: { pdays: { missing: [] } } });
      expect(kept.entities.filter((entity) => entity.pdays === 999).length).toBe(39_673);
    },
  );

  onFile(
    'online shoppers: rows without ids are numbered, equal ones stay apart',
    'online_shoppers/online_shoppers_intention.csv.gz',
    async (bytes) => {
      const run = await runTable(
        { 'shoppers.csv.gz': bytes },
        { columns: { TrafficType: { type: 'category' } } },
      );
      expect(run.rows).toEqual({ read: 12_330, used: 12_330, rejected: 0, byRule: {} });
      expect(new Set(run.entities.map(({ id }) => id)).size).toBe(12_330);
      expect(typeOf(run, 'Weekend')).toBe('boolean');
      expect(sum(run, 'Revenue')).toBe(1908);
      expect(new Set(run.entities.map(({ TrafficType }) => TrafficType)).size).toBe(20);
    },
  );

  onFile(
    'wholesale customers: the same at any shard count',
    'wholesale_customers/wholesale_customers.csv',
    async (bytes) => {
      const whole = await runTable({ 'wholesale.csv': bytes }, {}, { shards: 1 });
      expect(whole.entities).toHaveLength(440);
      for (const shards of [3, 8]) {
        const cut = await runTable({ 'wholesale.csv': bytes }, {}, { shards });
        expect(cut.entities).toEqual(whole.entities);
      }
    },
  );

  onFile(
    'Online Retail as a table: ids written as floats, repeated rows',
    'online_retail/online_retail.csv.gz',
    async (bytes) => {
      const run = await runTable({ 'retail.csv.gz': bytes }, { kind: 'customers', idColumn: 'CustomerID' });
      expect(run.plan.entity.timeColumn).toBe('InvoiceDate');
      // One row per customer is left, the latest; rows without a customer are rejected.
      expect(run.entities).toHaveLength(4372);
      expect(run.entities.every(({ id }) => /^\d+$/.test(`${id}`))).toBe(true);
      expect(run.rows).toEqual({
        read: 541_909,
        used: 4372,
        rejected: 541_909 - 4372,
        byRule: { missing_id: 135_080, duplicate_id: 541_909 - 135_080 - 4372 },
      });
      expect(run.rejected).toHaveLength(541_909 - 4372);
    },
  );
});
