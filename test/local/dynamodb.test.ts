import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_ARN } from '../../local/iam.ts';
import { hasJava, startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { type RunningDatabase, runDatabase, tableResource } from './support/dynamodb-fixture.ts';

const T = 'seg';

function documentOf(client: DynamoDBClient) {
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

/** What handlers may rely on, whichever database is behind the door. */
function suite(start: (folder: string) => Promise<RunningDatabase>): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessella-db-'));
  let database: RunningDatabase;
  let client: DynamoDBClient;
  let d: DynamoDBDocumentClient;
  beforeAll(async () => {
    database = await start(folder);
    client = database.clientFor(ADMIN_ARN);
    d = documentOf(client);
  });
  afterAll(async () => {
    await database?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('creates the tables of the template with their indexes', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: T }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    });
    expect(Table!.GlobalSecondaryIndexes!.map(({ IndexName }) => IndexName).sort()).toEqual(['gsi1', 'gsi2']);
    expect((await client.send(new ListTablesCommand({}))).TableNames).toContain(T);
  });

  it('puts on a condition', async () => {
    const put = () =>
      d.send(
        new PutCommand({
          TableName: T,
          Item: { pk: 'a', sk: '1', v: 1 },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    await put();
    await expect(put()).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  });

  it('writes and reads batches of 25 items of all types', async () => {
    const items = Array.from({ length: 25 }, (_, i) => ({
      pk: 'b',
      sk: String(i).padStart(3, '0'),
      g1: 'x',
      g2: i,
      blob: new Uint8Array([1, 2, i]),
      set: new Set(['a', 'b']),
      nested: { l: [1, { a: null }], flag: true },
    }));
    const { UnprocessedItems } = await d.send(
      new BatchWriteCommand({ RequestItems: { [T]: items.map((Item) => ({ PutRequest: { Item } })) } }),
    );
    expect(UnprocessedItems).toEqual({});
    const Keys = items.map(({ pk, sk }) => ({ pk, sk }));
    const { Responses } = await d.send(new BatchGetCommand({ RequestItems: { [T]: { Keys } } }));
    const bySk = (a: Record<string, string>, b: Record<string, string>) => (a.sk! < b.sk! ? -1 : 1);
    expect(Responses![T]!.sort(bySk)).toEqual(items);
  });

  it('fails for a batch of 26 and for an item above 400 KB', async () => {
    const requests = Array.from({ length: 26 }, (_, i) => ({
      PutRequest: { Item: { pk: 'z', sk: `${i}` } },
    }));
    const batch = d.send(new BatchWriteCommand({ RequestItems: { [T]: requests } }));
    await expect(batch).rejects.toMatchObject({ name: 'ValidationException' });
    const big = d.send(
      new PutCommand({ TableName: T, Item: { pk: 'big', sk: '1', b: 'x'.repeat(410 * 1024) } }),
    );
    await expect(big).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('updates with if_not_exists, list_append, ADD and REMOVE', async () => {
    const update = () =>
      d.send(
        new UpdateCommand({
          TableName: T,
          Key: { pk: 'c', sk: '1' },
          UpdateExpression:
            'SET #n = if_not_exists(#n, :zero) + :one, #l = list_append(if_not_exists(#l, :none), :more) ADD cnt :one, tags :tags',
          ExpressionAttributeNames: { '#n': 'n', '#l': 'l' },
          ExpressionAttributeValues: {
            ':zero': 0,
            ':one': 1,
            ':none': [],
            ':more': ['i'],
            ':tags': new Set(['t']),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
    await update();
    expect((await update()).Attributes).toMatchObject({ n: 2, cnt: 2, l: ['i', 'i'], tags: new Set(['t']) });
    const { Attributes } = await d.send(
      new UpdateCommand({
        TableName: T,
        Key: { pk: 'c', sk: '1' },
        UpdateExpression: 'REMOVE #l SET v = :v',
        ConditionExpression: 'n = :n AND size(tags) = :one AND begins_with(sk, :p)',
        ExpressionAttributeNames: { '#l': 'l' },
        ExpressionAttributeValues: { ':n': 2, ':one': 1, ':p': '1', ':v': 9 },
        ReturnValues: 'ALL_NEW',
      }),
    );
    expect(Attributes).toEqual({ pk: 'c', sk: '1', n: 2, cnt: 2, tags: new Set(['t']), v: 9 });
  });

  it('adds 200 times at once without losing one', async () => {
    const add = new UpdateCommand({
      TableName: T,
      Key: { pk: 'ctr', sk: '1' },
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': 1 },
    });
    await Promise.all(Array.from({ length: 200 }, () => d.send(add)));
    const read = new GetCommand({ TableName: T, Key: { pk: 'ctr', sk: '1' }, ConsistentRead: true });
    expect((await d.send(read)).Item).toEqual({ pk: 'ctr', sk: '1', n: 200 });
  });

  it('lets one of twenty racing writers create an item', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        d.send(
          new PutCommand({
            TableName: T,
            Item: { pk: 'race', sk: '1', i },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('queries and scans: indexes, pages, ranges, filters, order', async () => {
    const n = 500;
    for (let first = 0; first < n; first += 25) {
      const items = Array.from({ length: 25 }, (_, j) => first + j);
      const puts = items.map((i) => ({
        PutRequest: {
          Item: {
            pk: `run#${i % 8}`,
            sk: String(i).padStart(8, '0'),
            g1: `seg${i % 5}`,
            g2: i,
            pay: 'p'.repeat(220),
          },
        },
      }));
      await d.send(new BatchWriteCommand({ RequestItems: { [T]: puts } }));
    }
    const found: number[] = [];
    const query = {
      TableName: T,
      IndexName: 'gsi1',
      KeyConditionExpression: 'g1 = :g AND g2 BETWEEN :a AND :b',
      ExpressionAttributeValues: { ':g': 'seg1', ':a': 0, ':b': 1e9 },
    };
    let pages = 0;
    for await (const page of paginateQuery({ client: d, pageSize: 30 }, query)) {
      found.push(...page.Items!.map(({ g2 }) => g2));
      pages++;
    }
    expect(found).toEqual(Array.from({ length: n / 5 }, (_, i) => 5 * i + 1));
    expect(pages).toBeGreaterThan(3);

    const filtered = await d.send(
      new QueryCommand({
        TableName: T,
        KeyConditionExpression: 'pk = :p AND begins_with(sk, :s)',
        FilterExpression: 'g2 > :m AND contains(pay, :c)',
        ProjectionExpression: 'sk, g2',
        ExpressionAttributeValues: { ':p': 'run#1', ':s': '0', ':m': 3, ':c': 'pp' },
        ScanIndexForward: false,
        Limit: 3,
      }),
    );
    expect(filtered.Items).toEqual([497, 489, 481].map((g2) => ({ sk: String(g2).padStart(8, '0'), g2 })));

    const scans = [0, 1, 2, 3].map((Segment) =>
      d.send(
        new ScanCommand({
          TableName: T,
          Segment,
          TotalSegments: 4,
          FilterExpression: 'begins_with(pk, :r)',
          ExpressionAttributeValues: { ':r': 'run#' },
        }),
      ),
    );
    expect((await Promise.all(scans)).reduce((sum, { Count }) => sum + Count!, 0)).toBe(n);
  });

  it('returns what it deletes, and the capacity when asked', async () => {
    const Item = { pk: 'cap', sk: '1', x: 'y'.repeat(3000) };
    const put = await d.send(new PutCommand({ TableName: T, Item, ReturnConsumedCapacity: 'TOTAL' }));
    expect(put.ConsumedCapacity).toMatchObject({ TableName: T, CapacityUnits: 3 });
    const Key = { pk: 'cap', sk: '1' };
    const deleted = await d.send(new DeleteCommand({ TableName: T, Key, ReturnValues: 'ALL_OLD' }));
    expect(deleted.Attributes).toEqual(Item);
  });

  it('fails for a table that does not exist', async () => {
    const read = d.send(new GetCommand({ TableName: 'nope', Key: { pk: 'a', sk: 'b' } }));
    await expect(read).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('writes a transaction whole or not at all', async () => {
    const once = {
      Put: {
        TableName: T,
        Item: { pk: 'tx', sk: 'mark' },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    };
    const count = {
      Update: {
        TableName: T,
        Key: { pk: 'tx', sk: 'count' },
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': 1 },
      },
    };
    // The condition decides wherever it stands.
    const write = () => d.send(new TransactWriteCommand({ TransactItems: [count, once] }));
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, write));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(write()).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
    });
    const { Item } = await d.send(new GetCommand({ TableName: T, Key: { pk: 'tx', sk: 'count' } }));
    expect(Item).toMatchObject({ n: 1 });
  });

  it('fails for what is not offered, by name', async () => {
    const write = client.send(new ExecuteStatementCommand({ Statement: 'SELECT * FROM seg' }));
    await expect(write).rejects.toMatchObject({ name: 'UnknownOperationException' });
    const put = d.send(
      new PutCommand({
        TableName: T,
        Item: { pk: 'a', sk: '1' },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    await expect(put).rejects.toThrow(/ReturnValuesOnConditionCheckFailure is not honoured/);
  });

  describe('rights', () => {
    const roleOf = (name: string) => `arn:aws:iam::000000000000:role/app-${name}`;
    const denied = (request: Promise<unknown>) =>
      expect(request).rejects.toMatchObject({ name: 'AccessDeniedException' });

    it('are those of the caller, by table, index and action', async () => {
      const reader = documentOf(database.clientFor(roleOf('Reader')));
      const Key = { pk: 'a', sk: '1' };
      await reader.send(new GetCommand({ TableName: T, Key }));
      await denied(reader.send(new PutCommand({ TableName: T, Item: Key })));
      await denied(reader.send(new GetCommand({ TableName: 'other', Key })));
      const query = {
        TableName: T,
        KeyConditionExpression: 'g1 = :g',
        ExpressionAttributeValues: { ':g': 'x' },
      };
      await reader.send(new QueryCommand({ ...query, IndexName: 'gsi1' }));
      await denied(reader.send(new QueryCommand({ ...query, IndexName: 'gsi2' })));
      await denied(reader.send(new ScanCommand({ TableName: T })));
    });

    it('must hold for every write of a transaction', async () => {
      const writer = documentOf(database.clientFor(roleOf('Writer')));
      const Item = { pk: 'a', sk: '1' };
      const write = (TableName: string) =>
        writer.send(new TransactWriteCommand({ TransactItems: [{ Put: { TableName, Item } }] }));
      await denied(write(T));
      await denied(write('other'));
    });

    it('must hold for every table of a batch', async () => {
      const writer = database.clientFor(roleOf('Writer'));
      const puts = [{ PutRequest: { Item: { pk: { S: 'w' }, sk: { S: '1' } } } }];
      await writer.send(new BatchWriteItemCommand({ RequestItems: { [T]: puts } }));
      await denied(writer.send(new BatchWriteItemCommand({ RequestItems: { [T]: puts, other: puts } })));
      const Keys = [{ pk: { S: 'w' }, sk: { S: '1' } }];
      await denied(writer.send(new BatchGetItemCommand({ RequestItems: { [T]: { Keys } } })));
    });

    it('fails for a wrong secret and an unknown key', async () => {
      const { accessKeyId, secretAccessKey } = database.iam.credentialsFor(ADMIN_ARN);
      const list = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
        new DynamoDBClient({
          endpoint: database.endpoint,
          region: 'eu-central-1',
          credentials,
          maxAttempts: 1,
        }).send(new ListTablesCommand({}));
      await expect(list({ accessKeyId, secretAccessKey: 'wrong' })).rejects.toMatchObject({
        name: 'InvalidSignatureException',
      });
      await expect(list({ accessKeyId: 'AKIANONE', secretAccessKey })).rejects.toMatchObject({
        name: 'UnrecognizedClientException',
      });
    });
  });
}

describe('the embedded database', () => {
  suite((folder) => runDatabase(folder));

  it('fails for transactions with two conditions, and for checks without a write, by name', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tessella-db-'));
    const database = await runDatabase(folder);
    const d = documentOf(database.clientFor(ADMIN_ARN));
    const put = (sk: string) => ({
      Put: { TableName: T, Item: { pk: 'a', sk }, ConditionExpression: 'attribute_not_exists(pk)' },
    });
    const two = d.send(new TransactWriteCommand({ TransactItems: [put('1'), put('2')] }));
    await expect(two).rejects.toThrow(/several conditions is not honoured/);
    const ConditionCheck = {
      TableName: T,
      Key: { pk: 'a', sk: '1' },
      ConditionExpression: 'attribute_exists(pk)',
    };
    const check = d.send(new TransactWriteCommand({ TransactItems: [{ ConditionCheck }] }));
    await expect(check).rejects.toThrow(/ConditionCheck in a transaction is not honoured/);
    await database.close();
    rmSync(folder, { recursive: true });
  });
});

describe.skipIf(!hasJava)('DynamoDB Local behind the same door (needs Java)', () => {
  let stop = async () => {};
  suite(async (folder) => {
    const java = await startDynamoDbLocal();
    stop = java.stop;
    return runDatabase(folder, { backendUrl: `http://127.0.0.1:${java.port}` });
  });
  afterAll(() => stop());
});

describe('a data folder', () => {
  const put = (database: RunningDatabase, sk: string) =>
    documentOf(database.clientFor(ADMIN_ARN)).send(new PutCommand({ TableName: T, Item: { pk: 'p', sk } }));
  const count = async (database: RunningDatabase) =>
    (await documentOf(database.clientFor(ADMIN_ARN)).send(new ScanCommand({ TableName: T }))).Count;

  async function withFolder(test: (folder: string) => Promise<void>) {
    const folder = mkdtempSync(path.join(tmpdir(), 'tessella-db-'));
    try {
      await test(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  it('keeps its items over a restart', () =>
    withFolder(async (folder) => {
      const first = await runDatabase(folder);
      await put(first, '1');
      await first.close();
      const second = await runDatabase(folder);
      expect(await count(second)).toBe(1);
      await second.close();
    }));

  it('fails to open twice, and keeps every acknowledged item when its process is killed', () =>
    withFolder(async (folder) => {
      const child = fork(path.join(import.meta.dirname, 'support/dynamodb-process.ts'), [folder]);
      const acknowledged = await new Promise<number>((resolve) => {
        child.on('message', async (message) => {
          if (message !== 50) return;
          await expect(runDatabase(folder)).rejects.toMatchObject({
            name: 'DataFolderLockedError',
            message: expect.stringMatching(/in use by another process; stop it first/),
          });
          child.kill('SIGKILL');
        });
        let last = 0;
        child.on('message', (message) => {
          last = Number(message);
        });
        child.on('exit', () => resolve(last));
      });
      const database = await runDatabase(folder);
      expect(await count(database)).toBeGreaterThanOrEqual(acknowledged);
      await database.close();
    }));

  it('fails when the template has another key or index, and says what to do', () =>
    withFolder(async (folder) => {
      await (await runDatabase(folder)).close();
      const changed = { Seg: tableResource(T, { sortKey: 'other' }) };
      await expect(runDatabase(folder, { resources: changed })).rejects.toThrow(
        /table seg on disk differs from the template .*RANGE sk \(S\).*RANGE other \(S\).*another data folder/s,
      );
      await (await runDatabase(folder)).close();
    }));
});
