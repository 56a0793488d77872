import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { secretsIn } from '../routes/experiment-fixture.ts';
import { type Stack, startStack } from '../support/stack.ts';

interface Segment {
  readonly segment_key: string;
  readonly display_name: string;
  readonly allocations: number;
  readonly conversions: number;
}

let stack: Stack;
let keys: { acme: string; evil: string };
/** Everything that was published, and everything that was answered. */
const events: unknown[] = [];
const answers: unknown[] = [];

beforeAll(async () => {
  stack = await startStack();
  keys = { acme: await stack.keyOf('acme'), evil: await stack.keyOf('evil') };
  const { put } = stack.cloud.events;
  vi.spyOn(stack.cloud.events, 'put').mockImplementation((event) => {
    events.push(event);
    return put(event);
  });
});
afterAll(() => stack?.remove());

async function call(method: string, path: string, body?: unknown, key = keys.acme) {
  const response = await fetch(`${stack.cloud.apiUrl}${path}`, {
    method,
    headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const json = JSON.parse(await response.text());
  answers.push(json);
  return { status: response.status, json };
}

async function create(config: object): Promise<string> {
  const variants = [{ name: 'Control' }, { name: 'Bold', content: { text: 'Go' } }];
  const { status, json } = await call('POST', '/api/v1/experiments', { name: 'Home', variants, config });
  expect(status, JSON.stringify(json)).toBe(200);
  return json.experiment_id;
}
const allocate = (id: string, user_identifier: string, context: object = {}) =>
  call('POST', `/api/v1/experiments/${id}/allocate`, { user_identifier, context, channel: 'web' });
const convert = (id: string, user_identifier: string) =>
  call('POST', `/api/v1/experiments/${id}/convert`, { user_identifier });
const segmentation = (method: string, id: string, path: string, body?: unknown) =>
  call(method, `/api/v1/segmentation/${id}/${path}`, body);

/** The visitors from one number to another, so many at once. */
async function allocateMany(id: string, from: number, to: number, contextOf: (n: number) => object) {
  for (let first = from; first < to; first += 50) {
    const size = Math.min(50, to - first);
    const all = await Promise.all(
      Array.from({ length: size }, (_, i) => allocate(id, `visitor ${first + i}`, contextOf(first + i))),
    );
    expect(all.filter(({ status }) => status !== 200)).toEqual([]);
  }
}

/** The status of clusters once the last training has ended. */
async function trained(id: string) {
  for (let waited = 0; waited < 60_000; waited += 100) {
    const { json } = await segmentation('GET', id, 'clustering/status');
    if (['succeeded', 'failed'].includes(json.last_training?.status)) return json;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The training does not end.');
}

describe('an experiment with manual segments on the local stack', () => {
  const source = (n: number) => ({ utm_source: n % 2 === 0 ? 'instagram' : 'google', device: 'mobile' });

  it('loses no count of 200 allocations and conversions at once, each told twice', async () => {
    const id = await create({
      segmentation: { enabled: true, mode: 'manual', segment_by: ['source'], min_samples_per_segment: 50 },
      allocation: { burn_in: 0 },
    });
    const visitors = Array.from({ length: 200 }, (_, n) => n);
    const both = visitors.flatMap((n) => [n, n]);
    const first = await Promise.all(both.map((n) => allocate(id, `ana ${n}`, source(n))));
    expect(first.filter(({ status }) => status !== 200)).toEqual([]);
    for (const n of visitors) expect(first[2 * n]!.json).toEqual(first[2 * n + 1]!.json);

    // Each tenth of Google's visitors, each second one of Instagram's; while others come.
    const buyers = visitors.filter((n) => (n % 2 === 0 ? n % 4 === 0 : n % 20 === 1));
    const [told] = await Promise.all([
      Promise.all(buyers.flatMap((n) => [n, n]).map((n) => convert(id, `ana ${n}`))),
      allocateMany(id, 0, 100, source),
    ]);
    expect(told.map(({ status }) => status)).toEqual(told.map(() => 200));
    expect(told.filter(({ json }) => json.counted)).toHaveLength(buyers.length);

    const { json } = await segmentation('GET', id, 'segments');
    const counts = json.segments.map((segment: Segment) => [
      segment.segment_key,
      segment.display_name,
      segment.allocations,
      segment.conversions,
    ]);
    expect(counts).toEqual([
      ['source:google', 'Google Traffic', 150, 10],
      ['source:instagram', 'Instagram Traffic', 150, 50],
    ]);
    const readout = (await call('GET', `/api/v1/experiments/${id}/readout`)).json;
    expect([readout.allocations, readout.conversions]).toEqual([300, 60]);
    const seen = first.filter(({ json }, i) => i % 2 === 0 && json.variant.name === 'Bold').length;
    const bold = readout.variants.find(({ name }: { name: string }) => name === 'Bold');
    expect(bold.allocations).toBeGreaterThanOrEqual(seen);
    expect((await segmentation('GET', id, 'metrics')).json).toEqual({
      mode: 'manual',
      segments_count: 2,
      avg_lift: expect.any(Number),
      best_segment: { name: 'Instagram Traffic', conversion_rate: 50 / 150, lift: expect.any(Number) },
    });
    for (const path of ['readout', 'stop']) {
      const method = path === 'stop' ? 'POST' : 'GET';
      const stranger = await call(method, `/api/v1/experiments/${id}/${path}`, undefined, keys.evil);
      expect([stranger.status, stranger.json.reason]).toEqual([404, 'no_such_experiment']);
    }
  }, 120_000);
});

describe('an experiment with clusters on the local stack', () => {
  const KINDS = [
    { source: 'instagram', device: 'mobile' },
    { source: 'google', device: 'desktop' },
    { source: 'newsletter', device: 'tablet' },
  ];
  const kind = (n: number) => KINDS[n % 3]!;
  const train = (id: string, more: object = {}) =>
    segmentation('POST', id, 'clustering/train', { force_retrain: true, ...more });

  it('turns segmentation on by itself and trains by the workflow: of two trainings at once one model is served, and one that fails leaves it', async () => {
    const id = await create({
      segmentation: { n_clusters: 3, auto_activation: true, auto_activation_threshold: 100 },
    });
    await allocateMany(id, 0, 999, kind);
    const early = await train(id);
    expect([early.status, early.json.found, early.json.missing]).toEqual([422, 999, 1]);
    await allocateMany(id, 999, 1002, kind);
    const eligibility = (await segmentation('GET', id, 'eligibility')).json;
    expect(eligibility.avg_daily_visitors).toBeCloseTo(1002 / 7, 6);

    const review = stack.cloud.lambda.functionNames.find((name) => name.includes('ReviewExperiments'))!;
    await stack.cloud.lambda.invoke(review, JSON.stringify({ scheduledAt: new Date().toISOString() }));
    expect((await segmentation('GET', id, 'config')).json).toMatchObject({ enabled: true, mode: 'manual' });
    expect(events).toContainEqual(
      expect.objectContaining({
        'detail-type': 'Experiment Segmentation Activated',
        detail: expect.objectContaining({ experiment_id: id }),
      }),
    );
    // The manual experiment: Google's visitors convert a third as often as all do.
    expect(events).toContainEqual(
      expect.objectContaining({
        'detail-type': 'Experiment Alert',
        detail: expect.objectContaining({ segment_key: 'source:google' }),
      }),
    );

    // Two functions at once: both are told the same run, which is published once.
    const [a, b] = await Promise.all([train(id), train(id)]);
    expect([a.status, b.status, a.json.run_id]).toEqual([202, 202, b.json.run_id]);
    const status = await trained(id);
    expect(status).toMatchObject({
      is_trained: true,
      n_clusters: 3,
      samples_trained_on: 1002,
      model_version: a.json.run_id,
      last_training: { status: 'succeeded', problem: null },
    });
    const runs = (await call('GET', '/v1/runs?limit=10')).json.runs;
    expect(runs.map(({ runId }: { runId: string }) => runId)).toEqual([a.json.run_id]);

    const config = { mode: 'auto', auto_clustering_enabled: true };
    expect((await segmentation('PUT', id, 'config', config)).json).toMatchObject({
      enabled: true,
      ...config,
    });
    // Other instances know the experiment as it was for two seconds.
    await vi.waitFor(
      async () => {
        const { json } = await allocate(id, `new ${Math.random()}`, kind(0));
        expect(json.segment_key).toMatch(/^cluster_\d$/);
      },
      { timeout: 10_000, interval: 500 },
    );

    // Ten clusters of visitors of three kinds: the workflow refuses, the former clusters serve on.
    const refused = (await train(id, { n_clusters: 10 })).json;
    expect(refused.run_id).not.toBe(a.json.run_id);
    expect(await trained(id)).toMatchObject({
      is_trained: true,
      model_version: a.json.run_id,
      last_training: { run_id: refused.run_id, status: 'failed', problem: expect.stringContaining('10') },
    });
    const found = await Promise.all(KINDS.map((context, k) => allocate(id, `late ${k}`, context)));
    expect(found.map(({ json }) => json.segment_key).sort()).toEqual(['cluster_0', 'cluster_1', 'cluster_2']);
    const names = (await segmentation('GET', id, 'segments')).json.segments.map(
      ({ display_name }: Segment) => display_name,
    );
    expect(names).toEqual(expect.arrayContaining(['All Visitors', expect.stringMatching(/Mobile Users$/)]));
  }, 240_000);
});

describe('all that was answered, logged and published', () => {
  it('names no belief, score, chance or counter, and no visitor', () => {
    const folder = join(stack.dataFolder, 'logs');
    const lines = readdirSync(folder)
      .filter((name) => /Experiments|Training|Review/.test(name))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
    // The platform's own lines are no JSON.
    const records = lines
      .map((line) => line.slice(line.indexOf(' ') + 1))
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    // Allocations and conversions; how often a training was asked for besides hangs on the machine.
    expect(answers.length).toBeGreaterThan(1500);
    expect(records.length).toBeGreaterThan(1500);
    expect(events.length).toBeGreaterThanOrEqual(2);
    expect(secretsIn([answers, records, events])).toEqual([]);
    expect(lines.join('')).not.toMatch(/visitor \d|ana \d/);
  });
});
