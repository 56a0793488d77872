import { type AttributeValue, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import type { LocalCloud } from '../../local/main.ts';

type StoredItem = Record<string, AttributeValue>;

/** Every item of a table. */
export async function* storedItems(cloud: LocalCloud, TableName: string): AsyncGenerator<StoredItem> {
  const { region, adminCredentials: credentials, endpoints } = cloud;
  const client = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
  for await (const { Items = [] } of paginateScan({ client }, { TableName })) yield* Items;
  client.destroy();
}

/** Keys and sizes of the objects below a prefix. */
export async function storedObjects(cloud: LocalCloud, Bucket: string, Prefix: string) {
  const { region, adminCredentials: credentials, endpoints } = cloud;
  const client = new S3Client({ region, credentials, endpoint: endpoints.s3, forcePathStyle: true });
  const found: { key: string; bytes: number }[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
    found.push(...Contents.map(({ Key = '', Size = 0 }) => ({ key: Key, bytes: Size })));
  }
  client.destroy();
  return found;
}

/** Size of an item as DynamoDB bills it: names and values in UTF-8, 100 bytes of overhead not counted. */
export function itemBytes(item: StoredItem): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.replace(/\D/g, '').length / 2) + 1;
  if (value.L) return 3 + value.L.reduce((sum, one) => sum + 1 + valueBytes(one), 0);
  if (value.M) return 3 + itemBytes(value.M) + Object.keys(value.M).length;
  return 1;
}
