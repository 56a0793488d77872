import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { documentClient } from '../../functions/adapters/aws-tables.ts';
import { openTable } from '../../functions/adapters/dynamodb-table.ts';
import { dynamodbWebhooks } from '../../functions/adapters/dynamodb-webhooks.ts';
import { memoryWebhooks } from '../../functions/adapters/memory-webhooks.ts';
import type { WebhookStore } from '../../functions/webhook-ports.ts';
import { ADMIN_ARN } from '../../local/iam.ts';
import { type RunningDatabase, runDatabase, tableResource } from '../local/support/dynamodb-fixture.ts';
import { webhookStoreContract } from './webhook-store-contract.ts';

const RESOURCES = { Table: tableResource('webhooks') };

describe('webhooks in memory', () => {
  const store = memoryWebhooks();
  webhookStoreContract(() => store);
});

describe('webhooks on the embedded database', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessella-webhooks-'));
  let database: RunningDatabase;
  let store: WebhookStore;
  beforeAll(async () => {
    database = await runDatabase(folder, { resources: RESOURCES });
    store = dynamodbWebhooks(openTable(documentClient(database.clientFor(ADMIN_ARN)), 'webhooks'));
  }, 90_000);
  afterAll(async () => {
    await database?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  webhookStoreContract(() => store);
});
