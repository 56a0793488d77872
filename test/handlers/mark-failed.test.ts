import { beforeEach, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import type { RunRecord, StepProgress } from '../../functions/contracts/records.ts';
import { type RunRef, runRequestSchema } from '../../functions/contracts/workflow.ts';
import { InvalidDatasetError, TransientStoreError, toProblem } from '../../functions/errors.ts';
import { markFailed } from '../../functions/handlers/mark-failed.ts';
import { writeJson } from '../../functions/json-objects.ts';
import { identifyRun } from '../../functions/run-identity.ts';
import { quietContext } from '../support/prepared-run.ts';

const key = 'drop/acme/orders/orders.csv';
const trigger = { trigger: 'drop', key } as const;
const request = runRequestSchema.parse({ files: [key] });
const startedAt = '2024-05-06T07:00:00.000Z';
const now = () => new Date('2024-05-06T07:08:09.000Z');
const mapError = { Error: 'States.ExceedToleratedFailureThreshold', Cause: 'too many failed' };
const ragged = toProblem(
  new InvalidDatasetError('Line 3 has 7 fields, 8 were expected.', {
    file: key,
    line: 3,
    reason: 'ragged_row',
  }),
);

let ports: MemoryPorts;
let run: RunRef;
beforeEach(async () => {
  ports = memoryPorts({ now });
  await ports.objects.write(key, new TextEncoder().encode('CustomerID\n1\n'));
  const identity = await identifyRun(trigger, ports);
  if (identity === undefined) throw new Error('the trigger should name a run');
  run = identity.run;
  await ports.runs.publish({
    tenant: 'acme',
    dataset: 'orders',
    currentRunId: 'previous',
    labelSources: [],
    formerRunIds: [],
    publishedAt: startedAt,
    turn: startedAt,
    request,
  });
});

const claim = (changes: Partial<RunRecord> = {}) =>
  ports.runs.claim({
    ...run,
    status: 'running',
    trigger: 'drop',
    executionId: 'execution-1',
    request,
    startedAt,
    turn: startedAt,
    ...changes,
  });

const report = (changes: Partial<StepProgress>) =>
  ports.runs.reportProgress({
    tenant: 'acme',
    runId: run.runId,
    step: 'BuildFeatures',
    item: 0,
    status: 'failed',
    rows: 3,
    startedAt,
    updatedAt: now().toISOString(),
    peakMemoryMb: 90,
    problem: ragged,
    ...changes,
  });

const mark = (input: object = {}) =>
  markFailed({ trigger, error: mapError, executionId: 'execution-1', ...input }, quietContext(ports));

describe('MarkFailed', () => {
  it('puts the problem of the failed worker on the run, with file, line and reason', async () => {
    await claim();
    await report({});
    expect(await mark()).toEqual({ marked: true });
    expect(await ports.runs.get('acme', run.runId)).toMatchObject({
      status: 'failed',
      finishedAt: now().toISOString(),
      problem: { title: 'InvalidDatasetError', status: 422, file: key, line: 3, reason: 'ragged_row' },
    });
  });

  it('never touches what the dataset serves', async () => {
    await claim();
    await mark();
    expect((await ports.runs.dataset('acme', 'orders'))?.currentRunId).toBe('previous');
  });

  it('passes over what an earlier execution left behind', async () => {
    await claim();
    await report({ updatedAt: '2024-05-06T06:59:59.000Z' });
    await mark();
    expect((await ports.runs.get('acme', run.runId))?.problem).toMatchObject({ title: mapError.Error });
  });

  it('tells which rules dropped the rows once all shards were read', async () => {
    const rows = { read: 4, used: 1, rejected: 3, byRule: { missing_customer_id: 3 } };
    const keys = runKeys(run);
    await writeJson(ports.objects, keys.plan, { run, rowShards: [{ shard: 0 }] });
    await writeJson(ports.objects, keys.partialManifest(0), { rows });
    await claim({ itemsPerStep: { BuildFeatures: 2 } });
    await report({ status: 'done' });
    await mark();
    expect((await ports.runs.get('acme', run.runId))?.rows).toBeUndefined();
    await claim({ itemsPerStep: { BuildFeatures: 1 } });
    await mark();
    expect((await ports.runs.get('acme', run.runId))?.rows).toEqual(rows);
  });

  it('finds the run it claimed although the input was replaced in the meantime', async () => {
    await claim();
    await ports.objects.write(key, new TextEncoder().encode('something else'));
    expect(await mark()).toEqual({ marked: true });
    ports.contents.objects.delete(key);
    expect(await mark()).toEqual({ marked: true });
    expect((await ports.runs.get('acme', run.runId))?.status).toBe('failed');
  });

  it('leaves alone a run that another execution claimed', async () => {
    await claim({ executionId: 'execution-2' });
    expect(await mark()).toEqual({ marked: false });
    expect((await ports.runs.get('acme', run.runId))?.status).toBe('running');
  });

  it.each(['succeeded', 'running'] as const)('takes a published run as succeeded: %s', async (status) => {
    await claim({ status });
    const current = {
      tenant: 'acme',
      dataset: 'orders',
      currentRunId: run.runId,
      labelSources: [],
      formerRunIds: [],
      publishedAt: startedAt,
      turn: startedAt,
      request,
    };
    await ports.runs.publish(current);
    expect(await mark()).toEqual({ marked: false });
    expect((await ports.runs.get('acme', run.runId))?.status).toBe('succeeded');
  });

  it('only logs when the trigger names no run', async () => {
    expect(await mark()).toEqual({ marked: false });
    expect(await mark({ trigger: { trigger: 'drop', key: 'elsewhere/a.csv' } })).toEqual({ marked: false });
    const nothingYet = { trigger: 'schedule', tenant: 'acme', dataset: 'leads' };
    expect(await mark({ trigger: nothingYet, executionId: undefined })).toEqual({ marked: false });
  });

  it('fails when the store throttles, so that it is tried again', async () => {
    await claim();
    const throttled = async () => {
      throw new TransientStoreError('The bucket throttled.');
    };
    const broken = { ...ports, objects: { ...ports.objects, head: throttled } };
    const failure = markFailed({ trigger, error: mapError }, { ...quietContext(ports), ports: broken });
    await expect(failure).rejects.toBeInstanceOf(TransientStoreError);
  });
});
