import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORDER_HEADER, sampleOrders } from '../../cli/orders.ts';
import type { SegmentsPage } from '../../functions/contracts/api.ts';
import type { RunDetail, RunSummary } from '../../functions/contracts/api-runs.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

const ordersOf = (seed: number) => [...sampleOrders({ customers: 400, seed })].join('');

let stack: Stack;
let acme: ReturnType<typeof apiOf>;
let zebra: ReturnType<typeof apiOf>;
beforeAll(async () => {
  stack = await startStack();
  acme = apiOf(stack, await stack.keyOf('acme'));
  zebra = apiOf(stack, await stack.keyOf('zebra'));
  await stack.drop('drop/acme/orders/may.csv', ordersOf(1));
  await stack.drop('drop/zebra/orders/may.csv', ordersOf(2));
});
afterAll(() => stack?.remove());

const runsOf = async (api: typeof acme) => (await api.get<{ runs: RunSummary[] }>('/v1/runs')).body.runs;
const served = async (api: typeof acme) => (await api.get<SegmentsPage>('/v1/segments?dataset=orders')).body;

/** Drops a file that must fail, and returns the run it made. */
async function failedRun(name: string, body: string | Uint8Array): Promise<RunDetail> {
  const before = (await runsOf(acme)).map(({ runId }) => runId);
  const execution = await stack.drop(`drop/acme/orders/${name}`, body);
  expect(execution.status).toBe('FAILED');
  const made = (await runsOf(acme)).find(({ runId }) => !before.includes(runId));
  return acme.run(made!.runId);
}

describe('a file dropped twice', () => {
  it('is one run, whatever its name', async () => {
    const before = await runsOf(acme);
    const published = await served(acme);
    const again = await stack.drop('drop/acme/orders/may.csv', ordersOf(1));
    const renamed = await stack.drop('drop/acme/orders/may-copy.csv', ordersOf(1));
    expect([again.status, renamed.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(await runsOf(acme)).toEqual(before);
    expect(await served(acme)).toEqual(published);
  });

  it('is served again after another one was', async () => {
    const first = await served(acme);
    await stack.drop('drop/acme/orders/june.csv', ordersOf(3));
    expect((await served(acme)).runId).not.toBe(first.runId);
    await stack.drop('drop/acme/orders/may.csv', ordersOf(1));
    expect((await served(acme)).segments).toEqual(first.segments);
  });
});

describe('a run whose execution was stopped half-way', () => {
  it('is taken over by the next execution for the same content', async () => {
    const { lambda, workflow } = stack.cloud;
    const worker = lambda.functionNames.find((name) => name.includes('BuildFeatures'))!;
    const cut = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!lambda.environments(worker).some(({ busy }) => busy)) return;
        clearInterval(look);
        resolve(workflow.close());
      }, 2);
    });
    const body = ordersOf(6);
    const [stopped] = await Promise.all([stack.drop('drop/acme/orders/july.csv', body), cut]);
    expect(stopped.status).toBe('ABORTED');
    const [left] = await runsOf(acme);
    expect(left!.status).toBe('running');

    expect((await stack.drop('drop/acme/orders/july.csv', body)).status).toBe('SUCCEEDED');
    expect(await acme.run(left!.runId)).toMatchObject({ status: 'succeeded' });
    expect((await served(acme)).runId).toBe(left!.runId);
  });
});

describe('a corrupt file', () => {
  it('fails naming file, line and reason, and leaves what is served alone', async () => {
    const published = await served(acme);
    const lines = ordersOf(4).split('\n');
    lines[1233] = 'only,three,fields';
    const run = await failedRun('ragged.csv', lines.join('\n'));
    expect(run.status).toBe('failed');
    expect(run.problem).toMatchObject({
      title: 'InvalidDatasetError',
      status: 422,
      file: 'drop/acme/orders/ragged.csv',
      line: 1234,
      reason: 'ragged_row',
    });
    expect(await served(acme)).toEqual(published);
  });

  it('fails for a gzip file that was cut off', async () => {
    const whole = gzipSync(ordersOf(5));
    const run = await failedRun('cut.csv.gz', whole.subarray(0, whole.length / 2));
    expect(run.problem).toMatchObject({ title: 'InvalidDatasetError', file: 'drop/acme/orders/cut.csv.gz' });
  });

  it.each([
    ['empty.csv', '', 'InvalidDatasetError'],
    ['header-only.csv', `${ORDER_HEADER}\n`, 'InsufficientDataError'],
    [
      'no-column.csv',
      `${ORDER_HEADER.split(',').slice(1).join(',')}\n1,2025-01-01,1,2\n`,
      'InvalidDatasetError',
    ],
    ['binary.csv', new Uint8Array(4096).map((_, i) => (i * 37) % 256), 'InvalidDatasetError'],
  ])('fails for %s with a typed problem', async (name, body, title) => {
    const run = await failedRun(name, body);
    expect(run.problem).toMatchObject({ title, file: `drop/acme/orders/${name}` });
  });

  it('fails for three customers and five segments, saying both numbers', async () => {
    const rows = ['1', '2', '3'].map((id) => `${id},A,thing,1,2025-01-0${id} 10:00:00,${id}.50,${id},Spain`);
    const run = await failedRun('three.csv', [ORDER_HEADER, ...rows].join('\n'));
    expect(run.problem).toMatchObject({ title: 'InsufficientDataError' });
    expect(run.problem!.detail).toMatch(/3.*5/);
  });
});

describe('two tenants', () => {
  it('see their own runs, segments and customers, and nothing of each other', async () => {
    const [mine, theirs] = [await runsOf(acme), await runsOf(zebra)];
    expect(theirs).toHaveLength(1);
    expect(mine.map(({ runId }) => runId)).not.toContain(theirs[0]!.runId);
    expect((await acme.get(`/v1/runs/${theirs[0]!.runId}`)).status).toBe(404);
    expect((await served(zebra)).segments).not.toEqual((await served(acme)).segments);

    await stack.drop('drop/zebra/private/p.csv', ordersOf(9).replaceAll(',10001,', ',only-zebra,'));
    expect((await zebra.get('/v1/customers/only-zebra/segment?dataset=private')).status).toBe(200);
    expect((await acme.get('/v1/customers/only-zebra/segment?dataset=private')).status).toBe(404);
    expect((await acme.get('/v1/segments?dataset=private')).status).toBe(404);
  });

  it('fails without a key, with a wrong one, and for files of the other', async () => {
    const { apiUrl } = stack.cloud;
    expect((await fetch(`${apiUrl}/v1/runs`)).status).toBe(401);
    expect((await fetch(`${apiUrl}/v1/runs`, { headers: { 'X-API-Key': 'tsl.acme.x.y' } })).status).toBe(403);
    const foreign = await acme.post('/v1/runs', { dataset: 'orders', files: ['drop/zebra/orders/may.csv'] });
    expect([400, 403]).toContain(foreign.status);
  });

  it('start runs over the API on their own files', async () => {
    const started = await acme.post<{ runId: string }>('/v1/runs', {
      dataset: 'orders',
      files: ['drop/acme/orders/may.csv'],
      nClusters: 3,
    });
    expect(started.status).toBe(202);
    const until = Date.now() + 60_000;
    let run = await acme.run(started.body.runId);
    while (run.status !== 'succeeded' && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      run = await acme.run(started.body.runId);
    }
    expect(run).toMatchObject({ status: 'succeeded', trigger: 'api', nSegments: 3 });
    expect((await served(acme)).runId).toBe(started.body.runId);
  });
});
