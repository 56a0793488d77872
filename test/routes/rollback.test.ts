import { describe, expect, it } from 'vitest';
import { runFlowSchema } from '../../functions/contracts/api-flow.ts';
import { runRequestSchema } from '../../functions/contracts/workflow.ts';
import { runWorkflow } from '../support/run-workflow.ts';
import { openApi } from './api-fixture.ts';

const rows = (moved: number) =>
  Array.from({ length: 120 }, (_, i) => {
    const isFar = i % 2 === 1 || i < moved;
    return `p${i},${(isFar ? 1000 : 10) + (i % 7)},${(isFar ? 50 : 1) + (i % 3)}`;
  });

/** The API over a dataset that was segmented once per number of moved customers. */
async function dataset(...versions: number[]) {
  let now = Date.UTC(2026, 0, 1);
  const api = openApi(() => {
    now += 1000;
    return new Date(now);
  });
  const segment = async (moved: number) => {
    const file = `files/acme/people/v${moved}.csv`;
    const text = `id,spend,visits\n${rows(moved).join('\n')}\n`;
    await api.ports.objects.write(file, new TextEncoder().encode(text));
    const request = runRequestSchema.parse({ files: [file], recipe: 'table', nClusters: 2 });
    const { plan, error } = await runWorkflow(api.ports, {
      trigger: 'api',
      tenant: 'acme',
      dataset: 'people',
      request,
    });
    if (error) throw error;
    return plan!.run!.runId;
  };
  const runIds: string[] = [];
  for (const moved of versions) runIds.push(await segment(moved));
  const rollBack = (body: unknown = {}, tenant = 'acme') =>
    api.call({ method: 'POST', path: '/v1/datasets/people/rollback', body, tenant });
  const segmentOf = async (id: string) => {
    const { json } = await api.call({ path: `/v1/customers/${id}/segment`, query: { dataset: 'people' } });
    return [json.run_id, json.segment_id];
  };
  return { ...api, segment, runIds, rollBack, segmentOf };
}

describe('POST /v1/datasets/{dataset}/rollback', () => {
  it('serves the run before, and a run after it starts from there', async () => {
    const { runIds, rollBack, segmentOf, segment } = await dataset(0, 10);
    const [one, two] = runIds;
    expect(await segmentOf('p4')).toEqual([two, 1]);
    const { statusCode, json } = await rollBack();
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({ dataset: 'people', runId: one, rolledBackFrom: two });
    expect(await segmentOf('p4')).toEqual([one, 0]);
    // p4 moved in the run that was rolled back: its label of that run must not count.
    const three = await segment(3);
    expect(await segmentOf('p4')).toEqual([three, 0]);
    expect(await segmentOf('p2')).toEqual([three, 1]);
  });

  it('serves any finished run by its id', async () => {
    const { runIds, rollBack, segmentOf } = await dataset(0, 10, 20);
    expect((await rollBack({ runId: runIds[1] })).json.runId).toBe(runIds[1]);
    expect(await segmentOf('p14')).toEqual([runIds[1], 0]);
    expect((await rollBack({ runId: runIds[2] })).json.rolledBackFrom).toBe(runIds[1]);
    expect(await segmentOf('p14')).toEqual([runIds[2], 1]);
  });

  it('fails with 409 where one run only was served, and with 404 for a run that is not of the dataset or tenant', async () => {
    const { rollBack, runIds } = await dataset(0);
    expect((await rollBack()).json).toMatchObject({ status: 409, reason: 'no_former_run' });
    expect((await rollBack({ runId: 'r-unknown' })).json).toMatchObject({ status: 404 });
    expect((await rollBack({ runId: runIds[0] }, 'other')).json.status).toBe(404);
    expect((await rollBack({ run: 1 })).statusCode).toBe(400);
  });
});

describe('GET /v1/runs/{runId}/flow', () => {
  it('tells who moved and why, and what was written', async () => {
    const { call, runIds } = await dataset(0, 10);
    const { statusCode, json } = await call({ path: `/v1/runs/${runIds[1]}/flow` });
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({
      formerRunId: runIds[0],
      flow: { stayed: 115, moved: 5, entered: 0, left: 0 },
      causes: { moved: 5, data: 5 },
      labelWrites: { written: 5, unchanged: 115, left: 0 },
    });
    expect(runFlowSchema.strict().safeParse(json).error).toBeUndefined();
  });

  it('has nothing to compare a first run with', async () => {
    const { call, runIds } = await dataset(0);
    const { json } = await call({ path: `/v1/runs/${runIds[0]}/flow` });
    expect(json).toMatchObject({ formerRunId: null, events: [], flow: null });
  });

  it('fails with 404 for an unknown run and for that of another tenant', async () => {
    const { call, runIds } = await dataset(0);
    expect((await call({ path: '/v1/runs/r-unknown/flow' })).statusCode).toBe(404);
    expect((await call({ path: `/v1/runs/${runIds[0]}/flow`, tenant: 'other' })).statusCode).toBe(404);
  });
});
