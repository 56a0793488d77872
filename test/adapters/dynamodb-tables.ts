import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { documentClient } from '../../functions/adapters/aws-tables.ts';
import { dynamodbApiKeys } from '../../functions/adapters/dynamodb-api-keys.ts';
import { dynamodbChildSegments } from '../../functions/adapters/dynamodb-child-segments.ts';
import { dynamodbConfigs } from '../../functions/adapters/dynamodb-configs.ts';
import { dynamodbDocuments } from '../../functions/adapters/dynamodb-documents.ts';
import { dynamodbDrilldowns } from '../../functions/adapters/dynamodb-drilldowns.ts';
import { dynamodbInsights } from '../../functions/adapters/dynamodb-insights.ts';
import { dynamodbLabels } from '../../functions/adapters/dynamodb-labels.ts';
import { dynamodbRateCounters } from '../../functions/adapters/dynamodb-rate-counters.ts';
import { dynamodbRuns } from '../../functions/adapters/dynamodb-runs.ts';
import { dynamodbSegments } from '../../functions/adapters/dynamodb-segments.ts';
import { openTable } from '../../functions/adapters/dynamodb-table.ts';
import { CAMPAIGNS_BY_LABEL, KEY, RUNS_BY_START } from '../../functions/contracts/env.ts';
import type { ApiKeyRecord } from '../../functions/contracts/records.ts';

/** Creates our tables on a local DynamoDB and opens the stores on them. */
export async function openDynamodbStores(port: number) {
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 10,
  });
  await createTables(client);
  const documents = documentClient(client);
  const table = (name: string) => openTable(documents, name);
  return {
    runs: dynamodbRuns(table('runs')),
    segments: dynamodbSegments(table('segments')),
    labels: dynamodbLabels(table('labels')),
    apiKeys: dynamodbApiKeys(table('apiKeys')),
    configs: dynamodbConfigs(table('configs')),
    drilldowns: dynamodbDrilldowns(table('runs')),
    childSegments: dynamodbChildSegments(table('segments')),
    insights: dynamodbInsights(table('campaigns')),
    campaignDocuments: dynamodbDocuments(table('campaigns')),
    rateCounters: dynamodbRateCounters(table('campaigns')),
    async putApiKey(key: ApiKeyRecord) {
      const { customerApiId } = key;
      const Item = customerApiId
        ? { ...key, pk: `A#${customerApiId}`, sk: 'KEY' }
        : { ...key, pk: `T#${key.tenant}`, sk: `KEY#${key.keyId}` };
      await documents.send(new PutCommand({ TableName: 'apiKeys', Item }));
    },
    close: () => client.destroy(),
  };
}

async function createTables(client: DynamoDBClient): Promise<void> {
  const keys = (partition: string, sort: string) => [
    { AttributeName: partition, KeyType: 'HASH' as const },
    { AttributeName: sort, KeyType: 'RANGE' as const },
  ];
  const strings = (...names: string[]) =>
    names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const }));
  const indexes: Record<string, { name: string; keys: [string, string] }> = {
    runs: { name: RUNS_BY_START.name, keys: [RUNS_BY_START.partition, RUNS_BY_START.sort] },
    campaigns: { name: CAMPAIGNS_BY_LABEL.name, keys: [CAMPAIGNS_BY_LABEL.partition, KEY.sort] },
  };
  for (const TableName of ['runs', 'segments', 'labels', 'apiKeys', 'configs', 'campaigns']) {
    const index = indexes[TableName];
    const attributes = new Set([KEY.partition, KEY.sort, ...(index?.keys ?? [])]);
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: keys(KEY.partition, KEY.sort),
        AttributeDefinitions: strings(...attributes),
        ...(index && {
          GlobalSecondaryIndexes: [
            {
              IndexName: index.name,
              KeySchema: keys(...index.keys),
              Projection: { ProjectionType: 'ALL' as const },
            },
          ],
        }),
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });
  }
}
