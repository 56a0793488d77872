import { describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../functions/adapters/memory.ts';
import { decodeArrow } from '../functions/arrow/ipc.ts';
import { runKeys } from '../functions/contracts/keys.ts';
import { type RunRef, runRequestSchema } from '../functions/contracts/workflow.ts';
import { readJson } from '../functions/json-objects.ts';
import { findCustomer } from '../functions/routes/find-customer.ts';
import { publishedDataset } from '../functions/routes/published-run.ts';
import { Random } from '../functions/stats/random.ts';
import type { RunFlow } from '../functions/write-flow.ts';
import { runWorkflow } from './support/run-workflow.ts';

/** A customer of the made-up dataset: its id, what it spends, how often it comes. */
type Customer = readonly [id: string, spend: number, visits: number];

const blob = (prefix: string, n: number, spend: number, visits: number, seed: number): Customer[] => {
  const random = new Random(seed);
  return Array.from({ length: n }, (_, i) => [
    `${prefix}${i}`,
    spend + Math.round(40 * random.uniform()),
    visits + Math.round(4 * random.uniform()),
  ]);
};

/** Three kinds, each far from the others. */
const first = [...blob('a', 120, 100, 5, 1), ...blob('b', 80, 1000, 50, 2), ...blob('c', 50, 100, 100, 3)];

function csvOf(customers: readonly Customer[]): Uint8Array {
  const lines = customers.map((customer) => customer.join(','));
  return new TextEncoder().encode(`id,spend,visits\n${lines.join('\n')}\n`);
}

async function run(
  ports: MemoryPorts,
  customers: readonly Customer[],
  { k = 3, shards = 3, name = 'customers.csv' } = {},
): Promise<RunRef> {
  const file = `files/acme/people/${name}`;
  await ports.objects.write(file, csvOf(customers));
  const request = runRequestSchema.parse({ files: [file], recipe: 'table', nClusters: k, shards });
  const { plan, error } = await runWorkflow(ports, {
    trigger: 'api',
    tenant: 'acme',
    dataset: 'people',
    request,
  });
  if (error) throw error;
  expect(plan?.outcome).toMatch(/planned|alreadyPublished/);
  return plan!.run!;
}

/** A clock that each reading moves on by a second, so that later runs are later. */
function ports(): MemoryPorts {
  let now = Date.UTC(2026, 0, 1);
  return memoryPorts({
    now: () => {
      now += 1000;
      return new Date(now);
    },
  });
}

const flowOf = (memory: MemoryPorts, ref: RunRef) => readJson<RunFlow>(memory.objects, runKeys(ref).flow);

/** Segment per customer, as the artefact says. */
async function artifactLabels(memory: MemoryPorts, ref: RunRef): Promise<Map<string, number>> {
  const file = decodeArrow(await memory.objects.read(runKeys(ref).artifact('labels.arrow')));
  const segments = file.int32('segment_id');
  return new Map(file.strings('customer_id').map((id, row) => [id, segments[row]!]));
}

/** Segment per customer, as the API finds it. */
async function servedLabels(memory: MemoryPorts, ids: Iterable<string>): Promise<Map<string, number>> {
  const record = await publishedDataset(memory, 'acme', 'people');
  const found = new Map<string, number>();
  for (const id of ids) found.set(id, (await findCustomer(memory, record, id)).segmentId);
  return found;
}

const kindOf = (labels: ReadonlyMap<string, number>, kind: string) => {
  const segments = new Set([...labels].filter(([id]) => id.startsWith(kind)).map(([, segment]) => segment));
  expect(segments.size).toBe(1);
  return [...segments][0];
};

describe('segments from run to run', () => {
  it('keep their ids when the data comes in another order, sizes change places and a tenth of the customers changes', async () => {
    const memory = ports();
    const before = await artifactLabels(memory, await run(memory, first));
    const ids = { a: kindOf(before, 'a'), b: kindOf(before, 'b'), c: kindOf(before, 'c') };
    expect(ids).toEqual({ a: 0, b: 1, c: 2 });
    // The smallest kind becomes the largest, and the first customers of each kind are others.
    const second = [
      ...blob('c', 50, 100, 100, 3).slice(5),
      ...blob('cn', 150, 100, 100, 4),
      ...blob('b', 80, 1000, 50, 2).slice(8),
      ...blob('a', 120, 100, 5, 1).slice(12),
    ].toReversed();
    const ref = await run(memory, second, { shards: 5 });
    const after = await artifactLabels(memory, ref);
    expect({ a: kindOf(after, 'a'), b: kindOf(after, 'b'), c: kindOf(after, 'c') }).toEqual(ids);
    const { events, flow, formerRunId } = await flowOf(memory, ref);
    expect(formerRunId).not.toBeNull();
    expect(events.map(({ kind }) => kind)).toEqual(['kept', 'kept', 'kept']);
    expect(flow).toMatchObject({ entered: 150, left: 25, moved: 0, stayed: 225 });
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    flow!.from.forEach(({ size }, i) => {
      expect(sum(flow!.counts[i]!)).toBe(size);
    });
    flow!.to.forEach(({ size }, j) => {
      expect(sum(flow!.counts.map((row) => row[j]!))).toBe(size);
    });
    const segments = await memory.segments.segments('acme', 'people', ref.runId);
    const sizes = new Map(segments.map(({ segment_id, size }) => [segment_id, size]));
    for (const { place, size } of flow!.to) {
      if (typeof place === 'number') expect(sizes.get(place)).toBe(size);
    }
  });

  it('write only the labels that changed, and are read as if all had been written', async () => {
    const memory = ports();
    await run(memory, first);
    // One customer moves, one has another value, one leaves, one is new.
    const second = first
      .filter(([id]) => id !== 'a7')
      .map((customer): Customer => (customer[0] === 'a3' ? ['a3', 1010, 52] : customer))
      .map((customer): Customer => (customer[0] === 'b4' ? ['b4', customer[1] + 1, customer[2]] : customer));
    const ref = await run(memory, [...second, ['c999', 110, 101]], { shards: 2 });
    const record = await memory.runs.get('acme', ref.runId);
    expect(record?.labelWrites).toEqual({ written: 3, unchanged: 247, left: 1 });
    const written = memory.contents.labels.get(`acme/people/${ref.runId}`);
    expect([...(written?.keys() ?? [])].sort()).toEqual(['a3', 'a7', 'b4', 'c999']);
    const labels = await artifactLabels(memory, ref);
    expect(await servedLabels(memory, labels.keys())).toEqual(labels);
    const dataset = await publishedDataset(memory, 'acme', 'people');
    await expect(findCustomer(memory, dataset, 'a7')).rejects.toMatchObject({ name: 'NotFoundError' });
    const changes = decodeArrow(await memory.objects.read(runKeys(ref).allChanges));
    const [from, to] = [changes.int32('from_segment'), changes.int32('to_segment')];
    const moves = changes.strings('customer_id').map((id, i) => [id, from[i], to[i]]);
    expect(moves.sort()).toEqual([
      ['a3', 0, 1],
      ['a7', 0, -1],
      ['c999', -1, 2],
    ]);
    expect((await flowOf(memory, ref)).causes).toMatchObject({ moved: 1, data: 1, centers: 0 });
    expect(memory.contents.events.at(-1)).toMatchObject({
      type: 'SegmentationCompleted',
      tenant: 'acme',
      dataset: 'people',
      run_id: ref.runId,
      detail: { served: true, moved: 1, entered: 1, left: 1, changes_key: runKeys(ref).allChanges },
    });
  });

  it('stay right over many runs, of which each leaves most labels as they are', async () => {
    const memory = ports();
    const random = new Random(5);
    let customers = first;
    for (let n = 0; n < 15; n++) {
      const ref = await run(memory, customers, { shards: 1 + (n % 3) });
      const labels = await artifactLabels(memory, ref);
      expect(await servedLabels(memory, labels.keys())).toEqual(labels);
      const { labelSources = [] } = (await memory.runs.get('acme', ref.runId)) ?? {};
      expect(labelSources.length).toBeLessThanOrEqual(12);
      customers = customers.map((customer) =>
        random.uniform() < 0.04 ? [customer[0], 1000 + random.integer(40), 50] : customer,
      );
    }
  }, 60_000);

  it('name a planted split and a planted merger as such, with the segments that took part', async () => {
    const memory = ports();
    const kinds = [...blob('a', 90, 100, 5, 1), ...blob('b', 90, 1000, 5, 2), ...blob('c', 60, 1000, 30, 3)];
    const together = await artifactLabels(memory, await run(memory, kinds, { k: 2 }));
    const [a, bc] = [kindOf(together, 'a'), kindOf(together, 'b')];
    expect(kindOf(together, 'c')).toBe(bc);

    const splitRun = await run(memory, kinds, { k: 3 });
    const apart = await artifactLabels(memory, splitRun);
    const [b, c] = [kindOf(apart, 'b'), kindOf(apart, 'c')];
    // The larger part keeps the id.
    expect([kindOf(apart, 'a'), b, c]).toEqual([a, bc, 2]);
    const split = await flowOf(memory, splitRun);
    expect(split.events.map(({ kind }) => kind).sort()).toEqual(['kept', 'split']);
    expect(split.events.find(({ kind }) => kind === 'split')).toMatchObject({ from: [bc], to: [b, c] });

    const mergedRun = await run(memory, [...kinds, ['b-new', 1001, 6]], { k: 2 });
    const merged = await flowOf(memory, mergedRun);
    expect(merged.events.map(({ kind }) => kind).sort()).toEqual(['kept', 'merged']);
    expect(merged.events.find(({ kind }) => kind === 'merged')).toMatchObject({ from: [b, c], to: [b] });
    expect(merged.causes.count).toBe(merged.causes.moved);
    expect(merged.causes.moved).toBe(60);
  });

  it('never give the id of a segment that is gone to another one', async () => {
    const memory = ports();
    await run(memory, first);
    const gone = await run(
      memory,
      first.filter(([id]) => !id.startsWith('c')),
      { k: 2 },
    );
    expect(new Set((await artifactLabels(memory, gone)).values())).toEqual(new Set([0, 1]));
    const other = [...first.filter(([id]) => !id.startsWith('c')), ...blob('d', 60, 5000, 5, 9)];
    const back = await artifactLabels(memory, await run(memory, other));
    expect(kindOf(back, 'd')).toBe(3);
  });

  it('are the same after a step is tried again', async () => {
    const memory = ports();
    await run(memory, first);
    const ref = await run(memory, [...first, ...blob('d', 40, 5000, 5, 9)], { k: 4 });
    const { handler } = await import('../functions/handlers/match-segments.ts');
    const identity = await memory.objects.read(runKeys(ref).identity);
    await handler.with({ ports: () => memory })({ run: ref, executionId: 'again' });
    expect(await memory.objects.read(runKeys(ref).identity)).toEqual(identity);
    expect(await memory.runs.reserveSegmentIds('acme', 'people', 1)).toBe(4);
  });
});
