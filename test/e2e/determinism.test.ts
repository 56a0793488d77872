import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleOrders } from '../../cli/orders.ts';
import type { RunSummary } from '../../functions/contracts/api-runs.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

const NAMES = [
  'labels.arrow',
  'model.json',
  'quality_report.json',
  'rejected_rows.arrow',
  'rfm_table.arrow',
  'scaler.json',
  'segment_profiles.json',
];
const orders = [...sampleOrders({ customers: 2500, seed: 7 })].join('');

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.remove());

/** Runs the orders for a tenant of its own and returns the artefacts by name, with the hash of their bytes. */
async function artifactsAt(tenant: string, shards: number, meanwhile?: () => Promise<void>) {
  const files = `files/${tenant}/orders/orders.csv`;
  await stack.put(files, orders);
  const request = JSON.stringify({ files: [files], shards, nClusters: { min: 3, max: 6 } });
  const [execution] = await Promise.all([
    stack.drop(`drop/${tenant}/orders/a.run.json`, request),
    meanwhile?.(),
  ]);
  expect(execution.status, execution.cause).toBe('SUCCEEDED');
  const api = apiOf(stack, await stack.keyOf(tenant));
  const { body } = await api.get<{ runs: RunSummary[] }>('/v1/runs');
  const { artifacts = [], steps } = await api.run(body.runs[0]!.runId);
  return {
    hashes: Object.fromEntries(artifacts.map(({ name, sha256 }) => [name, sha256])),
    artifacts,
    steps,
  };
}

describe('artefacts', () => {
  let reference: Awaited<ReturnType<typeof artifactsAt>>;
  beforeAll(async () => {
    reference = await artifactsAt('one', 1);
  });

  it('are seven, and lie in the bucket as their hashes say', async () => {
    expect(Object.keys(reference.hashes).sort()).toEqual(NAMES);
    const { createHash } = await import('node:crypto');
    for (const { key, sha256, bytes } of reference.artifacts) {
      const object = await stack.object(key);
      expect(object.byteLength).toBe(bytes);
      expect(createHash('sha256').update(object).digest('hex')).toBe(sha256);
    }
  });

  it.each([3, 8])('are the same bytes at %i shards', async (shards) => {
    const other = await artifactsAt(`shards-${shards}`, shards);
    expect(other.steps.find(({ step }) => step === 'BuildFeatures')?.items.total).toBe(shards);
    expect(other.hashes).toEqual(reference.hashes);
  });

  it('are the same bytes when a worker is killed in the middle of its shard', async () => {
    const { lambda } = stack.cloud;
    const worker = lambda.functionNames.find((name) => name.includes('BuildFeatures'))!;
    let killed = 0;
    const retried = await artifactsAt('killed', 3, async () => {
      for (let waited = 0; killed === 0 && waited < 20_000; waited += 2) {
        const busy = lambda.environments(worker).find((environment) => environment.busy);
        if (busy) {
          process.kill(busy.pid, 'SIGKILL');
          killed++;
        }
        await sleep(2);
      }
    });
    expect(killed).toBe(1);
    expect(retried.hashes).toEqual(reference.hashes);
  });
});
