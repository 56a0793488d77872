import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runText } from '../../cli/segments-text.ts';
import type { CustomerSegment, SegmentsPage } from '../../functions/contracts/api.ts';
import type { CustomerExplanation } from '../../functions/contracts/api-explanation.ts';
import type { RunDetail } from '../../functions/contracts/api-runs.ts';
import type { RunSegmentationAnswer } from '../../functions/contracts/api-segmentation-runs.ts';
import type { QualityAnswer } from '../../functions/contracts/quality.ts';
import { leadsCsv, madeUpLeads } from '../support/leads-csv.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';
import { arrowRows } from '../support/table-run.ts';

const dataFile = (name: string) => fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url));
const LEADS = dataFile('x_education_leads/Leads.csv.gz');
const SHOPPERS = dataFile('online_shoppers/online_shoppers_intention.csv.gz');
const CLIENTS = dataFile('wholesale_customers/wholesale_customers.csv');
const CONTACTS = dataFile('bank_marketing/bank-additional-full.csv.gz');

let stack: Stack;
let api: ReturnType<typeof apiOf>;
beforeAll(async () => {
  stack = await startStack();
  api = apiOf(stack, await stack.keyOf('acme'));
});
afterAll(() => stack?.remove());

const unpacked = (file: string) => gunzipSync(readFileSync(file));

/** Drops a text as it is, and returns what is published of it. */
async function published(dataset: string, text: string | Uint8Array) {
  const execution = await stack.drop(`drop/acme/${dataset}/${dataset}.csv`, text);
  expect(execution.status, execution.cause).toBe('SUCCEEDED');
  const { body: page } = await api.get<SegmentsPage>(`/v1/segments?dataset=${dataset}&limit=100`);
  const run = await api.run(page.runId);
  const { body: quality } = await api.get<QualityAnswer>(`/v1/runs/${page.runId}/quality`);
  return { page, run, report: quality.report };
}

const artifactOf = async ({ artifacts = [] }: RunDetail, name: string) =>
  arrowRows(await stack.object(artifacts.find((artifact) => artifact.name === name)!.key));

/** The records of a text, fields by their header: these two files quote fields, and hold no quote or line break in them. */
function recordsOf(file: string, delimiter: string): Record<string, string>[] {
  const split = (line: string) =>
    [...line.matchAll(new RegExp(`("[^"]*"|[^${delimiter}]*)(?:${delimiter}|$)`, 'g'))]
      .slice(0, -1)
      .map(([, field = '']) => field.replaceAll('"', ''));
  const [header = '', ...lines] = unpacked(file).toString().trim().split(/\r?\n/);
  const names = split(header);
  return lines.map((line) => {
    const fields = split(line);
    return Object.fromEntries(names.map((name, i) => [name, fields[i] ?? '']));
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('leads with damaged rows, from drop to API', () => {
  it('are used but for these rows, which lie with file, line and rule in the store and masked in the report', async () => {
    const lines = leadsCsv(madeUpLeads(400)).split('\n');
    lines[20] = lines[20]!.replace('lead-19', '');
    lines[30] = 'lead-29,late,';
    const { run, report, page } = await published('damaged', lines.join('\n'));
    expect(run.rows).toMatchObject({ read: 400, used: 398, byRule: { missing_id: 1, ragged_row: 1 } });
    expect(sum(page.segments.map(({ size }) => size))).toBe(398);
    const file = 'damaged.csv';
    expect(await artifactOf(run, 'rejected_rows.arrow')).toEqual([
      { file, place: 21, rule: 'missing_id', row: lines[20] },
      { file, place: 31, rule: 'ragged_row', row: 'lead-29,late,' },
    ]);
    expect(report.rejected[1]).toEqual({
      rule: 'ragged_row',
      count: 1,
      examples: [{ file, place: 31, masked: 'aaaa-99,aaaa,' }],
    });
  });
});

describe.skipIf(!existsSync(LEADS))('9,240 real leads, from drop to API', () => {
  let leads: Awaited<ReturnType<typeof published>>;
  beforeAll(async () => {
    leads = await published('leads', unpacked(LEADS));
  });

  it('are all used, and named by their id', () => {
    expect(leads.run.rows).toEqual({ read: 9240, used: 9240, rejected: 0, byRule: {} });
    expect(leads.report).toMatchObject({ kind: 'leads', entities: 9240, idColumn: 'Prospect ID' });
    expect(sum(leads.page.segments.map(({ size }) => size))).toBe(9240);
    expect(new Set(leads.page.segments.map(({ name }) => name)).size).toBe(leads.page.segments.length);
  });

  it('tell that "Select" was read as missing and that the 38th column is empty', () => {
    const { assumedMissing, ignored, columns, features } = leads.report;
    const select = assumedMissing.filter(({ value }) => value === 'Select');
    expect(select.map(({ column }) => column)).toContain('Specialization');
    expect(ignored).toContainEqual(expect.objectContaining({ name: 'c38', reason: 'empty' }));
    const visits = columns.find(({ source }) => source === 'TotalVisits')!;
    expect(visits.missing).toBe(137);
    expect(visits.numbers!.max).toBe(251);
    expect(sum(features.map(({ importance }) => importance))).toBeCloseTo(1, 9);
  });

  it('leave a table of rejected rows that is empty, and a table of entities that is not', async () => {
    expect(await artifactOf(leads.run, 'rejected_rows.arrow')).toEqual([]);
    const entities = await artifactOf(leads.run, 'entities.arrow');
    expect(entities).toHaveLength(9240);
    expect(sum(entities.map(({ Converted, converted }) => Number(Converted ?? converted)))).toBe(3561);
  });

  it('score as raw records as they did in the batch, and are explained', async () => {
    const labels = new Map(
      (await artifactOf(leads.run, 'labels.arrow')).map((row) => [row.customer_id, row]),
    );
    const records = recordsOf(LEADS, ',');
    for (const i of [0, 1, 4711, 9239]) {
      const { '': _, ...record } = records[i]!;
      const id = record['Prospect ID']!;
      const label = labels.get(id)!;
      const scored = await api.post<Record<string, unknown>>('/v1/datasets/leads/score', { record });
      expect(scored.status, JSON.stringify(scored.body)).toBe(200);
      expect([scored.body.segment_id, scored.body.distance_to_center]).toEqual([
        label.segment_id,
        label.distance,
      ]);
      const served = await api.get<CustomerSegment>(`/v1/customers/${id}/segment?dataset=leads`);
      expect(served.body.segment_id).toBe(label.segment_id);
      const { body: why } = await api.get<CustomerExplanation>(
        `/v1/customers/${id}/explanation?dataset=leads`,
      );
      expect([why.segment_id, why.distance_to_center]).toEqual([label.segment_id, label.distance]);
      const squared = sum(why.distance_parts.map(({ part }) => part));
      expect(squared / why.distance_to_center ** 2).toBeCloseTo(1, 4);
    }
  });
});

describe.skipIf(!existsSync(CONTACTS))('41,188 real contacts of a bank, from drop to API', () => {
  let contacts: Awaited<ReturnType<typeof published>>;
  beforeAll(async () => {
    contacts = await published('contacts', unpacked(CONTACTS));
  });

  it('are numbered rows between semicolons, with 999 days read as none', () => {
    const { report, run } = contacts;
    expect(run.rows).toMatchObject({ read: 41_188, used: 41_188, rejected: 0 });
    expect(report.idColumn).toBeNull();
    expect(report.assumedMissing).toContainEqual(
      expect.objectContaining({ column: 'pdays', value: '999', reason: 'sentinel_number' }),
    );
    const days = report.columns.find(({ source }) => source === 'pdays')!;
    expect(days.missing).toBe(39_673);
    expect(days.numbers!.max).toBeLessThan(30);
    expect(sum(contacts.page.segments.map(({ size }) => size))).toBe(41_188);
  });

  it('score as raw records as they did in the batch', async () => {
    const labels = new Map(
      (await artifactOf(contacts.run, 'labels.arrow')).map((row) => [row.customer_id, row]),
    );
    const records = recordsOf(CONTACTS, ';');
    for (const i of [0, 20_000, 41_187]) {
      const scored = await api.post<Record<string, unknown>>('/v1/datasets/contacts/score', {
        record: records[i]!,
      });
      expect(scored.status, JSON.stringify(scored.body)).toBe(200);
      const label = labels.get(`row-${i + 2}`)!;
      expect([scored.body.segment_id, scored.body.distance_to_center]).toEqual([
        label.segment_id,
        label.distance,
      ]);
    }
  });
});

describe.skipIf(!existsSync(SHOPPERS) || !existsSync(CLIENTS))(
  'tables without leads, from drop to API',
  () => {
    it.each([
      ['shoppers', 12_330, () => unpacked(SHOPPERS)],
      ['clients', 440, () => readFileSync(CLIENTS)],
    ])('are segmented by all three algorithms, and said in words: %s', async (dataset, nRows, textOf) => {
      const { run, page } = await published(dataset, textOf());
      expect(run.rows).toMatchObject({ read: nRows, used: nRows, rejected: 0 });
      expect(sum(page.segments.map(({ size }) => size))).toBe(nRows);
      const { body } = await api.get<RunSegmentationAnswer>(`/v1/runs/${page.runId}/segmentation`);
      expect(body.segmentations.map(({ algorithm }) => algorithm)).toEqual([
        'kmeans',
        'dbscan',
        'hierarchical',
      ]);
      for (const { algorithm, clusters } of body.segmentations) {
        expect(clusters.length, algorithm).toBeGreaterThan(0);
        expect(new Set(clusters.map(({ name }) => name)).size, algorithm).toBe(clusters.length);
        expect(
          clusters.every((cluster) => cluster.action_recommendations.length > 0),
          algorithm,
        ).toBe(true);
      }
      const text = runText(body);
      expect(text).toMatch(
        new RegExp(`^Run ${page.runId}: ${nRows.toLocaleString('en-US')} entities, \\d+ features`),
      );
      expect(text).toMatch(/\nkmeans: [\s\S]*\ndbscan: [\s\S]* {2}tree: /);
    });
  },
);
