import { beforeAll, describe, expect, it } from 'vitest';
import { decodeArrow } from '../functions/arrow/ipc.ts';
import { runKeys } from '../functions/contracts/keys.ts';
import { allRoutes } from '../functions/routes/all-routes.ts';
import { openApi } from './routes/api-fixture.ts';
import { leadsCsv, madeUpLeads } from './support/leads-csv.ts';
import { runWorkflow } from './support/run-workflow.ts';

const leads = madeUpLeads(400);
const config = {
  kind: 'leads',
  idColumn: 'lead_id',
  timeColumn: 'created_at',
  minDataPoints: 100,
  nClusters: 3,
};

describe('a dataset of leads', () => {
  const api = openApi();
  const { call, ports } = api;
  const key = 'drop/acme/leads/leads.csv';
  const runOn = async (text: string) => {
    await ports.objects.write(key, new TextEncoder().encode(text));
    const { plan, error } = await runWorkflow(ports, { trigger: 'drop', key });
    if (error) throw error;
    return plan!.run!;
  };
  let run: Awaited<ReturnType<typeof runOn>>;
  beforeAll(async () => {
    await call({ method: 'PUT', path: '/v1/datasets/leads', body: config });
    run = await runOn(leadsCsv(leads));
  }, 60_000);

  it('becomes segments that are named, described and told apart', async () => {
    const { segments } = (await call({ path: '/v1/segments', query: { dataset: 'leads' } })).json;
    expect(segments).toHaveLength(3);
    const sizes = segments.map(({ size }: { size: number }) => size);
    expect(sizes.reduce((a: number, b: number) => a + b)).toBe(400);
    expect(new Set(segments.map(({ name }: { name: string }) => name)).size).toBe(3);
    for (const { statistics, categories, distinctive } of segments) {
      expect(Object.keys(statistics)).toEqual(expect.arrayContaining(['behavior_score', 'engagement_score']));
      const shares = categories.ltv_class.map(({ share }: { share: number }) => share);
      expect(shares.reduce((a: number, b: number) => a + b)).toBeCloseTo(1, 12);
      expect(distinctive.length).toBeGreaterThan(0);
    }
  });

  it('scores each raw record as the batch did, bit for bit', async () => {
    const labels = decodeArrow(ports.contents.objects.get(runKeys(run).artifact('labels.arrow'))!);
    const [ids, segments, distances] = [
      labels.strings('customer_id'),
      labels.int32('segment_id'),
      labels.float64('distance'),
    ];
    for (const [row, id] of ids.entries()) {
      const record = leads[Number(id.slice('lead-'.length))]!;
      const { json } = await call({
        method: 'POST',
        path: '/v1/datasets/leads/score',
        body: { record },
      });
      expect([json.segment_id, json.distance_to_center]).toEqual([segments[row], distances[row]]);
    }
  });

  it('explains customers by parts that sum to the distance, and by changes that do move them', async () => {
    let changes = 0;
    for (const lead of leads.slice(0, 30)) {
      const path = `/v1/customers/${lead.lead_id}/explanation`;
      const { statusCode, json } = await call({ path, query: { dataset: 'leads' } });
      expect(statusCode).toBe(200);
      const sum = json.distance_parts.reduce((total: number, { part }: { part: number }) => total + part, 0);
      expect(sum).toBeCloseTo(json.distance_to_center ** 2, 6);
      for (const { column, to, segment_id } of json.smallest_changes) {
        const scored = await call({
          method: 'POST',
          path: '/v1/datasets/leads/score',
          body: { record: { ...lead, [column]: to } },
        });
        expect([column, to, scored.json.segment_id]).toEqual([column, to, segment_id]);
        expect(segment_id).not.toBe(json.segment_id);
        changes++;
      }
    }
    expect(changes).toBeGreaterThanOrEqual(30);
  });

  it('fails to score what is no value of its column, pointing at it, and what is nobody’s', async () => {
    const score = { method: 'POST', path: '/v1/datasets/leads/score' };
    const wrong = await call({ ...score, body: { record: { behavior_score: 'many', colour: 'blue' } } });
    expect(wrong.statusCode).toBe(400);
    expect(wrong.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/record/colour',
      '/record/behavior_score',
    ]);
    expect((await call({ ...score, body: { record: {} }, tenant: 'rival' })).statusCode).toBe(404);
  });

  it('reports on the quality of its data, to its own tenant alone', async () => {
    const path = `/v1/runs/${run.runId}/quality`;
    const { report, drift } = (await call({ path })).json;
    expect(report).toMatchObject({ kind: 'leads', entities: 400, idColumn: 'lead_id' });
    expect(report.rows).toMatchObject({ read: 400, used: 400, rejected: 0 });
    const score = report.columns.find(({ name }: { name: string }) => name === 'behavior_score');
    expect(score.missing).toBe(leads.filter(({ behavior_score }) => behavior_score === '').length);
    const counted = score.numbers.histogram.counts.reduce((a: number, b: number) => a + b);
    expect(counted + score.missing).toBe(400);
    const shares = report.features.map(({ importance }: { importance: number }) => importance);
    expect(shares.reduce((a: number, b: number) => a + b)).toBeCloseTo(1, 12);
    expect(drift).toBeUndefined();
    expect((await call({ path, tenant: 'rival' })).statusCode).toBe(404);
  });

  it('answers as the API document says', async () => {
    const calls: Record<string, { path?: string; body?: unknown }> = {
      'GET /v1/datasets': {},
      'GET /v1/datasets/{dataset}': {},
      'PUT /v1/datasets/{dataset}': { body: config },
      'POST /v1/datasets/{dataset}/inference': { body: { files: [key] } },
      'POST /v1/datasets/{dataset}/score': { body: { record: leads[0] } },
      'GET /v1/runs/{runId}/quality': {},
      'GET /v1/segments': {},
    };
    for (const [name, request] of Object.entries(calls)) {
      const route = allRoutes.find(({ method, path }) => `${method} ${path}` === name)!;
      const path = route.path.replace('{dataset}', 'leads').replace('{runId}', run.runId);
      const { statusCode, json } = await call({ method: route.method, path, ...request });
      expect([name, statusCode]).toEqual([name, 200]);
      expect(route.answer.safeParse(json).error, name).toBeUndefined();
    }
  });

  it('is another run under another configuration, and tells which columns moved', async () => {
    await call({ method: 'PUT', path: '/v1/datasets/leads', body: { ...config, nClusters: 4 } });
    const same = await runOn(leadsCsv(leads));
    expect(same.runId).not.toBe(run.runId);
    const { segments } = (await call({ path: '/v1/segments', query: { dataset: 'leads' } })).json;
    expect(segments).toHaveLength(4);
    const { drift: none } = (await call({ path: `/v1/runs/${same.runId}/quality` })).json;
    expect(none.columns.every(({ psi }: { psi: number }) => psi === 0)).toBe(true);

    const moved = await runOn(leadsCsv(madeUpLeads(400, { seed: 2, brazil: 0.95 })));
    const { drift } = (await call({ path: `/v1/runs/${moved.runId}/quality` })).json;
    const verdicts = Object.fromEntries(
      drift.columns.map(({ name, verdict }: { name: string; verdict: string }) => [name, verdict]),
    );
    expect(drift.against).toBe(same.runId);
    expect(verdicts).toMatchObject({ country: 'shifted', ltv_class: 'stable' });
  });
});
