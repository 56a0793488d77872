import type { Backend } from './dynamodb-backend.ts';
import type { Assembly, Resource } from './template.ts';

interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: string;
}

interface Index {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection?: { readonly ProjectionType?: string; readonly NonKeyAttributes?: readonly string[] };
}

/** The part of a table that this machine honours; see `SUPPORTED` of the template for the rest. */
interface TableDefinition {
  readonly KeySchema: readonly KeyElement[];
  readonly AttributeDefinitions: readonly {
    readonly AttributeName: string;
    readonly AttributeType: string;
  }[];
  readonly GlobalSecondaryIndexes?: readonly Index[];
  readonly LocalSecondaryIndexes?: readonly Index[];
  readonly BillingMode?: string;
  readonly ProvisionedThroughput?: unknown;
}

/** A table on disk is not the one the template describes. */
export class TableChangedError extends Error {
  override readonly name = 'TableChangedError';
}

const keyText = (schema: readonly KeyElement[], { AttributeDefinitions }: TableDefinition) =>
  schema
    .map(({ AttributeName, KeyType }) => {
      const type = AttributeDefinitions.find(
        (attribute) => attribute.AttributeName === AttributeName,
      )?.AttributeType;
      return `${KeyType} ${AttributeName} (${type})`;
    })
    .sort()
    .join(', ');

/** Keys and indexes of a table, in words that are equal when the tables are interchangeable. */
function layoutOf(table: TableDefinition): string {
  const indexes = [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])].map(
    ({ IndexName, KeySchema, Projection }) => {
      const attributes = [...(Projection?.NonKeyAttributes ?? [])].sort().join(' ');
      return `index ${IndexName}: ${keyText(KeySchema, table)}, ${Projection?.ProjectionType} ${attributes}`.trim();
    },
  );
  return [`key: ${keyText(table.KeySchema, table)}`, ...indexes.sort()].join('; ');
}

async function call<T>(backend: Backend, operation: string, input: object): Promise<T> {
  const { status, body } = await backend.send(operation, Buffer.from(JSON.stringify(input)));
  const answer = JSON.parse(body.toString()) as T & { __type?: string; message?: string };
  if (status === 200) return answer;
  const name = answer.__type?.split('#').at(-1) ?? 'UnknownError';
  throw Object.assign(new Error(`${operation}: ${name}: ${answer.message ?? ''}`), { name });
}

async function describeTable(backend: Backend, TableName: string) {
  return call<{ Table: TableDefinition & { TableStatus: string } }>(backend, 'DescribeTable', {
    TableName,
  }).then(
    ({ Table }) => Table,
    (error: Error) => {
      if (error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    },
  );
}

async function createTable(backend: Backend, { name, properties }: Resource): Promise<void> {
  const {
    KeySchema,
    AttributeDefinitions,
    BillingMode = 'PROVISIONED',
    ...more
  } = properties as unknown as TableDefinition;
  await call(backend, 'CreateTable', {
    TableName: name,
    KeySchema,
    AttributeDefinitions,
    BillingMode,
    ...(more.GlobalSecondaryIndexes && { GlobalSecondaryIndexes: more.GlobalSecondaryIndexes }),
    ...(more.LocalSecondaryIndexes && { LocalSecondaryIndexes: more.LocalSecondaryIndexes }),
    ...(more.ProvisionedThroughput !== undefined && { ProvisionedThroughput: more.ProvisionedThroughput }),
  });
  const deadline = performance.now() + 10_000;
  while ((await describeTable(backend, name))?.TableStatus !== 'ACTIVE') {
    if (performance.now() > deadline)
      throw new Error(`table ${name} did not become active within 10 seconds`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Creates the tables of the assembly that are not there yet; those that are keep their items.
 *
 * @throws TableChangedError when a table on disk has other keys or indexes than the template
 */
export async function provisionTables(backend: Backend, assembly: Assembly): Promise<void> {
  for (const resource of assembly.resources('AWS::DynamoDB::Table')) {
    const present = await describeTable(backend, resource.name);
    if (!present) {
      await createTable(backend, resource);
      continue;
    }
    const wanted = layoutOf(resource.properties as unknown as TableDefinition);
    const found = layoutOf(present);
    if (wanted !== found)
      throw new TableChangedError(
        `table ${resource.name} on disk differs from the template (found ${found}; expected ${wanted}). ` +
          'A table cannot change its keys or indexes in place here: use another data folder, or remove this one.',
      );
  }
}
