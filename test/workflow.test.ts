import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../functions/adapters/memory.ts';
import { decodeArrow } from '../functions/arrow/ipc.ts';
import { runKeys } from '../functions/contracts/keys.ts';
import { type RunRef, type RunRequestInput, runRequestSchema } from '../functions/contracts/workflow.ts';
import { TransientStoreError } from '../functions/errors.ts';
import { canonicalJson } from '../functions/json-objects.ts';
import { madeUpOrders, ordersCsv, rfmOracle } from './support/orders-csv.ts';
import { runWorkflow, type WorkflowOptions } from './support/run-workflow.ts';

const file = 'files/acme/orders/orders.csv';
const orders = madeUpOrders(240);
const csv = ordersCsv(orders);
const now = () => new Date('2024-05-06T07:08:09.000Z');

/** The request of an api trigger on that file. */
const asked = (request: Omit<RunRequestInput, 'files'> = {}, tenant = 'acme') => ({
  trigger: 'api' as const,
  tenant,
  dataset: 'orders',
  request: runRequestSchema.parse({ files: [file.replace('acme', tenant)], nClusters: 4, ...request }),
});

async function shop(tenant = 'acme', bytes = csv) {
  const ports = memoryPorts({ now });
  await ports.objects.write(file.replace('acme', tenant), bytes);
  return ports;
}

async function published(request: Omit<RunRequestInput, 'files'>, options?: WorkflowOptions) {
  const ports = await shop();
  const { plan, error } = await runWorkflow(ports, asked(request), options);
  if (error !== undefined) throw error;
  return { ports, run: plan?.run as RunRef };
}

/** SHA-256 of every artefact of a run and of its index, by file name. */
function artifactHashes({ contents }: MemoryPorts, run: RunRef) {
  const { root } = runKeys(run);
  const hashes: Record<string, string> = {};
  for (const [key, body] of contents.objects) {
    if (!key.startsWith(`${root}artifacts`)) continue;
    hashes[key.slice(root.length)] = createHash('sha256').update(body).digest('hex');
  }
  return hashes;
}

describe('a whole run', () => {
  it('arrives at recency, frequency and spend that were worked out independently', async () => {
    const { ports, run } = await published({ shards: 3 });
    const oracle = rfmOracle(orders);
    const table = decodeArrow(await ports.objects.read(runKeys(run).artifact('rfm_table.arrow')));
    const columns = ['recency_days', 'frequency', 'monetary'].map((name) => table.float64(name));
    expect(table.nRows).toBe(oracle.rfm.size);
    for (const [row, id] of table.strings('customer_id').entries()) {
      const { recency_days, frequency, monetary } = oracle.rfm.get(id) ?? {};
      expect([columns[0]?.[row], columns[1]?.[row]]).toEqual([recency_days, frequency]);
      // Prices are binary fractions of money; the oracle counts in cents.
      expect(Math.abs((columns[2]?.[row] ?? 0) - (monetary ?? 0))).toBeLessThan(1e-9);
    }
    const record = await ports.runs.get('acme', run.runId);
    expect(record?.rows).toMatchObject({ read: oracle.rows.read, used: oracle.rows.used });
    expect(record?.rows?.byRule.missing_customer_id).toBe(oracle.rows.missing);
    expect(Object.values(record?.rows?.byRule ?? {}).reduce((a, b) => a + b, 0)).toBe(record?.rows?.rejected);
  });

  it('publishes segments and labels that agree with each other', async () => {
    const { ports, run } = await published({});
    expect((await ports.runs.dataset('acme', 'orders'))?.currentRunId).toBe(run.runId);
    const segments = await ports.segments.segments('acme', 'orders', run.runId);
    const labels = ports.contents.labels.get(`acme/orders/${run.runId}`);
    for (const { segment_id, size, statistics } of segments) {
      const own = [...(labels?.values() ?? [])]
        .filter((label) => 'cluster' in label)
        .filter(({ cluster }) => cluster === segment_id);
      expect(own).toHaveLength(size);
      const spends = own.map(({ features }) => Number(features.monetary));
      expect([Math.min(...spends), Math.max(...spends)]).toEqual([
        statistics.monetary?.min,
        statistics.monetary?.max,
      ]);
    }
    expect(new Set(segments.map(({ name }) => name)).size).toBe(4);
  });

  it('writes byte-identical artefacts at 1, 3 and 8 shards, in whatever order the maps run', async () => {
    const one = await published({ shards: 1 });
    const hashes = artifactHashes(one.ports, one.run);
    expect(Object.keys(hashes)).toHaveLength(8);
    for (const shards of [3, 8]) {
      for (const order of [undefined, (items: readonly number[]) => items.toReversed()]) {
        const many = await published({ shards }, order && { order });
        expect(many.run).toEqual(one.run);
        expect(artifactHashes(many.ports, many.run)).toEqual(hashes);
      }
    }
  });

  it('writes the same artefacts for another tenant, under another run', async () => {
    const { ports, run } = await published({});
    const other = await shop('beta');
    const { plan } = await runWorkflow(other, asked({}, 'beta'));
    expect(plan?.run?.runId).not.toBe(run.runId);
    expect(artifactHashes(other, plan?.run as RunRef)).toEqual(artifactHashes(ports, run));
  });

  it('gets over stores that throttle, with the same bytes', async () => {
    const ports = await shop();
    let writes = 0;
    const everyEleventh = async () => {
      if (++writes % 11 === 0) throw new TransientStoreError('The store throttled.');
    };
    const throttled = {
      ...ports,
      objects: {
        ...ports.objects,
        write: async (key: string, body: Uint8Array) => {
          await everyEleventh();
          await ports.objects.write(key, body);
        },
      },
      runs: {
        ...ports.runs,
        reportProgress: async (...report: Parameters<typeof ports.runs.reportProgress>) => {
          await everyEleventh();
          await ports.runs.reportProgress(...report);
        },
      },
    };
    const { plan, error } = await runWorkflow(throttled, asked({ shards: 3 }));
    expect(error).toBeUndefined();
    const calm = await published({});
    expect(artifactHashes(ports, plan?.run as RunRef)).toEqual(artifactHashes(calm.ports, calm.run));
  });

  it('searches a range and explains its choice', async () => {
    const { ports, run } = await published({ nClusters: { min: 2, max: 5 } });
    const selection = JSON.parse(Buffer.from(await ports.objects.read(runKeys(run).selection)).toString());
    expect(selection.candidates).toHaveLength(4);
    const best = Math.max(
      ...selection.candidates.map((c: { scores: { silhouette: number } }) => c.scores.silhouette),
    );
    expect((await ports.runs.get('acme', run.runId))?.scores?.silhouette).toBe(best);
  });

  it('does nothing when the same content was published before', async () => {
    const { ports, run } = await published({ shards: 2 });
    const objects = ports.contents.objects.size;
    const again = await runWorkflow(ports, asked({ shards: 5 }), { executionId: 'execution-2' });
    expect(again.plan).toMatchObject({ outcome: 'alreadyPublished' });
    expect(ports.contents.objects.size).toBe(objects);
    expect((await ports.runs.get('acme', run.runId))?.executionId).toBe('execution-1');
  });

  it('reports every item of every step as done', async () => {
    const { ports, run } = await published({ shards: 3 });
    const progress = await ports.runs.progress('acme', run.runId);
    expect(progress.every(({ status }) => status === 'done')).toBe(true);
    const record = await ports.runs.get('acme', run.runId);
    for (const [step, items] of Object.entries(record?.itemsPerStep ?? {})) {
      expect([step, progress.filter((p) => p.step === step).length]).toEqual([step, items]);
    }
    const rows = (step: string) =>
      progress.filter((p) => p.step === step).reduce((sum, p) => sum + p.rows, 0);
    expect([rows('BuildFeatures'), rows('AssignSegments')]).toEqual([orders.length, record?.nEntities]);
  });
});

describe('a run that goes wrong', () => {
  it('fails with file, line and reason on the record, and the old segments still served', async () => {
    const { ports, run } = await published({});
    const text = Buffer.from(csv).toString().split('\n');
    const at = text.findIndex((line, i) => i > 500 && line.endsWith('United Kingdom')) + 1;
    text.splice(at, 0, 'too,few,fields');
    await ports.objects.write(file, new TextEncoder().encode(text.join('\n')));
    const { plan, error } = await runWorkflow(ports, asked({ shards: 3 }), { executionId: 'execution-2' });
    expect(error?.name).toBe('InvalidDatasetError');
    const record = await ports.runs.get('acme', plan?.run?.runId ?? '');
    expect(record).toMatchObject({
      status: 'failed',
      problem: { title: 'InvalidDatasetError', status: 422, file, line: at + 1, reason: expect.any(String) },
    });
    expect((await ports.runs.dataset('acme', 'orders'))?.currentRunId).toBe(run.runId);
    expect(canonicalJson(await ports.segments.segments('acme', 'orders', run.runId))).toContain('name_rule');
  });

  it('fails while planning, and says why on the run it claimed', async () => {
    const ports = await shop('acme', new TextEncoder().encode('a,b,c\n1,2,3\n'));
    const { error } = await runWorkflow(ports, asked({ recipe: 'rfm' }));
    expect(error?.name).toBe('InvalidDatasetError');
    const { items } = await ports.runs.list('acme', { limit: 10 });
    expect(items).toMatchObject([{ status: 'failed', problem: { title: 'InvalidDatasetError', file } }]);
    expect(await ports.runs.dataset('acme', 'orders')).toBeUndefined();
  });

  it('fails for fewer customers than clusters, and can be asked for again', async () => {
    const few = ordersCsv(orders.filter(({ customer }) => customer === '12346' || customer === '12353'));
    const ports = await shop('acme', few);
    const { error, plan } = await runWorkflow(ports, asked());
    expect(error?.name).toBe('InsufficientDataError');
    const record = await ports.runs.get('acme', plan?.run?.runId ?? '');
    expect(record).toMatchObject({
      status: 'failed',
      problem: { title: 'InsufficientDataError', status: 422 },
    });
    expect(record?.rows?.read).toBeGreaterThan(2);
    const again = await runWorkflow(ports, asked(), { executionId: 'execution-2' });
    expect(again.plan?.outcome).toBe('planned');
  });
});

const onlineRetail = '../shared/data/online_retail/online_retail.csv.gz';

describe.skipIf(!existsSync(onlineRetail))('a run on UCI Online Retail (needs ../shared/data)', () => {
  it('reproduces the published figures and names its five segments sensibly', async () => {
    const ports = memoryPorts({ now });
    const key = 'drop/acme/retail/online_retail.csv.gz';
    await ports.objects.write(key, readFileSync(onlineRetail));
    const { plan, error } = await runWorkflow(ports, { trigger: 'drop', key });
    expect(error).toBeUndefined();
    const runId = plan?.run?.runId ?? '';
    const record = await ports.runs.get('acme', runId);
    expect(record).toMatchObject({ nEntities: 4338, nSegments: 5, rows: { read: 541_909, used: 397_884 } });
    expect(record?.scores?.inertia).toBeLessThanOrEqual(3118.2841);
    const segments = await ports.segments.segments('acme', 'retail', runId);
    expect(segments.map(({ name }) => name)).toEqual([
      'Regular customers',
      'Lost',
      'Champions',
      'Most frequent buyers',
      'Top spenders',
    ]);
    for (const [i, size] of [3049, 1062, 213, 8, 6].entries()) {
      expect(Math.abs((segments[i]?.size ?? 0) - size)).toBeLessThanOrEqual(2);
    }
  });
});
