import { describe, expect, it } from 'vitest';
import type { StepProgress } from '../../functions/contracts/records.ts';
import type { Trigger } from '../../functions/contracts/workflow.ts';
import { identifyRun } from '../../functions/run-identity.ts';
import { runOf } from '../adapters/run-store-contract.ts';
import { openApi } from './api-fixture.ts';

const at = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, '0')}.000Z`;

const progressOf = (more: Partial<StepProgress>): StepProgress => ({
  tenant: 'acme',
  runId: 'r1',
  step: 'BuildFeatures',
  item: 0,
  status: 'done',
  rows: 10,
  startedAt: at(10),
  updatedAt: at(12),
  peakMemoryMb: 90,
  ...more,
});

describe('GET /v1/runs', () => {
  it('pages through all runs, newest first, twenty at a time unless told otherwise', async () => {
    const { call, ports } = openApi();
    for (let n = 0; n < 25; n++) {
      await ports.runs.claim(runOf('acme', `r${n}`, { startedAt: at(n) }));
    }
    const first = await call({ path: '/v1/runs' });
    expect(first.json.runs).toHaveLength(20);
    expect(first.json.runs[0]).toEqual({
      runId: 'r24',
      dataset: 'orders',
      status: 'running',
      trigger: 'api',
      startedAt: at(24),
    });
    const second = await call({ path: '/v1/runs', query: { cursor: first.json.cursor } });
    expect(second.json.runs.map((run: { runId: string }) => run.runId)).toEqual([
      'r4',
      'r3',
      'r2',
      'r1',
      'r0',
    ]);
    expect(second.json.cursor).toBeUndefined();
    const all = await call({ path: '/v1/runs', query: { limit: '100' } });
    expect(all.json.runs).toHaveLength(25);
  });
});

describe('GET /v1/runs/{runId}', () => {
  it('tells progress and timing per step, row counts and scores', async () => {
    const { call, ports } = openApi();
    const run = runOf('acme', 'r1', {
      startedAt: at(5),
      itemsPerStep: { BuildFeatures: 3, MergeEntities: 2 },
    });
    await ports.runs.claim(run);
    const done = {
      status: 'succeeded' as const,
      finishedAt: at(40),
      rows: { read: 3, used: 2, rejected: 1, byRule: { missing_customer_id: 1 } },
      nEntities: 2,
      nSegments: 2,
      scores: { inertia: 1.5, silhouette: 0.4, daviesBouldin: 0.9, iterations: 4, restarts: 10 },
      artifacts: [
        { name: 'model.json', key: 'runs/acme/orders/r1/artifacts/model.json', bytes: 9, sha256: 'ab' },
      ],
    };
    await ports.runs.update('acme', 'r1', done);
    for (const report of [
      progressOf({ step: 'MergeEntities', status: 'running', startedAt: at(20), updatedAt: at(20), rows: 1 }),
      progressOf({ item: 0 }),
      progressOf({ item: 1, startedAt: at(11), updatedAt: at(15), rows: 7, peakMemoryMb: 120 }),
      progressOf({ item: 2, status: 'failed', rows: 0 }),
    ]) {
      await ports.runs.reportProgress(report);
    }
    const { json } = await call({ path: '/v1/runs/r1' });
    expect(json).toEqual({
      runId: 'r1',
      dataset: 'orders',
      trigger: 'api',
      startedAt: at(5),
      executionId: run.executionId,
      request: run.request,
      ...done,
      steps: [
        {
          step: 'BuildFeatures',
          items: { total: 3, done: 2, failed: 1 },
          rows: 17,
          startedAt: at(10),
          updatedAt: at(15),
          durationMs: 5000,
          peakMemoryMb: 120,
        },
        {
          step: 'MergeEntities',
          items: { total: 2, done: 0, failed: 0 },
          rows: 1,
          startedAt: at(20),
          updatedAt: at(20),
          durationMs: 0,
          peakMemoryMb: 90,
        },
      ],
    });
  });

  it('leaves out the reports of an attempt that failed before the run was taken over', async () => {
    const { call, ports } = openApi();
    await ports.runs.claim(runOf('acme', 'r1', { startedAt: at(30) }));
    await ports.runs.reportProgress(progressOf({ item: 0, updatedAt: at(12) }));
    await ports.runs.reportProgress(progressOf({ item: 1, startedAt: at(31), updatedAt: at(33) }));
    const { json } = await call({ path: '/v1/runs/r1' });
    expect(json.steps).toMatchObject([{ items: { total: 1, done: 1 }, durationMs: 2000 }]);
  });

  it('shows why a run failed, with file, line and reason', async () => {
    const { call, ports } = openApi();
    await ports.runs.claim(runOf('acme', 'r1'));
    const problem = {
      type: 'about:blank',
      title: 'InvalidDatasetError',
      status: 422,
      detail: 'Line 3 has 4 fields.',
      file: 'files/acme/orders/a.csv',
      line: 3,
      reason: 'ragged_row',
    };
    await ports.runs.update('acme', 'r1', { status: 'failed', problem });
    const { statusCode, json } = await call({ path: '/v1/runs/r1' });
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({ status: 'failed', problem });
  });

  it('fails with 404 for a run that does not exist', async () => {
    const { statusCode, json } = await openApi().call({ path: '/v1/runs/r9' });
    expect(statusCode).toBe(404);
    expect(json).toMatchObject({ title: 'NotFoundError', runId: 'r9' });
  });
});

describe('POST /v1/runs', () => {
  const start = (body: unknown, more: object = {}) => ({ method: 'POST', path: '/v1/runs', body, ...more });

  async function withFile() {
    const api = openApi();
    await api.ports.objects.write('files/acme/orders/a.csv', new TextEncoder().encode('a,b\n1,2\n'));
    return api;
  }

  it('starts the workflow as asked and says where to look', async () => {
    const { call, ports } = await withFile();
    const result = await call(start({ dataset: 'orders', files: ['files/acme/orders/a.csv'], seed: 7 }));
    expect(result.statusCode).toBe(202);
    const [[name, input] = []] = [...ports.contents.executions];
    const expected: Trigger = {
      trigger: 'api',
      tenant: 'acme',
      dataset: 'orders',
      request: {
        files: ['files/acme/orders/a.csv'],
        seed: 7,
      },
    };
    expect(input).toEqual(expected);
    const identity = await identifyRun(expected, ports);
    expect(result.json).toEqual({
      runId: identity?.run.runId,
      dataset: 'orders',
      executionId: `memory:${name}`,
    });
    expect(result.headers.location).toBe(`/v1/runs/${identity?.run.runId}`);
    expect(name).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
  });

  it('takes a folder and the drop prefix', async () => {
    const { call, ports } = await withFile();
    await ports.objects.write('drop/acme/orders/b.csv', new Uint8Array([1]));
    const files = ['files/acme/orders/', 'drop/acme/orders/b.csv'];
    expect((await call(start({ dataset: 'orders', files }))).statusCode).toBe(202);
  });

  it.each([
    ['another tenant’s file', 'files/rival/orders/a.csv', 403],
    ['another tenant’s drop', 'drop/rival/a.csv', 403],
    ['a tenant whose name begins alike', 'files/acme2/orders/a.csv', 403],
    ['what a run wrote', 'runs/acme/orders/r1/plan/plan.json', 400],
    ['a key above the prefixes', 'a.csv', 400],
    ['a whole prefix', 'files/', 400],
    ['a tenant without a folder', 'files/acme', 400],
    ['a path that climbs', 'files/acme/../rival/orders/a.csv', 400],
    ['a file that is not there', 'files/acme/orders/missing.csv', 400],
  ])('fails for %s and starts nothing', async (_what, file, status) => {
    const { call, ports } = await withFile();
    const { statusCode, json } = await call(start({ dataset: 'orders', files: [file] }));
    expect(statusCode).toBe(status);
    expect(json.detail).toContain(JSON.stringify(file));
    expect(ports.contents.executions.size).toBe(0);
  });

  it.each([
    [{ files: ['files/acme/orders/a.csv'] }, '/dataset'],
    [{ dataset: 'orders', files: [] }, '/files'],
    [{ dataset: 'orders', files: ['files/acme/orders/a.csv'], nClusters: 1 }, '/nClusters'],
    [{ dataset: 'orders', files: ['files/acme/orders/a.csv'], nClusters: { min: 8, max: 3 } }, '/nClusters'],
    [{ dataset: 'orders', files: ['files/acme/orders/a.csv'], seed: -1 }, '/seed'],
    [{ dataset: 'orders', files: ['files/acme/orders/a.csv'], tenant: 'rival' }, '/tenant'],
  ])('fails with 400 for %j', async (body, pointer) => {
    const { call, ports } = await withFile();
    const { json } = await call(start(body));
    expect(json).toMatchObject({ status: 400, errors: [{ in: 'body', pointer }] });
    expect(ports.contents.executions.size).toBe(0);
  });

  it('fails with 413 for a list of files that no execution can take', async () => {
    const { call } = await withFile();
    const files = Array.from({ length: 9000 }, (_, n) => `files/acme/orders/part-of-a-long-name-${n}.csv`);
    const { statusCode, json } = await call(start({ dataset: 'orders', files }));
    expect(statusCode).toBe(413);
    expect(json.detail).toContain('folder');
  });
});
