import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { decodeArrow } from '../../functions/arrow/ipc.ts';
import { scoreRow } from '../../functions/clustering/score-row.ts';
import type { Model } from '../../functions/contracts/artifacts.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import { InvalidDatasetError, TransientStoreError } from '../../functions/errors.ts';
import { assignSegments } from '../../functions/handlers/assign-segments.ts';
import { fitCandidate } from '../../functions/handlers/fit-candidate.ts';
import { matchSegments } from '../../functions/handlers/match-segments.ts';
import { publishRun } from '../../functions/handlers/publish-run.ts';
import { selectModel } from '../../functions/handlers/select-model.ts';
import { writeLabels } from '../../functions/handlers/write-labels.ts';
import { readJson } from '../../functions/json-objects.ts';
import {
  latestOf,
  madeUpCustomers,
  prepareRun,
  quietContext,
  preparedRun as run,
} from '../support/prepared-run.ts';

const keys = runKeys(run);
const customers = madeUpCustomers(300);
const now = () => new Date('2024-05-06T07:08:09.000Z');

async function fitted(nBuckets: number) {
  const ports = memoryPorts({ now });
  const context = quietContext(ports);
  await prepareRun(ports, customers, { nBuckets });
  await fitCandidate({ run, item: 0 }, context);
  await selectModel({ run }, context);
  return { ports, context };
}

async function assigned(nBuckets: number) {
  const { ports, context } = await fitted(nBuckets);
  for (let item = nBuckets - 1; item >= 0; item--) await assignSegments({ run, item }, context);
  await matchSegments({ run }, context);
  for (let item = nBuckets - 1; item >= 0; item--) await writeLabels({ run, item }, context);
  return { ports, context };
}

const artifactBytes = ({ contents }: MemoryPorts) =>
  Object.fromEntries(
    [...contents.objects]
      .filter(([key]) => key.startsWith(`${keys.root}artifacts`))
      .map(([key, body]) => [key, createHash('sha256').update(body).digest('hex')]),
  );

describe('AssignSegments', () => {
  it('writes labels with distance and confidence, in the order of the entities', async () => {
    const { ports, context } = await fitted(3);
    expect(await assignSegments({ run, item: 2 }, context)).toEqual({ item: 2, rows: expect.any(Number) });
    const labels = decodeArrow(await ports.objects.read(keys.labels(2)));
    const entities = decodeArrow(await ports.objects.read(keys.entities(2)));
    expect(labels.strings('customer_id')).toEqual(entities.strings('customer_id'));
    const distances = labels.float64('distance');
    expect(labels.float64('confidence')).toEqual(distances.map((d) => Math.max(0, 1 - d / 5)));
    const frequency = entities.float64('frequency');
    labels.int32('cluster').forEach((cluster, row) => {
      expect(cluster === 2).toBe((frequency[row] ?? 0) > 20);
    });
  });

  it('gives every customer, bit for bit, what scoring that customer alone gives', async () => {
    const { ports } = await assigned(3);
    const model = await readJson<Model>(ports.objects, keys.model);
    const byId = new Map<string, unknown>();
    for (let bucket = 0; bucket < 3; bucket++) {
      const file = decodeArrow(await ports.objects.read(keys.labels(bucket)));
      const [clusters, distances, confidences] = [
        file.int32('cluster'),
        file.float64('distance'),
        file.float64('confidence'),
      ];
      for (const [row, id] of file.strings('customer_id').entries()) {
        const [label, distance, confidence] = [clusters[row], distances[row], confidences[row]];
        byId.set(id, { label, distance, confidence });
      }
    }
    for (const { id, recency_days, frequency, monetary } of customers) {
      expect(byId.get(id)).toEqual(scoreRow(model, { recency_days, frequency, monetary }));
    }
  });

  it('takes a bucket without customers', async () => {
    const { context } = await fitted(3);
    expect(await assignSegments({ run, item: 1 }, context)).toEqual({ item: 1, rows: 0 });
  });

  it('writes the same bytes when it is tried again', async () => {
    const { ports, context } = await fitted(2);
    await assignSegments({ run, item: 1 }, context);
    const written = new Map(ports.contents.objects);
    await assignSegments({ run, item: 1 }, context);
    expect(ports.contents.objects).toEqual(written);
  });

  it('fails when features and customers disagree', async () => {
    const { ports, context } = await fitted(3);
    await ports.objects.write(keys.features(2), await ports.objects.read(keys.features(0)));
    await expect(assignSegments({ run, item: 2 }, context)).rejects.toBeInstanceOf(InvalidDatasetError);
  });
});

describe('WriteLabels', () => {
  it('stores every label of a first run with its values, and the instant that recency follows from', async () => {
    const { ports } = await assigned(3);
    const { id, recency_days, frequency, monetary } = customers[20] as (typeof customers)[number];
    expect(await ports.labels.label('acme', 'orders', id, ['r1'])).toEqual({
      runId: 'r1',
      label: {
        customerId: id,
        cluster: 2,
        features: { frequency, monetary },
        latestMs: latestOf(recency_days),
      },
    });
    expect(ports.contents.labels.get('acme/orders/r1')?.size).toBe(300);
  });
});

describe('PublishRun', () => {
  let ports: MemoryPorts;
  let context: ReturnType<typeof quietContext>;
  beforeEach(async () => {
    ({ ports, context } = await assigned(3));
  });

  it('publishes named segments, largest first, whose sizes and shares add up', async () => {
    expect(await publishRun({ run }, context)).toEqual({ nSegments: 3, nEntities: 300 });
    const segments = await ports.segments.segments('acme', 'orders', 'r1');
    expect(segments.map(({ size }) => size)).toEqual([190, 95, 15]);
    expect(segments.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(segments.map(({ name }) => name)).toEqual(['Regular customers', 'Lost', 'Champions']);
    expect(segments[0]).toMatchObject({ run_id: 'r1', segment_id: 0, tenant: 'acme', dataset: 'orders' });
    expect(Object.keys(segments[0]?.statistics ?? {})).toEqual(['recency_days', 'frequency', 'monetary']);
  });

  it('puts the center of a segment, in raw units, at the mean of its customers', async () => {
    await publishRun({ run }, context);
    for (const { center, statistics } of await ports.segments.segments('acme', 'orders', 'r1')) {
      for (const [name, value] of Object.entries(center)) {
        // Centers are means of features rounded to float32.
        expect(Math.abs(value - (statistics[name]?.mean ?? 0))).toBeLessThan(1e-6 * Math.abs(value));
      }
    }
  });

  it('completes the run record with merged row counts, scores and hashed artefacts', async () => {
    await publishRun({ run }, context);
    const record = await ports.runs.get('acme', 'r1');
    expect(record).toMatchObject({
      status: 'succeeded',
      finishedAt: now().toISOString(),
      nSegments: 3,
      nEntities: 300,
      rows: { read: 30, used: 21, rejected: 9, byRule: { missing_customer_id: 6, rule_0: 2, rule_1: 1 } },
    });
    expect(record?.artifacts?.map(({ name }) => name)).toEqual([
      'model.json',
      'scaler.json',
      'segment_profiles.json',
      'quality_report.json',
      'rfm_table.arrow',
      'labels.arrow',
      'rejected_rows.arrow',
    ]);
    for (const { key, bytes, sha256 } of record?.artifacts ?? []) {
      const body = await ports.objects.read(key);
      expect([body.length, createHash('sha256').update(body).digest('hex')]).toEqual([bytes, sha256]);
    }
  });

  it('writes one table of all customers, whose segments agree with the labels', async () => {
    await publishRun({ run }, context);
    const table = decodeArrow(await ports.objects.read(keys.artifact('rfm_table.arrow')));
    const labels = decodeArrow(await ports.objects.read(keys.artifact('labels.arrow')));
    expect(table.strings('customer_id')).toEqual(customers.map(({ id }) => id));
    expect(Array.from(table.float64('monetary'))).toEqual(customers.map(({ monetary }) => monetary));
    expect(table.int32('segment_id')).toEqual(labels.int32('segment_id'));
    expect(table.metadata.columns.recency_days).toEqual({ unit: 'days' });
    const model = await readJson<Model>(ports.objects, keys.artifact('model.json'));
    expect(model.sizes).toEqual([190, 95, 15]);
  });

  it('writes artefacts that name neither run, tenant, time nor sharding', async () => {
    await publishRun({ run }, context);
    const bytes = artifactBytes(ports);
    expect(Object.keys(bytes)).toHaveLength(8);
    for (const nBuckets of [1, 8]) {
      const other = await assigned(nBuckets);
      await publishRun({ run }, other.context);
      // Here every bucket has rows of its own: their counts differ, and so the report and the index that hold them.
      const countsRows = (key: string) => /quality_report|artifacts\.json/.test(key);
      for (const [key, hash] of Object.entries(artifactBytes(other.ports))) {
        if (!countsRows(key)) expect([key, hash]).toEqual([key, bytes[key]]);
      }
    }
    for (const key of Object.keys(bytes)) {
      const text = Buffer.from(await ports.objects.read(key)).toString('latin1');
      expect(text).not.toMatch(/acme|"r1"|07:08:09/);
    }
  });

  it('shows the previous run until the very last write, and repeats itself on a retry', async () => {
    const { request } = await readJson<{ request: never }>(ports.objects, keys.plan);
    const previous = {
      tenant: 'acme',
      dataset: 'orders',
      currentRunId: 'r0',
      labelSources: [],
      formerRunIds: [],
      publishedAt: 'before',
      turn: '2024-05-05',
      request,
    };
    await ports.runs.publish(previous);
    const throttled = () => Promise.reject(new TransientStoreError('The table throttled.'));
    const faulty = [
      { ...ports, segments: { ...ports.segments, putSegments: throttled } },
      { ...ports, runs: { ...ports.runs, update: throttled } },
      { ...ports, runs: { ...ports.runs, publish: throttled } },
    ];
    for (const broken of faulty) {
      await expect(publishRun({ run }, { ...context, ports: broken })).rejects.toThrow('throttled');
      expect((await ports.runs.dataset('acme', 'orders'))?.currentRunId).toBe('r0');
    }
    await publishRun({ run }, context);
    const bytes = artifactBytes(ports);
    expect((await ports.runs.dataset('acme', 'orders'))?.currentRunId).toBe('r1');
    await publishRun({ run }, context);
    expect(artifactBytes(ports)).toEqual(bytes);
  });

  it('tells that it has succeeded once it is served, not before', async () => {
    const statusAtPublish: unknown[] = [];
    const runs = {
      ...ports.runs,
      publish: async (record: Parameters<typeof ports.runs.publish>[0]) => {
        statusAtPublish.push((await ports.runs.get('acme', 'r1'))?.status);
        return ports.runs.publish(record);
      },
    };
    await publishRun({ run }, { ...context, ports: { ...ports, runs } });
    expect(statusAtPublish).toEqual(['running']);
    expect(await ports.runs.get('acme', 'r1')).toMatchObject({
      status: 'succeeded',
      finishedAt: now().toISOString(),
      publishedAt: now().toISOString(),
    });
  });

  it('does not take the dataset back from a run that was asked for later', async () => {
    const { request } = await readJson<{ request: never }>(ports.objects, keys.plan);
    const place = { tenant: 'acme', dataset: 'orders', currentRunId: 'other' };
    const record = { ...place, labelSources: [], formerRunIds: [], publishedAt: '', request };
    await ports.runs.publish({ ...record, turn: '2024-05-05T00:00:00.000Z' });
    await publishRun({ run }, context);
    expect((await ports.runs.dataset('acme', 'orders'))?.currentRunId).toBe('r1');
    await ports.runs.publish({ ...record, turn: '2024-05-06T00:00:01.000Z' });
    await publishRun({ run }, context);
    expect((await ports.runs.dataset('acme', 'orders'))?.currentRunId).toBe('other');
    expect((await ports.runs.get('acme', 'r1'))?.status).toBe('succeeded');
  });

  it('fails without touching the dataset when a bucket was not assigned', async () => {
    ports.contents.objects.delete(keys.partialProfile(2));
    await expect(publishRun({ run }, context)).rejects.toMatchObject({ name: 'NotFoundError' });
    expect(await ports.runs.dataset('acme', 'orders')).toBeUndefined();
    expect((await ports.runs.get('acme', 'r1'))?.status).toBe('running');
  });
});
