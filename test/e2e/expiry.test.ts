import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../functions/contracts/api-runs.ts';
import { leadsCsv, madeUpLeads } from '../support/leads-csv.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

const KEEP_RUNS = 2;
/** Labels lie in at most 12 runs: the run after the 13th is the first that names none before that one. */
const UNTIL_FREE = 14;

let stack: Stack;
let api: ReturnType<typeof apiOf>;
const runIds: string[] = [];
beforeAll(async () => {
  stack = await startStack();
  api = apiOf(stack, await stack.keyOf('acme'));
  const config = { kind: 'leads', algorithms: ['kmeans'], nInit: 1, nClusters: 3, keepRuns: KEEP_RUNS };
  expect((await api.call('PUT', '/v1/datasets/leads', config)).status).toBe(200);
  for (let n = 0; n < UNTIL_FREE - 1; n++) runIds.push(await publish(n));
}, 400_000);
afterAll(() => stack?.remove());

const runsOf = async () => (await api.get<{ runs: RunSummary[] }>('/v1/runs?limit=100')).body.runs;
const statusOf = async (runId: string) => (await api.run(runId)).status;

/** Drops other leads and waits for the end of the execution; resolves to the run that is served then. */
async function publish(n: number): Promise<string> {
  const text = leadsCsv(madeUpLeads(120, { seed: n + 1 }));
  const execution = await stack.drop(`drop/acme/leads/leads-${n}.csv`, text);
  expect(execution.status, execution.cause).toBe('SUCCEEDED');
  return (await api.get<{ runId: string }>('/v1/segments?dataset=leads')).body.runId;
}

/** What callers see of the run that is served. */
const servedAnswers = async () =>
  JSON.stringify([
    await api.get('/v1/segments?dataset=leads&limit=100'),
    await Promise.all([1, 7, 50, 119].map((n) => api.get(`/v1/customers/lead-${n}/segment?dataset=leads`))),
  ]);

describe('runs that a dataset no longer keeps', () => {
  it('are deleted although the machine that deletes them is lost, and the others are served as before', async () => {
    for (const runId of runIds) expect(await statusOf(runId)).toBe('succeeded');
    const kept = runIds.at(-1)!;
    const before = await servedAnswers();
    const artifacts = (await api.run(kept)).artifacts!;
    const bytes = await Promise.all(artifacts.map(({ key }) => stack.object(key)));

    const { lambda } = stack.cloud;
    const worker = lambda.functionNames.find((name) => name.includes('ExpireRuns'))!;
    let isPublished = false;
    const killed = async (): Promise<number> => {
      while (!isPublished) {
        const busy = lambda.environments(worker).find((one) => one.busy);
        // Once it has begun to delete: some run is gone, or about to be.
        if (busy && (await runsOf()).some(({ status }) => status.startsWith('expir'))) {
          process.kill(busy.pid, 'SIGKILL');
          return 1;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return 0;
    };
    const watch = killed();
    const last = await publish(UNTIL_FREE);
    isPublished = true;
    expect(await watch).toBe(1);

    const statuses = new Map((await runsOf()).map(({ runId, status }) => [runId, status]));
    expect([...statuses.values()].filter((status) => status === 'succeeded')).toHaveLength(KEEP_RUNS);
    for (const runId of runIds.slice(0, -1)) {
      expect(statuses.get(runId)).toBe('expired');
      expect(await api.get(`/v1/runs/${runId}/flow`)).toMatchObject({ status: 410 });
      await expect(stack.object(`runs/acme/leads/${runId}/plan/plan.json`)).rejects.toThrow();
    }
    expect([statuses.get(kept), statuses.get(last)]).toEqual(['succeeded', 'succeeded']);

    const refused = await api.post('/v1/datasets/leads/rollback', { runId: runIds[0] });
    expect(refused).toMatchObject({ status: 410, body: { title: 'GoneError', reason: 'run_expired' } });
    expect((await api.post('/v1/datasets/leads/rollback', { runId: kept })).status).toBe(200);
    expect(await servedAnswers()).toBe(before);
    expect(await Promise.all(artifacts.map(({ key }) => stack.object(key)))).toEqual(bytes);
  }, 300_000);
});
