import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe } from 'vitest';
import { hasJava, startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { openDynamodbStores } from './dynamodb-tables.ts';
import { describeRecordStores } from './record-store-contract.ts';
import { runStoreContract } from './run-store-contract.ts';

/** dynalite ships no types; it returns a plain HTTP server. */
const dynalite: (options: { createTableMs: number }) => Server = createRequire(import.meta.url)('dynalite');

type Stores = Awaited<ReturnType<typeof openDynamodbStores>>;

function storeContracts(start: () => Promise<{ port: number; stop: () => Promise<void> }>): void {
  let stores: Stores;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const server = await start();
    stop = server.stop;
    stores = await openDynamodbStores(server.port);
  }, 90_000);
  afterAll(async () => {
    stores?.close();
    await stop?.();
  });
  describe('run store', () => runStoreContract(() => stores.runs));
  describeRecordStores(
    () => stores,
    (key) => stores.putApiKey(key),
  );
}

describe('DynamoDB stores on dynalite', () => {
  storeContracts(async () => {
    const server = dynalite({ createTableMs: 0 });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return {
      port: (server.address() as AddressInfo).port,
      stop: () => new Promise((done) => server.close(() => done())),
    };
  });
});

describe.skipIf(!hasJava)('DynamoDB stores on DynamoDB Local (needs Java)', () => {
  storeContracts(startDynamoDbLocal);
});
