import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import type { PartialManifest, RunPlan } from '../../functions/contracts/artifacts.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import { type RunRequestInput, runRequestSchema } from '../../functions/contracts/workflow.ts';
import { buildFeatures } from '../../functions/handlers/build-features.ts';
import { mergeEntities } from '../../functions/handlers/merge-entities.ts';
import { planRun } from '../../functions/handlers/plan-run.ts';
import { readJson } from '../../functions/json-objects.ts';
import { quietContext } from '../support/prepared-run.ts';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const KEY = 'files/acme/orders.csv';

const row = (
  i: number,
  changes: { quantity?: string; date?: string; price?: string; customer?: string } = {},
) => {
  const {
    quantity = '6',
    date = '2010-12-01 08:26:00',
    price = '2.55',
    customer = `${17850 + (i % 7)}.0`,
  } = changes;
  return `${536365 + Math.floor(i / 3)},85123A,"MUG, ""RED""\nLARGE",${quantity},${date},${price},${customer},United Kingdom`;
};
const rows = (n: number) => Array.from({ length: n }, (_, i) => row(i));

let ports: MemoryPorts;
let claimed: unknown[];

beforeEach(() => {
  ports = memoryPorts({ now: () => new Date('2025-01-01T00:00:00Z') });
  claimed = [];
});

const context = () => ({ ...quietContext(ports), claimed: async (run: unknown) => void claimed.push(run) });

async function put(lines: readonly string[] | Uint8Array, key = KEY) {
  const body = lines instanceof Uint8Array ? lines : new TextEncoder().encode(lines.join('\n'));
  await ports.objects.write(key, body);
}

function plan(settings: Partial<RunRequestInput> = {}, executionId = 'execution-1') {
  const request = runRequestSchema.parse({ files: [KEY], ...settings });
  return planRun(
    { trigger: { trigger: 'api', tenant: 'acme', dataset: 'shop', request } },
    { ...context(), executionId },
  );
}

/** Plans, reads all shards and merges the first bucket. */
async function run(settings: Partial<RunRequestInput> = {}) {
  const { run: ref } = await plan(settings);
  const keys = runKeys(ref!);
  const planned = await readJson<RunPlan>(ports.objects, keys.plan);
  for (const { shard } of planned.rowShards) await buildFeatures({ run: ref!, item: shard }, context());
  const manifests = await Promise.all(
    planned.rowShards.map(({ shard }) =>
      readJson<PartialManifest>(ports.objects, keys.partialManifest(shard)),
    ),
  );
  await mergeEntities({ run: ref!, item: 0 }, context());
  return { planned, manifests };
}

const failure = (name: string, reason: string, line?: number) =>
  expect.objectContaining({
    name,
    message: expect.stringContaining(line === undefined ? KEY : `${KEY}, line ${line}: `),
    context: expect.objectContaining({ file: KEY, reason, ...(line === undefined ? {} : { line }) }),
  });

describe('PlanRun', () => {
  it('claims the run, tells so, and lists shards and buckets', async () => {
    await put([HEADER, ...rows(50)]);
    const { outcome, run: ref, rowShardsKey, bucketsKey } = await plan({ shards: 3 });
    expect(outcome).toBe('planned');
    expect(claimed).toEqual([ref]);
    expect(await readJson(ports.objects, rowShardsKey!)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
    expect(await readJson(ports.objects, bucketsKey!)).toHaveLength(3);
    expect(await ports.runs.get('acme', ref!.runId)).toMatchObject({
      status: 'running',
      executionId: 'execution-1',
      startedAt: '2025-01-01T00:00:00.000Z',
      itemsPerStep: { PlanRun: 1, BuildFeatures: 3, MergeEntities: 3, AssignSegments: 3 },
    });
  });

  it('shares the shards out among plain files by size, and gives a gzip file one', async () => {
    await put([HEADER, ...rows(300)], 'files/acme/in/a.csv');
    await put([HEADER, ...rows(100)], 'files/acme/in/b.csv');
    await put(gzipSync([HEADER, ...rows(100)].join('\n')), 'files/acme/in/c.csv');
    const { planned } = await run({ files: ['files/acme/in/', 'files/acme/in/a.csv'], shards: 8 });
    expect(planned.files.map(({ layout }) => layout.compression)).toEqual(['none', 'none', 'gzip']);
    expect(planned.rowShards.map(({ file }) => file)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 2]);
    expect(planned.rowShards.at(-1)).toMatchObject({ end: null });
  });

  it('counts a gzip file eightfold for the buckets, and refuses more than one run takes', async () => {
    await put(gzipSync([HEADER, ...rows(20)].join('\n')));
    const { head } = ports.objects;
    const sized = (bytes: number) => ({
      ...ports,
      objects: { ...ports.objects, head: async (key: string) => ({ ...(await head(key))!, size: bytes }) },
    });
    const request = runRequestSchema.parse({ files: [KEY] });
    const trigger = { trigger: 'api', tenant: 'acme', dataset: 'shop', request } as const;
    const planned = await planRun({ trigger }, { ...context(), ports: sized(16 * 2 ** 20) });
    expect(await readJson(ports.objects, planned.bucketsKey!)).toHaveLength(8);
    await expect(planRun({ trigger }, { ...context(), ports: sized(2 ** 40) })).rejects.toThrow(
      /about 8192 GiB of rows; one run takes 625 GiB/,
    );
  });

  it('leaves a run alone that is under way or published', async () => {
    await put([HEADER, ...rows(5)]);
    const { run: ref } = await plan();
    const again = () => plan({}, 'execution-2');
    expect(await again()).toEqual({ outcome: 'alreadyRunning', run: ref });
    await ports.runs.update('acme', ref!.runId, { status: 'succeeded' });
    expect(await again()).toEqual({ outcome: 'alreadyPublished', run: ref });
    expect(claimed).toHaveLength(1);
  });

  it('takes over a run whose execution ended without a word', async () => {
    await put([HEADER, ...rows(5)]);
    const { run: ref } = await plan();
    ports.contents.ended.add('execution-1');
    expect(await plan({}, 'execution-2')).toMatchObject({ outcome: 'planned', run: ref });
    expect((await ports.runs.get('acme', ref!.runId))?.executionId).toBe('execution-2');
    expect(await plan({}, 'execution-3')).toEqual({ outcome: 'alreadyRunning', run: ref });
  });

  it('serves a published run again, but not for an event that comes late', async () => {
    const key = 'drop/acme/shop/a.csv';
    await put([HEADER, ...rows(5)], key);
    const drop = (droppedAt: string, executionId: string) =>
      planRun({ trigger: { trigger: 'drop', key, droppedAt } }, { ...context(), executionId });
    const { run: ref } = await drop('2025-01-01T00:00:00Z', 'execution-1');
    const record = await ports.runs.get('acme', ref!.runId);
    await ports.runs.update('acme', ref!.runId, { status: 'succeeded' });
    const { request } = record!;
    const turn = '2025-01-01T00:00:05';
    await ports.runs.publish({
      tenant: 'acme',
      dataset: 'shop',
      currentRunId: 'r2',
      labelSources: [],
      formerRunIds: [],
      publishedAt: '',
      turn,
      request,
    });
    const served = async () => (await ports.runs.dataset('acme', 'shop'))?.currentRunId;

    expect(await drop('2025-01-01T00:00:00Z', 'execution-2')).toMatchObject({ outcome: 'alreadyPublished' });
    expect(await served()).toBe('r2');
    expect(await drop('2025-01-01T00:00:09Z', 'execution-3')).toMatchObject({ outcome: 'alreadyPublished' });
    expect(await served()).toBe(ref!.runId);
  });

  it('has nothing to do when a schedule fires before the first run', async () => {
    const trigger = { trigger: 'schedule', tenant: 'acme', dataset: 'shop' } as const;
    expect(await planRun({ trigger }, context())).toEqual({ outcome: 'nothingToDo' });
  });

  it('plans the same bytes again after a transient failure', async () => {
    await put([HEADER, ...rows(50)]);
    const { run: ref } = await plan({ shards: 3 });
    const before = await ports.objects.read(runKeys(ref!).plan);
    expect(await plan({ shards: 3 })).toMatchObject({ outcome: 'planned' });
    expect(await ports.objects.read(runKeys(ref!).plan)).toEqual(before);
  });

  it('takes a file that names four of the five columns of an order for orders, and asks for the fifth', async () => {
    await put([HEADER.replace(/^[^,]+/, 'who'), ...rows(3)]);
    await expect(plan()).rejects.toThrow(failure('InvalidDatasetError', 'missing_column'));
  });

  it('fails on a file without the columns of an order where orders were asked for', async () => {
    await put(['a,b', '1,2']);
    await expect(plan({ recipe: 'rfm' })).rejects.toThrow(failure('InvalidDatasetError', 'missing_column'));
    expect(claimed).toHaveLength(1);
  });

  it.each([
    ['an empty file', [''], 'InvalidDatasetError', 'empty_file'],
    ['a file with a header only', [HEADER, ''], 'InsufficientDataError', 'no_rows'],
    ['a binary file', ['MZ\u0090\0\u0003'], 'InvalidDatasetError', 'binary'],
    ['a zip archive that is no spreadsheet', ['PK\u0003\u0004\0'], 'InvalidDatasetError', 'corrupt_xlsx'],
  ])('fails on %s after the claim, naming the file', async (_, lines, name, reason) => {
    await put(lines);
    await expect(plan()).rejects.toThrow(failure(name, reason));
    expect(claimed).toHaveLength(1);
    expect([...ports.contents.objects.keys()]).toEqual([KEY]);
  });

  it('fails on a gzip file that is damaged', async () => {
    const whole = gzipSync([HEADER, ...rows(20)].join('\n'));
    await put(whole.subarray(0, 60));
    await expect(plan()).rejects.toThrow(failure('InvalidDatasetError', 'truncated_gzip'));
    await put(Uint8Array.from(whole, (byte, i) => (i === 40 ? byte ^ 0xff : byte)));
    await expect(plan()).rejects.toThrow(failure('InvalidDatasetError', 'corrupt_gzip'));
  });
});

describe('BuildFeatures', () => {
  it('counts what each rule drops and remembers the first line', async () => {
    const lines = [
      ...rows(100),
      row(1, { customer: '' }),
      row(2, { quantity: '-1' }),
      row(3, { price: '0' }),
    ];
    await put([HEADER, ...lines, row(4, { customer: ' ' }), row(5, { quantity: 'x' })]);
    const { manifests } = await run();
    expect(manifests[0]!.rows).toEqual({
      read: 105,
      used: 100,
      rejected: 5,
      byRule: {
        missing_customer_id: 2,
        quantity_not_positive: 1,
        unit_price_not_positive: 1,
        unreadable_quantity: 1,
      },
    });
    // Every row takes two lines; the first one begins on line 2.
    expect(manifests[0]!.firstLines).toEqual({
      missing_customer_id: 200,
      quantity_not_positive: 202,
      unit_price_not_positive: 204,
      unreadable_quantity: 208,
    });
  });

  it('reads gzip files as plain ones, whatever they are called', async () => {
    const body = [`\ufeff${HEADER}`, ...rows(5000)].join('\r\n');
    await put(new TextEncoder().encode(body));
    const plain = await run();
    await put(gzipSync(body));
    const zipped = await run();
    expect(zipped.planned.files[0]!.layout.compression).toBe('gzip');
    expect(zipped.manifests).toEqual(plain.manifests);
    expect(plain.manifests[0]!.rows.used).toBe(5000);
  });

  it.each([1, 4])('fails on a broken row at its true line, with %i shards', async (shards) => {
    const broken = [...rows(90), '1,2,3', ...rows(9)];
    await put([HEADER, ...broken]);
    await expect(run({ shards })).rejects.toThrow(failure('InvalidDatasetError', 'ragged_row', 182));
    await put([HEADER, ...rows(99), row(1).replace('LARGE"', 'LARGE')]);
    await expect(run({ shards })).rejects.toThrow(failure('InvalidDatasetError', 'unclosed_quote', 200));
    await put([HEADER, ...rows(98), row(1).replace('MUG', '\0')]);
    await expect(run({ shards })).rejects.toThrow(failure('InvalidDatasetError', 'binary', 198));
  });

  it('fails on an id that is not UTF-8, where the beginning of the file was', async () => {
    const bytes = new TextEncoder().encode([HEADER, ...rows(5000)].join('\n'));
    bytes[bytes.lastIndexOf(0x38)] = 0xe9;
    await put(bytes);
    await expect(run()).rejects.toThrow(failure('InvalidDatasetError', 'invalid_utf8', 10_000));
  });

  it.each([1, 3, 40])(
    'fails on a file that is unreadable in more than 1 of 20 rows, with %i shards',
    async (shards) => {
      const lines = rows(100);
      for (const i of [95, 96, 97, 98, 99]) lines[i] = row(i, { date: '12/1/2010 8:26' });
      await put([HEADER, ...lines]);
      expect((await run({ shards })).manifests).toHaveLength(shards);
      lines[94] = row(94, { date: 'soon' });
      await put([HEADER, ...lines]);
      await expect(run({ shards })).rejects.toThrow(
        failure('InvalidDatasetError', 'unreadable_ordered_at', 190),
      );
    },
  );

  it('fails on a gzip file that ends early or holds no row', async () => {
    const body = [
      HEADER,
      ...Array.from({ length: 5000 }, (_, i) => row(i, { price: `${(i * 7919) % 1009}.1` })),
    ];
    const whole = gzipSync(body.join('\n'));
    await put(whole.subarray(0, whole.length - 5000));
    await expect(run()).rejects.toThrow(failure('InvalidDatasetError', 'truncated_gzip'));
    await put(gzipSync(`${HEADER}\n${'\n'.repeat(100_000)}`));
    await expect(run()).rejects.toThrow(failure('InsufficientDataError', 'no_rows'));
  });

  it('fails when the file was replaced while it was read', async () => {
    await put([HEADER, ...rows(5)]);
    const { run: ref } = await plan();
    const { stream } = ports.objects;
    async function* replacedMeanwhile(...range: Parameters<typeof stream>) {
      await put([HEADER, ...rows(5), '']);
      yield* stream(...range);
    }
    const objects = { ...ports.objects, stream: replacedMeanwhile };
    const step = buildFeatures({ run: ref!, item: 0 }, { ...context(), ports: { ...ports, objects } });
    await expect(step).rejects.toThrow(failure('ConflictError', 'file_changed'));
    expect(ports.contents.objects.has(runKeys(ref!).partialManifest(0))).toBe(false);
  });

  it('fails on more orders than one worker can hold', async () => {
    const lines = Array.from({ length: 2_000_100 }, (_, i) => `${i},1,2011-01-01,1,1`);
    await put(
      gzipSync(['OrderId,CustomerId,OrderDate,Quantity,UnitPrice', ...lines].join('\n'), { level: 1 }),
    );
    await expect(run()).rejects.toThrow(/2000000 orders fall to one worker.*split it/);
  });

  it('fails when the file was replaced after planning', async () => {
    await put([HEADER, ...rows(5)]);
    const { run: ref } = await plan();
    await put([HEADER, ...rows(6)]);
    await expect(buildFeatures({ run: ref!, item: 0 }, context())).rejects.toThrow(
      failure('ConflictError', 'file_changed'),
    );
  });

  it('fails when no row passes the rules', async () => {
    await put([HEADER, row(1, { customer: '' }), row(2, { quantity: '0' })]);
    await expect(run()).rejects.toThrow(expect.objectContaining({ name: 'InsufficientDataError' }));
  });
});
