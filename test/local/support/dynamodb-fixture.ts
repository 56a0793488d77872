import path from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynamoDb } from '../../../local/dynamodb.ts';
import { createIam, type Iam } from '../../../local/iam.ts';
import { assemblyOf, roleResource } from './assembly-fixture.ts';

const attribute = (AttributeName: string, AttributeType: string) => ({ AttributeName, AttributeType });
const key = (AttributeName: string, KeyType: string) => ({ AttributeName, KeyType });

/** A table as CDK writes it, with two indexes and properties that have no effect here. */
export const tableResource = (TableName: string, { sortKey = 'sk' } = {}) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      attribute('pk', 'S'),
      attribute(sortKey, 'S'),
      attribute('g1', 'S'),
      attribute('g2', 'N'),
    ],
    KeySchema: [key('pk', 'HASH'), key(sortKey, 'RANGE')],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'gsi1',
        KeySchema: [key('g1', 'HASH'), key('g2', 'RANGE')],
        Projection: { ProjectionType: 'ALL' },
      },
      { IndexName: 'gsi2', KeySchema: [key('g1', 'HASH')], Projection: { ProjectionType: 'KEYS_ONLY' } },
    ],
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true },
    DeletionProtectionEnabled: true,
    Tags: [{ Key: 'a', Value: 'b' }],
  },
});

const allow = (actions: string[], resources: string[]) => ({
  Effect: 'Allow',
  Action: actions.map((action) => `dynamodb:${action}`),
  Resource: resources.map((resource) => `arn:aws:dynamodb:eu-central-1:000000000000:table/${resource}`),
});

const RESOURCES = {
  Seg: tableResource('seg'),
  Other: tableResource('other'),
  Reader: roleResource(allow(['GetItem', 'Query'], ['seg', 'seg/index/gsi1'])),
  Writer: roleResource(allow(['BatchWriteItem'], ['seg'])),
};

/** A running database and its clients. */
export interface RunningDatabase {
  readonly endpoint: string;
  readonly iam: Iam;
  clientFor(principalArn: string): DynamoDBClient;
  close(): Promise<void>;
}

/** Starts a database with two tables and two roles, or with the given resources. */
export async function runDatabase(
  folder: string,
  { resources = RESOURCES, backendUrl }: { resources?: Record<string, object>; backendUrl?: string } = {},
): Promise<RunningDatabase> {
  const assembly = assemblyOf(folder, resources);
  const iam = createIam(assembly);
  const { endpoint, close } = await startDynamoDb({
    assembly,
    iam,
    folder: path.join(folder, 'dynamodb'),
    ...(backendUrl && { backendUrl }),
  });
  const clients: DynamoDBClient[] = [];
  return {
    endpoint,
    iam,
    clientFor(arn) {
      const credentials = iam.credentialsFor(arn);
      const client = new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      await close();
    },
  };
}
