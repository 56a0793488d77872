import { beforeEach, describe, expect, it } from 'vitest';
import { memoryPorts } from '../functions/adapters/memory.ts';
import { runRequestSchema, type Trigger } from '../functions/contracts/workflow.ts';
import { identifyRun, turnOf } from '../functions/run-identity.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const api = (request: object, tenant = 'acme'): Trigger => ({
  trigger: 'api',
  tenant,
  dataset: 'orders',
  request: runRequestSchema.parse(request),
});

let ports: ReturnType<typeof memoryPorts>;
beforeEach(async () => {
  ports = memoryPorts();
  await ports.objects.write('files/acme/orders/a.csv', bytes('a'));
  await ports.objects.write('files/acme/orders/b.csv', bytes('b'));
});
const idOf = async (trigger: Trigger) => (await identifyRun(trigger, ports))?.run.runId;

describe('the identity of a run', () => {
  it('takes tenant and dataset of a dropped data file from its key', async () => {
    await ports.objects.write('drop/acme/orders/may.csv', bytes('a'));
    const identity = await identifyRun({ trigger: 'drop', key: 'drop/acme/orders/may.csv' }, ports);
    expect(identity).toMatchObject({
      run: { tenant: 'acme', dataset: 'orders' },
      request: { files: ['drop/acme/orders/may.csv'], nClusters: 5, seed: 42 },
      files: [{ key: 'drop/acme/orders/may.csv', size: 1 }],
    });
  });

  it('follows from content and settings, not from file names or sharding', async () => {
    const id = await idOf(api({ files: ['files/acme/orders/a.csv'] }));
    await ports.objects.write('files/acme/orders/copy.csv', bytes('a'));
    expect(await idOf(api({ files: ['files/acme/orders/copy.csv'] }))).toBe(id);
    expect(await idOf(api({ files: ['files/acme/orders/a.csv'], shards: 8 }))).toBe(id);
    expect(await idOf(api({ files: ['files/acme/orders/b.csv'] }))).not.toBe(id);
    expect(await idOf(api({ files: ['files/acme/orders/a.csv'], seed: 43 }))).not.toBe(id);
    expect(await idOf(api({ files: ['files/acme/orders/a.csv'], rerun: 'again' }))).not.toBe(id);
  });

  it('reads a dropped run request and lists prefixes without the requests in them', async () => {
    await ports.objects.write(
      'drop/acme/orders/x.run.json',
      bytes('{"files":["files/acme/orders/"],"nClusters":3}'),
    );
    await ports.objects.write('files/acme/orders/y.run.json', bytes('{}'));
    const identity = await identifyRun({ trigger: 'drop', key: 'drop/acme/orders/x.run.json' }, ports);
    expect(identity?.request.nClusters).toBe(3);
    expect(identity?.files.map(({ key }) => key)).toEqual([
      'files/acme/orders/a.csv',
      'files/acme/orders/b.csv',
    ]);
  });

  it('repeats the published request on a schedule, and does nothing before there is one', async () => {
    const schedule: Trigger = { trigger: 'schedule', tenant: 'acme', dataset: 'orders' };
    expect(await identifyRun(schedule, ports)).toBeUndefined();
    const request = runRequestSchema.parse({ files: ['files/acme/orders/a.csv'] });
    await ports.runs.publish({
      tenant: 'acme',
      dataset: 'orders',
      currentRunId: 'r1',
      labelSources: [],
      formerRunIds: [],
      publishedAt: '2026-01-01T00:00:00.000Z',
      turn: '2026-01-01',
      request,
    });
    expect(await idOf(schedule)).toBe(await idOf(api(request)));
  });

  it('fails for files of another tenant, missing files and empty prefixes', async () => {
    await expect(idOf(api({ files: ['files/acme/orders/a.csv'] }, 'other'))).rejects.toMatchObject({
      name: 'InvalidRequestError',
      context: { reason: 'foreign_file' },
    });
    await expect(idOf(api({ files: ['files/acme/orders/none.csv'] }))).rejects.toThrow('no object');
    await expect(idOf(api({ files: ['files/acme/none/'] }))).rejects.toThrow('No file lies below');
    await expect(idOf(api({ files: ['runs/acme/orders/r1/fit/model.json'] }))).rejects.toThrow('outside');
  });

  it('fails for more files than a run takes', async () => {
    for (let i = 0; i <= 10_000; i++) ports.contents.objects.set(`files/acme/many/${i}.csv`, bytes('a'));
    await expect(idOf(api({ files: ['files/acme/many/'] }))).rejects.toThrow('more than 10000 files');
    ports.contents.objects.delete('files/acme/many/0.csv');
    expect(await idOf(api({ files: ['files/acme/many/'] }))).toMatch(/^r/);
  });

  it('fails for a dropped key without tenant and dataset, and for a request that is not valid', async () => {
    const drop = (key: string) => idOf({ trigger: 'drop', key });
    await expect(drop('drop/orders.csv')).rejects.toThrow('names no tenant and dataset');
    await expect(drop('drop/ACME/orders/a.csv')).rejects.toThrow('names no tenant and dataset');
    await expect(drop('files/acme/orders/a.csv')).rejects.toThrow('names no tenant and dataset');
    await ports.objects.write('drop/acme/orders/a.run.json', bytes('{'));
    await expect(drop('drop/acme/orders/a.run.json')).rejects.toThrow('not JSON');
    await ports.objects.write('drop/acme/orders/b.run.json', bytes('{"files":[],"nClusters":1}'));
    await expect(drop('drop/acme/orders/b.run.json')).rejects.toThrow(/\/files.*\/nClusters/);
  });
});

describe('the turn of a run', () => {
  const drop = (droppedAt: string): Trigger => ({
    trigger: 'drop',
    key: 'drop/acme/orders/a.csv',
    droppedAt,
  });
  const at = (time: string) => new Date(`2026-01-01T${time}Z`);

  it('follows the drop, however late its event is handled', () => {
    const first = turnOf(drop('2026-01-01T10:00:00Z'), at('10:00:00.300'));
    const second = turnOf(drop('2026-01-01T10:00:01Z'), at('10:00:01.200'));
    const firstAgain = turnOf(drop('2026-01-01T10:00:00Z'), at('10:00:09.000'));
    expect([second, firstAgain, first].sort()).toEqual([first, firstAgain, second]);
  });

  it('follows the planning within a second, and where nothing was dropped', () => {
    const dropped = turnOf(drop('2026-01-01T10:00:00Z'), at('10:00:00.900'));
    const called = turnOf(api({ files: ['files/acme/orders/a.csv'] }), at('10:00:00.500'));
    const calledLater = turnOf(api({ files: ['files/acme/orders/a.csv'] }), at('10:00:01.000'));
    expect([calledLater, dropped, called].sort()).toEqual([called, dropped, calledLater]);
  });
});
