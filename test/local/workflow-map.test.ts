import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FunctionError } from '../../local/lambda-error.ts';
import type { WorkflowOptions } from '../../local/workflow.ts';
import type { Json } from '../../local/workflow-engine.ts';
import { eventually, temporaryFolder } from './support/functions.ts';
import { BUCKET, type RunningStore, runStore } from './support/s3-fixture.ts';
import { execute, MACHINE, only, task, type Worker, workflowOf } from './support/workflows.ts';

const processor = (config: object = {}) => ({
  ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD', ...config },
  StartAt: 'Work',
  States: { Work: task() },
});
const distributed = (more: object = {}) => only({ Type: 'Map', ItemProcessor: processor(), ...more });
const READ = 'arn:aws:states:::s3:getObject';
const fromS3 = (Key: string, ReaderConfig: object) => ({
  ItemReader: { Resource: READ, ReaderConfig, Parameters: { Bucket: BUCKET, Key } },
});
const WRITER = {
  ResultWriter: {
    Resource: 'arn:aws:states:::s3:putObject',
    Parameters: { Bucket: BUCKET, 'Prefix.$': '$.prefix' },
  },
};
const fail = (errorType: string) => {
  throw new FunctionError({ errorType, errorMessage: 'why', trace: [] });
};

const { folder, remove } = temporaryFolder();
let store: RunningStore;
const s3 = () => store.s3;
const put = (Key: string, Body: string) => store.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
const json = async (Key: string) => JSON.parse((await store.read(Key)).toString());
const run = (definition: object, input: Json, worker?: Worker, more: Partial<WorkflowOptions> = {}) =>
  execute(definition, input, worker, { s3, ...more });

beforeAll(async () => {
  store = await runStore(folder);
  await put('items.json', '[{"n":0},{"n":1},{"n":2},{"n":3},{"n":4}]');
  await put('items.jsonl', '{"n":0}\n{"n":1}\n\n');
  await put('object.json', '{"n":0}');
  await put('list/b', 'bb');
  await put('list/a', 'a');
});
afterAll(async () => {
  await store.close();
  remove();
});

describe('the items of a distributed map', () => {
  it('come from a JSON array in S3, in order, with bucket and key from the state', async () => {
    const reader = {
      Resource: READ,
      ReaderConfig: { InputType: 'JSON' },
      Parameters: { Bucket: BUCKET, 'Key.$': '$.key' },
    };
    const { result } = await run(distributed({ ItemReader: reader }), { key: 'items.json' });
    expect(result).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
  });

  it('come from JSON lines, skipping empty ones', async () => {
    const { result } = await run(distributed(fromS3('items.jsonl', { InputType: 'JSONL' })), {});
    expect(result).toEqual([{ n: 0 }, { n: 1 }]);
  });

  it('come from a listing of objects, in the shape AWS gives them', async () => {
    const ItemReader = {
      Resource: 'arn:aws:states:::s3:listObjectsV2',
      Parameters: { Bucket: BUCKET, Prefix: 'list/' },
    };
    const { result } = await run(distributed({ ItemReader }), {});
    const item = {
      Etag: expect.stringMatching(/^".+"$/),
      LastModified: expect.any(Number),
      StorageClass: 'STANDARD',
    };
    expect(result).toEqual([
      { ...item, Key: 'list/a', Size: 1 },
      { ...item, Key: 'list/b', Size: 2 },
    ]);
  });

  it('are limited by MaxItems, and come from a path in the input', async () => {
    const { result } = await run(distributed(fromS3('items.json', { InputType: 'JSON', MaxItems: 2 })), {});
    expect(result).toHaveLength(2);
    expect((await run(distributed({ ItemsPath: '$.list' }), { list: [7, [8], []] })).result).toEqual([
      7,
      [8],
      [],
    ]);
    expect((await run(distributed({ ItemsPath: '$.list' }), { list: [] })).result).toEqual([]);
  });

  it('are shaped by the selector from item, index, input and execution', async () => {
    const ItemSelector = {
      'run.$': '$.run',
      'item.$': '$$.Map.Item.Value.n',
      'index.$': '$$.Map.Item.Index',
      'execution.$': '$$.Execution.Id',
    };
    const { result, executionArn } = await run(
      distributed({ ...fromS3('items.json', { MaxItems: 1 }), ItemSelector }),
      { run: { id: 'r' } },
    );
    expect(result).toEqual([{ run: { id: 'r' }, item: 0, index: 0, execution: executionArn }]);
  });

  it('are selected in time that does not grow with the square of their number', async () => {
    const list = Array.from({ length: 5000 }, (_, n) => ({ n }));
    const start = performance.now();
    const Parameters = { 'n.$': '$$.Map.Item.Value.n' };
    const ItemProcessor = {
      ...processor(),
      States: { Work: { Type: 'Pass', Parameters: { 'n.$': '$.n' }, End: true } },
    };
    const { status } = await run(
      distributed({ ItemsPath: '$.list', ItemSelector: Parameters, ItemProcessor, ResultPath: null }),
      { list },
    );
    expect(status).toBe('SUCCEEDED');
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  it('are batched by count and by bytes, each batch with the same extra input', async () => {
    const ItemBatcher = { MaxItemsPerBatch: 2, BatchInput: { 'run.$': '$.run' } };
    const counted = await run(distributed({ ...fromS3('items.json', {}), ItemBatcher }), { run: 'r' });
    expect(counted.result).toEqual([
      { BatchInput: { run: 'r' }, Items: [{ n: 0 }, { n: 1 }] },
      { BatchInput: { run: 'r' }, Items: [{ n: 2 }, { n: 3 }] },
      { BatchInput: { run: 'r' }, Items: [{ n: 4 }] },
    ]);
    // {"Items":[]} has 12 bytes and each {"n":0} with its comma 8: two items are 28.
    const sized = { ...fromS3('items.json', {}), ItemBatcher: { MaxInputBytesPerBatch: 35 } };
    const { result } = await run(distributed(sized), {});
    expect((result as { Items: Json[] }[]).map(({ Items }) => Items.length)).toEqual([2, 2, 1]);
  });

  it('fails with States.ItemReaderFailed for what is not there, is no list or is refused', async () => {
    const errorOf = async (key: string) => (await run(distributed(fromS3(key, {})), {})).error;
    expect(await errorOf('nowhere.json')).toBe('States.ItemReaderFailed');
    expect(await errorOf('object.json')).toBe('States.ItemReaderFailed');
    expect(await errorOf('items.jsonl')).toBe('States.ItemReaderFailed');
  });
});

describe('the children of a distributed map', () => {
  it('run at most as many at once as the state and the machine allow, and end in item order', async () => {
    const observe = async (more: object, concurrency: number) => {
      let [now, most] = [0, 0];
      const worker = async (item: Json) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 30 - 5 * (item as { n: number }).n));
        now--;
        return item;
      };
      const { result } = await run(distributed({ ...fromS3('items.json', {}), ...more }), {}, worker, {
        concurrency,
      });
      expect((result as { n: number }[]).map(({ n }) => n)).toEqual([0, 1, 2, 3, 4]);
      return most;
    };
    expect(await observe({ MaxConcurrency: 2 }, 4)).toBe(2);
    expect(await observe({ MaxConcurrency: 0 }, 3)).toBe(3);
  });

  it('share what the machine allows with the maps of all other executions', async () => {
    let [now, most] = [0, 0];
    const workflow = workflowOf(
      distributed(fromS3('items.json', {})),
      async (item) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now--;
        return item;
      },
      { concurrency: 2, s3 },
    );
    const arns = [1, 2, 3].map((input) => workflow.start(MACHINE, input));
    const ends = await Promise.all(arns.map((arn) => workflow.finished(arn)));
    expect(ends.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect(most).toBe(2);
  });

  it('are executions of their own, with their own id and input', async () => {
    const Parameters = {
      'id.$': '$$.Execution.Id',
      'machine.$': '$$.StateMachine.Id',
      'input.$': '$$.Execution.Input',
    };
    const ItemProcessor = { ...processor(), States: { Work: { Type: 'Pass', Parameters, End: true } } };
    const { result } = await run(distributed({ ItemsPath: '$.list', ItemProcessor }), { list: [1, 2] });
    const [first, second] = result as { id: string; machine: string; input: number }[];
    expect(first?.machine).toBe(`${MACHINE}/Only`);
    expect(first?.id).toMatch(/:execution:machine\/Only:[0-9a-f-]{36}$/);
    expect(second?.id).not.toBe(first?.id);
    expect([first?.input, second?.input]).toEqual([1, 2]);
  });

  it('retry by themselves before the map counts them as failed', async () => {
    const calls = new Map<number, number>();
    const worker = (item: Json) => {
      const { n } = item as { n: number };
      calls.set(n, (calls.get(n) ?? 0) + 1);
      return n === 3 && calls.get(n) === 1 ? fail('Runtime.ExitError') : item;
    };
    const Retry = [{ ErrorEquals: ['Runtime.ExitError'], IntervalSeconds: 0.01, MaxAttempts: 2 }];
    const ItemProcessor = { ...processor(), States: { Work: task({ Retry }) } };
    const { status } = await run(distributed({ ...fromS3('items.json', {}), ItemProcessor }), {}, worker);
    expect(status).toBe('SUCCEEDED');
    expect(calls.get(3)).toBe(2);
  });

  it('report how far they have come', async () => {
    const seen: unknown[] = [];
    await run(
      distributed({ ...fromS3('items.json', { MaxItems: 2 }), ToleratedFailureCount: 1 }),
      {},
      (item) => ((item as { n: number }).n === 0 ? fail('Bug') : item),
      { concurrency: 1, onState: ({ state, kind, map }) => map && seen.push({ state, kind, ...map }) },
    );
    const progress = { state: 'Only', kind: 'entered', total: 2 };
    expect(seen).toEqual([
      { ...progress, done: 0, failed: 0 },
      { ...progress, done: 1, failed: 1 },
      { ...progress, done: 2, failed: 1 },
    ]);
  });

  it('stop when the execution is stopped', async () => {
    let calls = 0;
    const worker = async () => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 30));
      return null;
    };
    const list = Array.from({ length: 100 }, (_, n) => n);
    const workflow = workflowOf(distributed({ ItemsPath: '$.list' }), worker, { concurrency: 2, s3 });
    const arn = workflow.start(MACHINE, { list });
    await eventually(() => calls >= 2);
    expect((await workflow.stop(arn)).status).toBe('ABORTED');
    const before = calls;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(calls).toBe(before);
  });
});

describe('failed items of a distributed map', () => {
  const odd: Worker = (item) => ((item as { n: number }).n % 2 === 1 ? fail('InvalidDatasetError') : item);
  const outcome = async (more: object) => {
    const { status, error, cause } = await run(
      distributed({ ...fromS3('items.json', {}), ...more }),
      {},
      odd,
    );
    return [status, error, cause];
  };
  const exceeded = [
    'FAILED',
    'States.ExceedToleratedFailureThreshold',
    'The specified tolerated failure threshold was exceeded',
  ];

  it('fails the map for one of them when nothing is tolerated, without the error of the child', async () => {
    expect(await outcome({})).toEqual(exceeded);
  });

  it('are tolerated up to the count and the percentage, whichever is exceeded first', async () => {
    expect((await outcome({ ToleratedFailureCount: 2 }))[0]).toBe('SUCCEEDED');
    expect(await outcome({ ToleratedFailureCount: 1 })).toEqual(exceeded);
    expect((await outcome({ ToleratedFailurePercentage: 40 }))[0]).toBe('SUCCEEDED');
    expect(await outcome({ ToleratedFailurePercentage: 39 })).toEqual(exceeded);
    expect(await outcome({ ToleratedFailurePercentage: 100, ToleratedFailureCount: 1 })).toEqual(exceeded);
  });

  it('are caught by the map under that name', async () => {
    const Catch = [
      { ErrorEquals: ['States.ExceedToleratedFailureThreshold'], ResultPath: '$.error', Next: 'Rescue' },
    ];
    const definition = {
      StartAt: 'Only',
      States: {
        Only: { ...distributed({ ...fromS3('items.json', {}), Catch }).States.Only },
        Rescue: { Type: 'Succeed' },
      },
    };
    const { result } = await run(definition, { keep: 1 }, odd);
    expect(result).toEqual({ keep: 1, error: { Error: exceeded[1], Cause: exceeded[2] } });
  });

  it('start no further children', async () => {
    let calls = 0;
    const worker = () => {
      calls++;
      return fail('Bug');
    };
    await run(distributed(fromS3('items.json', {})), {}, worker, { concurrency: 1 });
    expect(calls).toBe(1);
  });

  it('stand in the result as records of their executions', async () => {
    const { result } = await run(
      distributed({ ...fromS3('items.json', {}), ToleratedFailureCount: 2 }),
      {},
      odd,
    );
    expect((result as Json[])[1]).toMatchObject({
      Status: 'FAILED',
      Error: 'InvalidDatasetError',
      Input: '{"n":1}',
    });
    expect((result as Json[])[2]).toEqual({ n: 2 });
  });
});

describe('the result writer', () => {
  const odd: Worker = (item) => ((item as { n: number }).n === 1 ? fail('Bug') : item);

  it('writes the manifest and one file per status, and gives their place', async () => {
    const map = distributed({ ...fromS3('items.json', {}), ...WRITER, ToleratedFailureCount: 1 });
    const { result } = await run(map, { prefix: 'maps/' }, odd);
    const { MapRunArn, ResultWriterDetails } = result as {
      MapRunArn: string;
      ResultWriterDetails: { Key: string };
    };
    const id = MapRunArn.split(':').at(-1);
    expect(MapRunArn).toMatch(/:mapRun:machine\/Only:[0-9a-f-]{36}$/);
    expect(ResultWriterDetails).toEqual({ Bucket: BUCKET, Key: `maps/${id}/manifest.json` });

    const { ResultFiles, ...manifest } = await json(ResultWriterDetails.Key);
    expect(manifest).toEqual({ DestinationBucket: BUCKET, MapRunArn });
    const sizeOf = async (Key: string) => {
      const { ContentLength } = await store.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      return ContentLength;
    };
    expect(ResultFiles).toEqual({
      FAILED: [{ Key: `maps/${id}/FAILED_0.json`, Size: await sizeOf(`maps/${id}/FAILED_0.json`) }],
      PENDING: [],
      SUCCEEDED: [{ Key: `maps/${id}/SUCCEEDED_0.json`, Size: await sizeOf(`maps/${id}/SUCCEEDED_0.json`) }],
    });
    const succeeded = await json(`maps/${id}/SUCCEEDED_0.json`);
    expect(succeeded.map(({ Output }: { Output: string }) => Output)).toEqual([
      '{"n":0}',
      '{"n":2}',
      '{"n":3}',
      '{"n":4}',
    ]);
    const [failed] = await json(`maps/${id}/FAILED_0.json`);
    expect(failed).toMatchObject({
      Status: 'FAILED',
      Error: 'Bug',
      Input: '{"n":1}',
      Name: expect.any(String),
    });
  });

  it('keeps the child error of a failed map, and what was never started', async () => {
    const map = distributed({ ...fromS3('items.json', {}), ...WRITER });
    await run(map, { prefix: 'failed' }, odd, { concurrency: 1 });
    const { Contents = [] } = await store.s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'failed/' }),
    );
    const named = (end: string) => Contents.find(({ Key }) => Key?.endsWith(end))?.Key ?? end;
    expect(await json(named('FAILED_0.json'))).toMatchObject([{ Error: 'Bug', Input: '{"n":1}' }]);
    expect(await json(named('PENDING_0.json'))).toHaveLength(3);
  });

  it('fails with States.ResultWriterFailed when the bucket is not there', async () => {
    const ResultWriter = { ...WRITER.ResultWriter, Parameters: { Bucket: 'nowhere' } };
    const { error } = await run(distributed({ ...fromS3('items.json', {}), ResultWriter }), {});
    expect(error).toBe('States.ResultWriterFailed');
  });

  it('is what a map needs whose results exceed 256 KiB', async () => {
    const large: Worker = () => 'x'.repeat(100_000);
    const plain = await run(distributed(fromS3('items.json', {})), {}, large);
    expect(plain.error).toBe('States.DataLimitExceeded');
    const written = await run(
      distributed({ ...fromS3('items.json', {}), ...WRITER }),
      { prefix: 'large' },
      large,
    );
    expect(written.status).toBe('SUCCEEDED');
  });
});
