import { describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../functions/adapters/memory.ts';
import { decodeArrow } from '../functions/arrow/ipc.ts';
import { datasetConfigSchema } from '../functions/contracts/dataset.ts';
import { runKeys } from '../functions/contracts/keys.ts';
import { type RunRef, runRequestSchema } from '../functions/contracts/workflow.ts';
import { saveConfig } from '../functions/dataset-configs.ts';
import { readJson } from '../functions/json-objects.ts';
import { customerExplanation } from '../functions/routes/explanation.ts';
import { findCustomer } from '../functions/routes/find-customer.ts';
import { publishedDataset } from '../functions/routes/published-run.ts';
import { Random } from '../functions/stats/random.ts';
import type { RunFlow } from '../functions/write-flow.ts';
import { runWorkflow } from './support/run-workflow.ts';

const REF = { tenant: 'acme', dataset: 'people' };
type Customer = readonly [id: string, spend: number, visits: number];

/** One even cloud, cut in three by k-means: its borders run through the midst of the customers. */
function cloud(n: number, seed: number): Customer[] {
  const random = new Random(seed);
  return Array.from({ length: n }, (_, i) => [`p${i}`, random.integer(1000), random.integer(1000)]);
}

/** The same customers, each a step from where it was. */
function shaken(customers: readonly Customer[], seed: number): Customer[] {
  const random = new Random(seed);
  const step = () => random.integer(161) - 80;
  return customers.map(([id, spend, visits]) => [id, spend + step(), visits + step()]);
}

async function memoryWith(config: object): Promise<MemoryPorts> {
  let now = Date.UTC(2026, 0, 1);
  const memory = memoryPorts({
    now: () => {
      now += 1000;
      return new Date(now);
    },
  });
  await saveConfig(memory, REF, datasetConfigSchema.parse({ kind: 'customers', ...config }));
  return memory;
}

async function run(memory: MemoryPorts, customers: readonly Customer[], shards = 2): Promise<RunRef> {
  const file = `files/acme/people/${customers.length}.csv`;
  const text = `id,spend,visits\n${customers.map((customer) => customer.join(',')).join('\n')}\n`;
  await memory.objects.write(file, new TextEncoder().encode(text));
  const request = runRequestSchema.parse({ files: [file], recipe: 'table', nClusters: 3, shards });
  const { plan, error } = await runWorkflow(memory, { trigger: 'api', ...REF, request });
  if (error) throw error;
  return plan!.run!;
}

async function labelsOf(memory: MemoryPorts, ref: RunRef): Promise<Map<string, number>> {
  const file = decodeArrow(await memory.objects.read(runKeys(ref).artifact('labels.arrow')));
  const segments = file.int32('segment_id');
  return new Map([...file.strings('customer_id')].map((id, row) => [id, segments[row]!]));
}

const flowOf = (memory: MemoryPorts, ref: RunRef) => readJson<RunFlow>(memory.objects, runKeys(ref).flow);

const before = cloud(600, 3);
const after = shaken(before, 4);

/** Two runs, of which the second has the budget. */
async function twoRuns(churnBudget: number | undefined, shards = 2) {
  const memory = await memoryWith(churnBudget === undefined ? {} : { churnBudget });
  const first = await labelsOf(memory, await run(memory, before, shards));
  const ref = await run(memory, after, shards);
  const second = await labelsOf(memory, ref);
  const moved = [...second].filter(([id, segment]) => first.get(id) !== segment).map(([id]) => id);
  return { memory, ref, first, second, moved, flow: await flowOf(memory, ref) };
}

describe('a churn budget', () => {
  it('lets no more customers move than it allows, and says how many it held', async () => {
    const free = await twoRuns(undefined);
    expect(free.moved.length).toBeGreaterThan(30);
    expect(free.flow.borders).toBeUndefined();
    const { moved, flow, memory, ref } = await twoRuns(0.03);
    expect(moved.length).toBeLessThanOrEqual(18);
    expect(moved.length).toBeGreaterThan(9);
    // Who moves is among those that would without a budget.
    expect(free.moved).toEqual(expect.arrayContaining(moved));
    expect(flow.borders).toMatchObject({
      budget: 0.03,
      nCustomers: 600,
      held: free.moved.length - moved.length,
    });
    expect(flow.flow?.moved).toBe(moved.length);
    expect(flow.causes.moved).toBe(moved.length);
    expect((await memory.runs.get('acme', ref.runId))?.labelWrites?.held).toBe(flow.borders?.held);
    expect(memory.contents.events.at(-1)).toMatchObject({ detail: { held: flow.borders?.held } });
  });

  it('keeps sizes of segments, flow and served labels consistent with who was held', async () => {
    const { memory, ref, second, flow } = await twoRuns(0.02);
    const sizes = new Map<number, number>();
    for (const segment of second.values()) sizes.set(segment, (sizes.get(segment) ?? 0) + 1);
    for (const { segment_id, size } of await memory.segments.segments('acme', 'people', ref.runId)) {
      expect(size).toBe(sizes.get(segment_id));
    }
    for (const { place, size } of flow.flow!.to) {
      if (typeof place === 'number') expect(size).toBe(sizes.get(place));
    }
    const clusters = await memory.segments.clusters('acme', 'people', ref.runId, 'kmeans');
    expect(clusters.map(({ cluster_id, size }) => [cluster_id, size]).sort()).toEqual([...sizes].sort());
    const record = await publishedDataset(memory, 'acme', 'people');
    for (const [id, segment] of second) {
      expect((await findCustomer(memory, record, id)).segmentId).toBe(segment);
    }
  });

  it('of nothing moves nobody, and explains who is held by the center that is nearer', async () => {
    const { memory, second, moved, flow } = await twoRuns(0);
    expect(moved).toEqual([]);
    expect(flow.borders!.held).toBeGreaterThan(30);
    let held = 0;
    for (const customerId of second.keys()) {
      const request = { tenant: 'acme', params: { customerId }, query: { dataset: 'people' } };
      const { body } = await customerExplanation.handle(request as never, memory);
      const answer = body as { held: boolean; segment_id: number; runner_up: { margin: number } };
      expect(answer.segment_id).toBe(second.get(customerId));
      expect(answer.held).toBe(answer.runner_up.margin < 0);
      if (answer.held) held++;
    }
    expect(held).toBe(flow.borders!.held);
  });

  it('gives the same bytes at any number of shards, and when its steps are tried again', async () => {
    const one = await twoRuns(0.03, 1);
    const { memory, ref } = await twoRuns(0.03, 4);
    const artifact = (from: MemoryPorts, of: RunRef) =>
      from.objects.read(runKeys(of).artifact('labels.arrow'));
    const bytes = await artifact(memory, ref);
    expect(bytes).toEqual(await artifact(one.memory, one.ref));
    const { handler } = await import('../functions/handlers/write-labels.ts');
    const labels = await memory.objects.read(runKeys(ref).labels(1));
    await handler.with({ ports: () => memory })({ run: ref, item: 1, executionId: 'again' });
    expect(await memory.objects.read(runKeys(ref).labels(1))).toEqual(labels);
  });
});

describe('a contamination of a run', () => {
  it('lists that share of the customers as outliers, with contributions that sum to the risk', async () => {
    const memory = await memoryWith({ contamination: 0.02, algorithms: ['kmeans'] });
    const ref = await run(memory, [...before, ['far', 1500, 1500]]);
    const outliers = await memory.segments.outliers('acme', 'people', ref.runId, 1000);
    expect(outliers).toHaveLength(12);
    expect(outliers[0]).toMatchObject({ lead_id: 'far', clustering_algorithm: 'kmeans', suspicious: true });
    for (const { risk_score, contributions } of outliers) {
      expect(risk_score).toBeGreaterThan(0.5);
      expect(contributions.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(
        risk_score,
        10,
      );
    }
    const risks = outliers.map(({ risk_score }) => risk_score);
    expect(risks).toEqual(risks.toSorted((a, b) => b - a));
  });

  it('stands beside the outliers of DBSCAN, the riskiest first whichever found it', async () => {
    const memory = await memoryWith({ contamination: 0.02 });
    const ref = await run(memory, [...before, ['far', 1500, 1500]]);
    const outliers = await memory.segments.outliers('acme', 'people', ref.runId, 1000);
    expect(new Set(outliers.map(({ clustering_algorithm }) => clustering_algorithm))).toEqual(
      new Set(['kmeans', 'dbscan']),
    );
    const risks = outliers.map(({ risk_score }) => risk_score);
    expect(risks).toEqual(risks.toSorted((a, b) => b - a));
  });

  it('holds for order data too, which is told by recency, frequency and spend alone otherwise', async () => {
    const memory = memoryPorts();
    await saveConfig(memory, REF, datasetConfigSchema.parse({ contamination: 0.05 }));
    const random = new Random(1);
    const lines = Array.from({ length: 400 }, (_, i) => {
      const day = String(1 + random.integer(28)).padStart(2, '0');
      return `o${i},c${random.integer(100)},2026-01-${day} 10:00:00,${1 + random.integer(5)},2.5`;
    });
    const file = 'files/acme/people/orders.csv';
    const text = `InvoiceNo,CustomerID,InvoiceDate,Quantity,UnitPrice\n${lines.join('\n')}\n`;
    await memory.objects.write(file, new TextEncoder().encode(text));
    const request = runRequestSchema.parse({ files: [file], nClusters: 3 });
    const { plan, error } = await runWorkflow(memory, { trigger: 'api', ...REF, request });
    if (error) throw error;
    const outliers = await memory.segments.outliers('acme', 'people', plan!.run!.runId, 1000);
    expect(outliers.length).toBeGreaterThan(0);
    expect(outliers.length).toBeLessThanOrEqual(5);
  });
});
