import { describe, expect, it } from 'vitest';
import { decodeArrow } from '../functions/arrow/ipc.ts';
import { runKeys } from '../functions/contracts/keys.ts';
import { runRequestSchema } from '../functions/contracts/workflow.ts';
import { TransientStoreError } from '../functions/errors.ts';
import { findCustomer } from '../functions/routes/find-customer.ts';
import { publishedDataset } from '../functions/routes/published-run.ts';
import { openApi } from './routes/api-fixture.ts';
import { runWorkflow } from './support/run-workflow.ts';

/** Labels lie in at most 12 runs; then one writes all of its own, and the one after it is the first to need no older one. */
const UNTIL_FREE = 14;

/** 60 customers of two kinds; version n has one customer who is in another kind than in version n − 1. */
const customersOf = (version: number) =>
  Array.from({ length: 60 }, (_, i) => {
    const isFar = i % 2 === 1 || i === 2 * (version % 30);
    return `p${i},${(isFar ? 1000 : 10) + (i % 7)},${(isFar ? 50 : 1) + (i % 3)}`;
  });

/** The API over a dataset that keeps two runs. */
async function dataset() {
  let now = Date.UTC(2026, 0, 1);
  const api = openApi(() => {
    now += 1000;
    return new Date(now);
  });
  const { ports } = api;
  const config = { timeZone: 'UTC', locale: 'en' as const, keepRuns: 2 };
  await ports.configs.append({ tenant: 'acme', dataset: 'people', version: 1, config, savedAt: '' });
  const segment = async (version: number) => {
    const file = `files/acme/people/v${version}.csv`;
    const text = `id,spend,visits\n${customersOf(version).join('\n')}\n`;
    await ports.objects.write(file, new TextEncoder().encode(text));
    const request = runRequestSchema.parse({ files: [file], recipe: 'table', nClusters: 2, shards: 2 });
    const trigger = { trigger: 'api', tenant: 'acme', dataset: 'people', request } as const;
    const { plan, error } = await runWorkflow(ports, trigger, { executionId: `execution-${now}` });
    if (error) throw error;
    return { runId: plan!.run!.runId, outcome: plan!.outcome };
  };
  const runIds: string[] = [];
  for (let version = 0; version < UNTIL_FREE - 1; version++) runIds.push((await segment(version)).runId);
  const keysOf = (runId: string) => runKeys({ tenant: 'acme', dataset: 'people', runId });
  /** Whether anything is left of a run: objects, labels, segments. */
  const remainsOf = async (runId: string) => ({
    objects: [...ports.contents.objects.keys()].filter((key) => key.startsWith(keysOf(runId).root)).length,
    labels: ports.contents.labels.get(`acme/people/${runId}`)?.size ?? 0,
    segments: (await ports.segments.segments('acme', 'people', runId)).length,
    progress: (await ports.runs.progress('acme', runId)).length,
  });
  const statusOf = async (runId: string) => (await ports.runs.get('acme', runId))?.status;
  /** Every customer of the served run has the segment that its artefact says. */
  const expectWholeLabels = async () => {
    const record = await publishedDataset(ports, 'acme', 'people');
    const bytes = await ports.objects.read(keysOf(record.currentRunId).artifact('labels.arrow'));
    const file = decodeArrow(bytes);
    const segments = file.int32('segment_id');
    for (const [row, id] of file.strings('customer_id').entries()) {
      expect((await findCustomer(ports, record, id)).segmentId).toBe(segments[row]);
    }
  };
  const rollBack = (runId: string) =>
    api.call({ method: 'POST', path: '/v1/datasets/people/rollback', body: { runId } });
  return { ...api, segment, runIds, keysOf, remainsOf, statusOf, expectWholeLabels, rollBack };
}

const NOTHING = { objects: 0, labels: 0, segments: 0, progress: 0 };

describe('runs that a dataset no longer keeps', () => {
  it('stay while labels of a kept run lie in them, then leave nothing but their record', async () => {
    const { segment, runIds, remainsOf, statusOf, expectWholeLabels, call } = await dataset();
    for (const runId of runIds) expect(await statusOf(runId)).toBe('succeeded');
    const { runId: last } = await segment(UNTIL_FREE);
    for (const runId of runIds.slice(0, -1)) {
      expect([await statusOf(runId), await remainsOf(runId)]).toEqual(['expired', NOTHING]);
    }
    for (const runId of [runIds.at(-1)!, last]) {
      expect(await statusOf(runId)).toBe('succeeded');
      expect((await remainsOf(runId)).objects).toBeGreaterThan(10);
    }
    await expectWholeLabels();
    const { json } = await call({ path: '/v1/runs', query: { limit: '100' } });
    const listed = json.runs as { status: string; publishedAt?: string; expiredAt?: string }[];
    expect(listed.map(({ status }) => status)).toEqual([
      'succeeded',
      'succeeded',
      ...runIds.slice(0, -1).map(() => 'expired'),
    ]);
    for (const { status, publishedAt, expiredAt } of listed) {
      expect(publishedAt).toMatch(/^2026/);
      expect(expiredAt !== undefined).toBe(status === 'expired');
    }
  }, 60_000);

  it('are served again within what is kept, and refused by name beyond', async () => {
    const { segment, runIds, keysOf, ports, rollBack, expectWholeLabels, call } = await dataset();
    const kept = runIds.at(-1)!;
    const before = await ports.objects.read(keysOf(kept).artifact('labels.arrow'));
    await segment(UNTIL_FREE);
    expect(await rollBack(kept)).toMatchObject({ statusCode: 200, json: { runId: kept } });
    expect(await ports.objects.read(keysOf(kept).artifact('labels.arrow'))).toEqual(before);
    await expectWholeLabels();
    const gone = { statusCode: 410, json: { title: 'GoneError', reason: 'run_expired' } };
    expect(await rollBack(runIds[0]!)).toMatchObject(gone);
    for (const path of ['flow', 'quality', 'segmentation', 'labels']) {
      expect(await call({ path: `/v1/runs/${runIds[3]}/${path}` }), path).toMatchObject(gone);
    }
    expect((await publishedDataset(ports, 'acme', 'people')).currentRunId).toBe(kept);
  }, 60_000);

  it('are made anew when their content comes again', async () => {
    const { segment, runIds, statusOf, expectWholeLabels } = await dataset();
    await segment(UNTIL_FREE);
    expect(await segment(4)).toEqual({ runId: runIds[4], outcome: 'planned' });
    expect(await statusOf(runIds[4]!)).toBe('succeeded');
    await expectWholeLabels();
  }, 60_000);

  it('are deleted by the next run, and cannot be claimed until then, when an expiry was killed half-way', async () => {
    const { segment, runIds, ports, remainsOf, statusOf, expectWholeLabels } = await dataset();
    const { deleteAll } = ports.objects;
    let nDeleted = 0;
    ports.objects.deleteAll = async (keys) => {
      if (++nDeleted > 7) throw new Error('the machine was lost');
      await deleteAll(keys);
    };
    await segment(UNTIL_FREE);
    const killed = [];
    for (const runId of runIds) if ((await statusOf(runId)) === 'expiring') killed.push(runId);
    expect(killed).toHaveLength(1);
    expect((await remainsOf(killed[0]!)).objects).toBeGreaterThan(0);
    const version = runIds.indexOf(killed[0]!);
    await expect(segment(version)).rejects.toThrow(TransientStoreError);
    await expectWholeLabels();

    ports.objects.deleteAll = deleteAll;
    const { clock } = ports;
    const later = { now: () => new Date(clock.now().getTime() + 60 * 60_000) };
    Object.assign(ports, { clock: later });
    await segment(UNTIL_FREE + 1);
    for (const runId of runIds.slice(0, -1)) {
      expect([await statusOf(runId), await remainsOf(runId)]).toEqual(['expired', NOTHING]);
    }
    await expectWholeLabels();
  }, 60_000);

  it('are read whole or not at all by whoever began before they were deleted', async () => {
    const { segment, runIds, keysOf, ports, call } = await dataset();
    const [runId] = runIds.slice(5);
    const { drift, flow, artifact } = keysOf(runId!);
    const { read } = ports.objects;
    const { promise: deleted, resolve: isDeleted } = Promise.withResolvers<void>();
    // The first object of each answer is read in time, what follows only after the run has gone.
    const late = [drift, flow, artifact('segmentation.json')];
    ports.objects.read = async (key, range) => {
      if (late.includes(key)) await deleted;
      return read(key, range);
    };
    const paths = ['flow', 'quality', 'segmentation'].map((part) => `/v1/runs/${runId}/${part}`);
    const answers = paths.map((path) => call({ path }));
    await segment(UNTIL_FREE);
    isDeleted();
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ statusCode: 410, json: { reason: 'run_expired' } });
    }
  }, 60_000);
});
