import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { clientSettings } from './client-settings.ts';
import { openTable, type Table } from './dynamodb-table.ts';
import { requiredSetting } from './required-setting.ts';

/**
 * Numbers as JavaScript prints them, and back: DynamoDB keeps 38 digits, so that every double from 1e-130 to 1e125
 * comes back as the same bits.
 */
const translation = {
  marshallOptions: { removeUndefinedValues: true, allowImpreciseNumbers: true },
  unmarshallOptions: { wrapNumbers: (digits: string) => Number(digits) },
};

/** Document client with our number format on a DynamoDB client. */
export function documentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, translation);
}

/** Opens tables by the environment variables that name them, all on one client that the first use makes. */
export function awsTables(env: NodeJS.ProcessEnv): (setting: string) => Table {
  let client: DynamoDBDocumentClient | undefined;
  return (setting) => {
    const name = requiredSetting(env, setting);
    client ??= documentClient(new DynamoDBClient(clientSettings));
    return openTable(client, name);
  };
}
