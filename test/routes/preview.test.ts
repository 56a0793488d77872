import { beforeAll, describe, expect, it } from 'vitest';
import { membersPageSchema } from '../../functions/contracts/api-members.ts';
import { MOST_PREVIEW_RECORDS, previewAnswerSchema } from '../../functions/contracts/api-preview.ts';
import { leadsCsv, madeUpLeads } from '../support/leads-csv.ts';
import { runWorkflow } from '../support/run-workflow.ts';
import { openApi } from './api-fixture.ts';

const PATH = '/v1/segments/preview';
const leads = madeUpLeads(400);
const { call, ports } = openApi();
const preview = (body: unknown, more = {}) => call({ method: 'POST', path: PATH, body, ...more });
const stored = () => JSON.stringify([...ports.contents.objects.keys()].sort());

beforeAll(async () => {
  const config = { kind: 'leads', idColumn: 'lead_id', timeColumn: 'created_at', nClusters: 3 };
  await call({ method: 'PUT', path: '/v1/datasets/leads', body: config });
  const key = 'drop/acme/leads/leads.csv';
  await ports.objects.write(key, new TextEncoder().encode(leadsCsv(leads)));
  const { error } = await runWorkflow(ports, { trigger: 'drop', key });
  if (error) throw error;
});

describe(`POST ${PATH}`, () => {
  it('scores unsaved customers as the score route does', async () => {
    const records = leads.slice(0, 20).map(({ lead_id: _id, ...record }) => record);
    const { statusCode, json } = await preview({ records });
    expect(statusCode).toBe(200);
    expect(previewAnswerSchema.parse(json)).toEqual(json);
    for (const [index, record] of records.entries()) {
      const scored = await call({ method: 'POST', path: '/v1/datasets/leads/score', body: { record } });
      const { dataset: _dataset, run_id: _run, ...expected } = scored.json;
      expect(json.scored[index]).toEqual({ index, ...expected });
    }
  });

  it('finds the served segments again where nothing is changed but the sample', async () => {
    const { statusCode, json } = await preview({ recluster: { n_clusters: 3, sample: 400 } });
    expect(statusCode).toBe(200);
    expect(previewAnswerSchema.parse(json)).toEqual(json);
    const { total_leads, total_customers, adjusted_rand, moves, n_clusters } = json.reclustered;
    expect([total_leads, total_customers, n_clusters]).toEqual([400, 400, 3]);
    expect(adjusted_rand).toBeGreaterThan(0.95);
    const moved = moves.reduce((sum: number, { customers }: { customers: number }) => sum + customers, 0);
    expect(moved).toBe(400);
    expect(json.reclustered).not.toHaveProperty('members');
  });

  it('takes another number of clusters, other features and other algorithms, on a sample', async () => {
    const more = await preview({ recluster: { n_clusters: 6, sample: 150 } });
    expect(more.json.reclustered).toMatchObject({ n_clusters: 6, total_leads: 150, total_customers: 400 });
    const features = ['behavior_score', 'geo'];
    const other = await preview({ recluster: { n_clusters: 3, features } });
    const used: string[] = other.json.reclustered.features.used;
    expect(used.every((name) => /^(behavior_score|country)/.test(name))).toBe(true);
    for (const algorithm of ['dbscan', 'hierarchical']) {
      const { statusCode, json } = await preview({ recluster: { algorithm } });
      expect([algorithm, statusCode, json.reclustered.algorithm]).toEqual([algorithm, 200, algorithm]);
    }
  });

  it('writes nothing', async () => {
    const before = stored();
    const runs = await ports.runs.list('acme', { limit: 100 });
    await preview({ recluster: { n_clusters: 4 } });
    expect((await preview({ records: [leads[0]] })).statusCode).toBe(200);
    expect(stored()).toBe(before);
    expect(await ports.runs.list('acme', { limit: 100 })).toEqual(runs);
    const { json } = await call({ path: '/v1/segments' });
    expect(json.segments).toHaveLength(3);
  });

  it.each([
    ['neither records nor recluster', {}, ''],
    ['both', { records: [{}], recluster: {} }, ''],
    ['no record', { records: [] }, '/records'],
    [
      'too many records',
      { records: Array.from({ length: MOST_PREVIEW_RECORDS + 1 }, () => ({})) },
      '/records',
    ],
    ['2 clusters', { recluster: { n_clusters: 2 } }, '/recluster/n_clusters'],
    ['11 clusters', { recluster: { n_clusters: 11 } }, '/recluster/n_clusters'],
    ['a sample of 0', { recluster: { sample: 0 } }, '/recluster/sample'],
    ['a sample of −1', { recluster: { sample: -1 } }, '/recluster/sample'],
    ['a sample of 10⁶', { recluster: { sample: 1_000_000 } }, '/recluster/sample'],
    [
      'a score that is none',
      { records: [leads[0], { ...leads[0], behavior_score: 'many' }] },
      '/records/1/behavior_score',
    ],
    ['a column that is nobody’s', { records: [{ ...leads[0], colour: 'blue' }] }, '/records/0/colour'],
  ])('fails with 400 for %s', async (_, body, pointer) => {
    const { statusCode, json } = await preview(body);
    expect(statusCode).toBe(400);
    expect(json.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  it('fails for features that do not exist, a dataset that is unknown, and another tenant', async () => {
    expect((await preview({ recluster: { features: ['karma'] } })).json.reason).toBe('unknown_feature');
    expect((await preview({ dataset: 'nothing', records: [{}] })).statusCode).toBe(404);
    expect((await preview({ records: [{}] }, { tenant: 'rival' })).statusCode).toBe(404);
    expect((await preview({ records: [{}] }, { scopes: ['runs:read'] })).statusCode).toBe(403);
  });
});

describe('GET /v1/segments/{segmentId}/members', () => {
  const page = (segmentId: number | string, query: Record<string, string> = {}, more = {}) =>
    call({ path: `/v1/segments/${segmentId}/members`, query, ...more });

  it('lists each customer once, page by page, with the label that the customer has', async () => {
    const seen = new Map<string, number>();
    for (const segmentId of [0, 1, 2]) {
      const found: string[] = [];
      let size = 0;
      let cursor: string | undefined;
      do {
        const { statusCode, json } = await page(segmentId, { limit: '17', ...(cursor && { cursor }) });
        expect(statusCode).toBe(200);
        expect(membersPageSchema.parse(json)).toEqual(json);
        expect(json.members.length).toBeLessThanOrEqual(17);
        found.push(...json.members.map(({ customer_id }: { customer_id: string }) => customer_id));
        ({ cursor, size } = json);
      } while (cursor !== undefined);
      expect(found).toHaveLength(size);
      for (const id of found) seen.set(id, segmentId);
    }
    expect(seen.size).toBe(400);
    for (const [id, segmentId] of [...seen].slice(0, 25)) {
      expect((await call({ path: `/v1/customers/${id}/segment` })).json.segment_id).toBe(segmentId);
    }
  });

  it('ends without a cursor where a page is exactly full', async () => {
    const { size } = (await page(2)).json;
    expect((await page(2, { limit: String(size) })).json).not.toHaveProperty('cursor');
  });

  it.each([
    ['limit 0', { limit: '0' }],
    ['limit −1', { limit: '-1' }],
    ['limit 10⁶', { limit: '1000000' }],
    ['a malformed cursor', { cursor: 'x' }],
    ['an unknown parameter', { offset: '3' }],
  ])('fails with 400 for %s', async (_, query) => {
    expect((await page(0, query)).statusCode).toBe(400);
  });

  it('fails with 400 for a segment that is no number, and the cursor of another segment', async () => {
    expect((await page('first')).statusCode).toBe(400);
    expect((await page('-1')).statusCode).toBe(400);
    const { cursor } = (await page(0, { limit: '1' })).json;
    expect((await page(1, { cursor })).json.reason).toBe('invalid_cursor');
    expect((await page(0, { cursor }, { tenant: 'rival' })).json.reason).toBe('invalid_cursor');
  });

  it('fails with 404 for a segment or dataset that does not exist, and for another tenant', async () => {
    expect((await page(99)).json.reason).toBe('no_such_segment');
    expect((await page(0, { dataset: 'nothing' })).statusCode).toBe(404);
    expect((await page(0, {}, { tenant: 'rival' })).statusCode).toBe(404);
  });
});

describe('members and previews of a run whose clusters are numbered otherwise than its segments', () => {
  it('go by the segments', async () => {
    // The largest kind of lead becomes the smallest: clusters, which are numbered by size, change their numbers.
    const { segments: before } = (await call({ path: '/v1/segments' })).json;
    const largest = before[0].segment_id;
    const { members } = (await call({ path: `/v1/segments/${largest}/members`, query: { limit: '1000' } }))
      .json;
    const gone = new Set<string>();
    for (const { customer_id } of members.slice(0, -40)) gone.add(customer_id);
    const key = 'drop/acme/leads/later.csv';
    const rest = leads.filter(({ lead_id }) => !gone.has(lead_id!));
    await ports.objects.write(key, new TextEncoder().encode(leadsCsv(rest)));
    const { error } = await runWorkflow(ports, { trigger: 'drop', key }, { executionId: 'later' });
    if (error) throw error;
    const page = (await call({ path: `/v1/segments/${largest}/members`, query: { limit: '1000' } })).json;
    expect(page.size).toBe(40);
    expect(page.members).toHaveLength(40);
    for (const { customer_id } of page.members) {
      expect((await call({ path: `/v1/customers/${customer_id}/segment` })).json.segment_id).toBe(largest);
    }
    const { moves, adjusted_rand } = (await preview({ recluster: { n_clusters: 3 } })).json.reclustered;
    expect(adjusted_rand).toBeGreaterThan(0.9);
    const ofLargest = moves.filter(({ segment_id }: { segment_id: number }) => segment_id === largest);
    expect(ofLargest.reduce((sum: number, move: { customers: number }) => sum + move.customers, 0)).toBe(40);
  });
});
