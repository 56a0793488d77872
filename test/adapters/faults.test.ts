import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { BatchWriteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { awsPorts } from '../../functions/adapters/aws-ports.ts';
import { documentClient } from '../../functions/adapters/aws-tables.ts';
import { dynamodbLabels } from '../../functions/adapters/dynamodb-labels.ts';
import { dynamodbRuns } from '../../functions/adapters/dynamodb-runs.ts';
import { openTable } from '../../functions/adapters/dynamodb-table.ts';
import { s3Objects } from '../../functions/adapters/s3-objects.ts';
import { stepfunctionsWorkflow } from '../../functions/adapters/stepfunctions-workflow.ts';
import {
  ConflictError,
  NotFoundError,
  PayloadTooLargeError,
  TransientStoreError,
} from '../../functions/errors.ts';
import { labelOf } from './record-store-contract.ts';
import { runOf } from './run-store-contract.ts';

const region = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
const fault = (name: string, status?: number) =>
  Object.assign(new Error(`${name} happened`), { name, $metadata: { httpStatusCode: status } });

describe('DynamoDB under pressure', () => {
  const documents = documentClient(new DynamoDBClient(region));
  const mock = mockClient(documents);
  beforeEach(() => mock.reset());

  const labels = (attempts = 4) =>
    dynamodbLabels(openTable(documents, 'labels', { attempts, pauseMs: () => 0 }));
  const run = { tenant: 'acme', dataset: 'orders', runId: 'r1' };
  const many = (count: number) => Array.from({ length: count }, (_, n) => labelOf(`c${n}`));

  /** A table that takes only the first `accepted` items of each batch. */
  function halfDeaf(accepted: number) {
    const held = new Set<unknown>();
    mock.on(BatchWriteCommand).callsFake(({ RequestItems }) => {
      const requests: { PutRequest: { Item: { pk: string } } }[] = RequestItems.labels;
      for (const request of requests.slice(0, accepted)) held.add(request.PutRequest.Item.pk);
      const left = requests.slice(accepted);
      return { UnprocessedItems: left.length > 0 ? { labels: left } : {} };
    });
    return held;
  }

  it('sends unprocessed items again until each is written', async () => {
    const held = halfDeaf(10);
    expect(await labels().putLabels(run, many(60))).toBe(60);
    expect(held.size).toBe(60);
  });

  it('fails with TransientStoreError when items stay unprocessed', async () => {
    halfDeaf(0);
    await expect(labels(3).putLabels(run, many(5))).rejects.toThrow(
      /labels left 5 of 5 items unwritten after 3/,
    );
    await expect(labels(3).putLabels(run, many(5))).rejects.toThrow(TransientStoreError);
  });

  it('fails once a batch is refused, and takes no further labels', async () => {
    mock.on(BatchWriteCommand).rejects(fault('ProvisionedThroughputExceededException', 400));
    let taken = 0;
    function* endless() {
      for (;;) yield labelOf(`c${taken++}`);
    }
    await expect(labels().putLabels(run, endless())).rejects.toThrow(TransientStoreError);
    expect(taken).toBeLessThan(1000);
  });

  it.each([
    ['ThrottlingException', 400],
    ['RequestLimitExceeded', 400],
    ['InternalServerError', 500],
    ['TimeoutError', undefined],
    ['SomethingNew', 503],
  ])('fails with TransientStoreError on %s', async (name, status) => {
    mock.on(GetCommand).rejects(fault(name, status));
    const reading = dynamodbRuns(openTable(documents, 'runs')).get('acme', 'r1');
    await expect(reading).rejects.toThrow(TransientStoreError);
  });

  it('fails with TransientStoreError on a lost connection', async () => {
    mock.on(GetCommand).rejects(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    const reading = dynamodbRuns(openTable(documents, 'runs')).get('acme', 'r1');
    await expect(reading).rejects.toMatchObject({ context: { reason: 'ECONNRESET' } });
  });

  it('fails with the error itself when access is denied: a retry would not help', async () => {
    mock.on(GetCommand).rejects(fault('AccessDeniedException', 400));
    const reading = dynamodbRuns(openTable(documents, 'runs')).get('acme', 'r1');
    await expect(reading).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('fails with PayloadTooLargeError for a record that no item can hold', async () => {
    const message = 'Item size has exceeded the maximum allowed size';
    mock.on(PutCommand).rejects(Object.assign(fault('ValidationException', 400), { message }));
    const claim = dynamodbRuns(openTable(documents, 'runs')).claim(runOf('acme', 'r1'));
    await expect(claim).rejects.toThrow(PayloadTooLargeError);
  });
});

describe('S3 under pressure', () => {
  const mock = mockClient(S3Client);
  const objects = s3Objects(new S3Client(region), 'bucket');
  beforeEach(() => mock.reset());

  it.each([
    ['SlowDown', 503],
    ['RequestTimeout', 400],
    ['InternalError', 500],
  ])('fails with TransientStoreError on %s', async (name, status) => {
    mock.onAnyCommand().rejects(fault(name, status));
    const drain = async (items: AsyncIterable<unknown>) => {
      for await (const _ of items);
    };
    await expect(objects.head('k')).rejects.toThrow(TransientStoreError);
    await expect(objects.read('k')).rejects.toThrow(TransientStoreError);
    await expect(drain(objects.stream('k'))).rejects.toThrow(TransientStoreError);
    await expect(objects.write('k', new Uint8Array())).rejects.toThrow(TransientStoreError);
    await expect(drain(objects.list('k'))).rejects.toThrow(TransientStoreError);
  });

  it('fails with TransientStoreError when the connection breaks in the middle of a stream', async () => {
    async function* broken() {
      yield Buffer.from('half');
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    }
    mock.on(GetObjectCommand).callsFake(() => ({ Body: Readable.from(broken()) }));
    const chunks: string[] = [];
    const reading = (async () => {
      for await (const chunk of objects.stream('k')) chunks.push(Buffer.from(chunk).toString());
    })();
    await expect(reading).rejects.toThrow(TransientStoreError);
    expect(chunks).toEqual(['half']);
  });

  it('fails with NotFoundError that names the key', async () => {
    mock.on(GetObjectCommand).rejects(fault('NoSuchKey', 404));
    mock.on(HeadObjectCommand).rejects(fault('NotFound', 404));
    await expect(objects.read('runs/x')).rejects.toThrow(NotFoundError);
    expect(await objects.head('runs/x')).toBeUndefined();
  });

  it('fails with the error itself when access is denied', async () => {
    mock.on(PutObjectCommand).rejects(fault('AccessDenied', 403));
    mock.on(ListObjectsV2Command).rejects(fault('AccessDenied', 403));
    await expect(objects.write('k', new Uint8Array())).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('follows every page of a listing', async () => {
    mock
      .on(ListObjectsV2Command, { ContinuationToken: undefined })
      .resolves({
        Contents: [{ Key: 'a', Size: 1, ETag: '"x"' }],
        IsTruncated: true,
        NextContinuationToken: 't',
      })
      .on(ListObjectsV2Command, { ContinuationToken: 't' })
      .resolves({ Contents: [{ Key: 'b', Size: 2, ETag: '"y"' }] });
    const found = [];
    for await (const head of objects.list('')) found.push(head);
    expect(found).toEqual([
      { key: 'a', size: 1, etag: 'x' },
      { key: 'b', size: 2, etag: 'y' },
    ]);
  });
});

describe('Step Functions starter', () => {
  const mock = mockClient(SFNClient);
  const machine = 'arn:aws:states:us-east-1:1:stateMachine:segmentation';
  const execution = 'arn:aws:states:us-east-1:1:execution:segmentation:nightly';
  const starter = stepfunctionsWorkflow(new SFNClient(region), () => machine);
  const input = { trigger: 'drop', key: 'drop/acme/orders/a.csv' } as const;
  beforeEach(() => mock.reset());

  it('returns the id of the execution', async () => {
    mock.on(StartExecutionCommand).resolves({ executionArn: execution });
    expect(await starter.start('nightly', input)).toBe(execution);
    expect(mock.call(0).args[0].input).toMatchObject({ name: 'nightly', input: JSON.stringify(input) });
  });

  it('returns the earlier execution of the same name and input once that has ended', async () => {
    mock.on(StartExecutionCommand).rejects(fault('ExecutionAlreadyExists', 400));
    mock.on(DescribeExecutionCommand, { executionArn: execution }).resolves({ input: JSON.stringify(input) });
    expect(await starter.start('nightly', input)).toBe(execution);
  });

  it('fails with ConflictError for a used name with another input', async () => {
    mock.on(StartExecutionCommand).rejects(fault('ExecutionAlreadyExists', 400));
    mock.on(DescribeExecutionCommand).resolves({ input: '{}' });
    await expect(starter.start('nightly', input)).rejects.toThrow(ConflictError);
  });

  it('fails with TransientStoreError when too many executions are started', async () => {
    mock.on(StartExecutionCommand).rejects(fault('ExecutionLimitExceeded', 400));
    await expect(starter.start('nightly', input)).rejects.toThrow(TransientStoreError);
  });

  it.each([
    ['RUNNING', true],
    ['SUCCEEDED', false],
    ['FAILED', false],
    ['ABORTED', false],
    ['TIMED_OUT', false],
  ] as const)('tells whether an execution that is %s still runs', async (status, runs) => {
    mock.on(DescribeExecutionCommand, { executionArn: execution }).resolves({ status });
    expect(await starter.isRunning(execution)).toBe(runs);
  });

  it('takes an execution that is forgotten, or never was one, for ended', async () => {
    for (const name of ['ExecutionDoesNotExist', 'InvalidArn']) {
      mock.on(DescribeExecutionCommand).rejects(fault(name, 400));
      expect(await starter.isRunning(execution), name).toBe(false);
    }
  });

  it('fails with TransientStoreError, and calls nothing ended, when the look-up is throttled', async () => {
    mock.on(DescribeExecutionCommand).rejects(fault('ThrottlingException', 400));
    await expect(starter.isRunning(execution)).rejects.toThrow(TransientStoreError);
  });
});

describe('awsPorts', () => {
  it('needs a setting only when the store behind it is used', async () => {
    const input = { trigger: 'drop', key: 'drop/acme/orders/a.csv' } as const;
    const ports = awsPorts({ RUNS_TABLE: 'runs' });
    expect(ports.runs).toBe(ports.runs);
    expect(() => ports.segments).toThrow(/SEGMENTS_TABLE is not set/);
    await expect(ports.workflow.start('a', input)).rejects.toThrow(/STATE_MACHINE_ARN is not set/);
  });
});
