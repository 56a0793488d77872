import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSample } from '../../cli/sample.ts';
import type { RunSummary } from '../../functions/contracts/api-runs.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

/** Rows of a shard in both files. */
const ROWS_PER_SHARD = 125_000;

let stack: Stack;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessella-memory-'));
  stack = await startStack();
});
afterAll(async () => {
  await stack?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a generated file, cut into shards of equal rows, as a tenant of its own; returns its rows and memory. */
async function shardStep(tenant: string, customers: number) {
  const file = join(folder, `${tenant}.csv`);
  const { rows } = await writeSample(file, { customers, seed: 11 });
  const key = `files/${tenant}/orders/orders.csv`;
  await new Upload({
    client: stack.s3,
    params: { Bucket: stack.bucket, Key: key, Body: createReadStream(file) },
  }).done();
  rmSync(file);
  const shards = Math.round(rows / ROWS_PER_SHARD);
  const execution = await stack.drop(
    `drop/${tenant}/orders/a.run.json`,
    JSON.stringify({ files: [key], shards }),
  );
  expect(execution.status, execution.cause).toBe('SUCCEEDED');
  const api = apiOf(stack, await stack.keyOf(tenant));
  const { body } = await api.get<{ runs: RunSummary[] }>('/v1/runs');
  const { steps } = await api.run(body.runs[0]!.runId);
  const { items, peakMemoryMb } = steps.find(({ step }) => step === 'BuildFeatures')!;
  return { rows, shards: items.total, peakMemoryMb };
}

describe('memory of the shard step', () => {
  it('is bounded by the shard, not by the file: 2,000,000 rows need what 1,000,000 need', async () => {
    const half = await shardStep('half', 62_000);
    const whole = await shardStep('whole', 124_000);
    expect(half.rows).toBeGreaterThan(1_000_000);
    expect(whole.rows).toBeGreaterThan(2_000_000);
    expect(half.shards).toBeGreaterThanOrEqual(8);
    expect(whole.shards).toBeGreaterThanOrEqual(16);
    // Workers are reused, and their garbage of earlier shards is collected when V8 sees fit: hence the margin.
    expect(whole.peakMemoryMb).toBeLessThan(1.4 * half.peakMemoryMb);
    expect(whole.peakMemoryMb).toBeLessThan(400);
  });
});
