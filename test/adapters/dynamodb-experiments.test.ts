import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentClient } from '../../functions/adapters/aws-tables.ts';
import { dynamodbExperiments } from '../../functions/adapters/dynamodb-experiments.ts';
import { openTable } from '../../functions/adapters/dynamodb-table.ts';
import { transact } from '../../functions/adapters/dynamodb-transaction.ts';
import { memoryExperiments } from '../../functions/adapters/memory-experiments.ts';
import { TransientStoreError } from '../../functions/errors.ts';
import type { ExperimentStore } from '../../functions/experiment-ports.ts';
import { ADMIN_ARN } from '../../local/iam.ts';
import { type RunningDatabase, runDatabase, tableResource } from '../local/support/dynamodb-fixture.ts';
import { hasJava, startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { experimentStoreContract } from './experiment-store-contract.ts';

const RESOURCES = { Table: tableResource('experiments') };

function onDatabase(start: (folder: string) => Promise<RunningDatabase>): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessella-experiments-'));
  let database: RunningDatabase;
  let store: ExperimentStore;
  beforeAll(async () => {
    database = await start(folder);
    store = dynamodbExperiments(openTable(documentClient(database.clientFor(ADMIN_ARN)), 'experiments'));
  }, 90_000);
  afterAll(async () => {
    await database?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  experimentStoreContract(() => store);
}

describe('experiments in memory', () => {
  const store = memoryExperiments();
  experimentStoreContract(() => store);
});

describe('experiments on the embedded database', () => {
  onDatabase((folder) => runDatabase(folder, { resources: RESOURCES }));
});

describe.skipIf(!hasJava)('experiments on DynamoDB Local (needs Java)', () => {
  let stop = async () => {};
  onDatabase(async (folder) => {
    const java = await startDynamoDbLocal();
    stop = java.stop;
    return runDatabase(folder, { resources: RESOURCES, backendUrl: `http://127.0.0.1:${java.port}` });
  });
  afterAll(() => stop());
});

describe('a transaction', () => {
  const cancelled = (Code: string) =>
    new TransactionCanceledException({
      message: 'cancelled',
      $metadata: {},
      CancellationReasons: [{ Code: 'None' }, { Code }],
    });
  const client = () => mockClient(DynamoDBDocumentClient);
  const write = (mock: ReturnType<typeof client>, attempts = 3) =>
    transact(mock as unknown as DynamoDBDocumentClient, 't', [{ pk: 'a', sk: 'b', add: { n: 1 } }], {
      attempts,
      pauseMs: () => 0,
    });

  it('is tried again when another stands in its way', async () => {
    const mock = client();
    mock
      .on(TransactWriteCommand)
      .rejectsOnce(cancelled('TransactionConflict'))
      .rejectsOnce(cancelled('ThrottlingError'))
      .resolves({});
    expect(await write(mock)).toBe(true);
    expect(mock.commandCalls(TransactWriteCommand)).toHaveLength(3);
  });

  it('fails as a passing fault when others stand in its way until the end', async () => {
    const mock = client();
    mock.on(TransactWriteCommand).rejects(cancelled('TransactionConflict'));
    await expect(write(mock)).rejects.toThrow(TransientStoreError);
    expect(mock.commandCalls(TransactWriteCommand)).toHaveLength(3);
  });

  it('fails at once for a reason that does not pass', async () => {
    const mock = client();
    mock.on(TransactWriteCommand).rejects(cancelled('ValidationError'));
    await expect(write(mock)).rejects.toThrow('cancelled');
    expect(mock.commandCalls(TransactWriteCommand)).toHaveLength(1);
  });
});
