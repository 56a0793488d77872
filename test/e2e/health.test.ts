import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HealthDetailed } from '../../functions/contracts/health.ts';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.remove());

/** Asks without a key. */
async function ask(path: string) {
  const response = await fetch(`${stack.cloud.apiUrl}/health/${path}`);
  return { status: response.status, body: await response.json() };
}

describe('the health of the whole stack', () => {
  it('is real: table, bucket and state machine answer the function, with the rights that it has', async () => {
    const checks = { database: 'ok', storage: 'ok', workflow: 'ok' };
    expect(await ask('live')).toEqual({ status: 200, body: { status: 'alive' } });
    expect(await ask('ready')).toEqual({ status: 200, body: { status: 'ready', checks } });
    const { status, body } = await ask('detailed');
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toMatchObject({ status: 'healthy', checks: { ...checks, jobs: 'none' } });
    expect((body as HealthDetailed).version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('tells of the jobs once they were looked for', async () => {
    const jobs = stack.cloud.lambda.functionNames.find((name) => name.includes('CampaignJobs'))!;
    const scheduledAt = new Date().toISOString();
    await stack.cloud.lambda.invoke(jobs, JSON.stringify({ scheduledAt }));
    const { body } = await ask('detailed');
    expect(body).toMatchObject({ status: 'healthy', checks: { jobs: 'ok' } });
    expect((body as HealthDetailed).last_tick! >= scheduledAt).toBe(true);
  });
});
