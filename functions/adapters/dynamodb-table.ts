import { setTimeout as delay } from 'node:timers/promises';
import {
  BatchWriteCommand,
  type BatchWriteCommandInput,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { KEY } from '../contracts/env.ts';
import { PayloadTooLargeError, TransientStoreError } from '../errors.ts';
import { batchesOf } from './batches-of.ts';
import { type TransactedWrite, transact } from './dynamodb-transaction.ts';
import { isNamed, storeFault } from './store-faults.ts';

/** An item as DynamoDB holds it: the two key attributes, those of indexes, and the record's own fields. */
export interface Item {
  readonly pk: string;
  readonly sk: string;
  readonly [attribute: string]: unknown;
}

/** A condition or key expression with its placeholders filled. */
export interface Expression {
  readonly expression: string;
  readonly names?: Record<string, string>;
  readonly values?: Record<string, unknown>;
}

/** Changes of one item. */
export interface ItemChanges {
  readonly set?: Readonly<Record<string, unknown>>;
  /** Texts by the attribute that is, or becomes, a set of them. */
  readonly addTo?: Readonly<Record<string, readonly string[]>>;
  readonly takeFrom?: Readonly<Record<string, readonly string[]>>;
}

/** How a table writes in bulk; tests shorten the pauses. */
export interface BatchOptions {
  /** Requests under way at once. */
  readonly concurrency?: number;
  /** Attempts per batch before the store counts as overloaded. */
  readonly attempts?: number;
  /** Pause before attempt n + 1, milliseconds. */
  readonly pauseMs?: (attempt: number) => number;
}

type WriteRequest = NonNullable<NonNullable<BatchWriteCommandInput['RequestItems']>[string]>[number];

/** Most items that DynamoDB takes in one BatchWriteItem. */
const BATCH_ITEMS = 25;

/** Exponential backoff with full jitter, 50 ms to 5 s (AWS Architecture Blog, "Exponential backoff and jitter"). */
const fullJitter = (attempt: number) => Math.random() * Math.min(5000, 50 * 2 ** attempt);

/** The few operations our stores make on one table, with faults mapped to our errors. */
export interface Table {
  /** Strongly consistent. */
  get(pk: string, sk: string): Promise<Item | undefined>;
  /** False when the condition does not hold. @throws PayloadTooLargeError above 400 KB */
  put(item: Item, condition?: Expression): Promise<boolean>;
  /** Sets attributes of an item that exists; false when there is none. */
  set(pk: string, sk: string, attributes: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** As `set`, but makes the item where there is none; attributes that are not named stay. */
  merge(pk: string, sk: string, attributes: Readonly<Record<string, unknown>>): Promise<void>;
  /** Adds `amount` (1) to a number of an item, made with the other attributes where there is none; resolves to the new number. */
  increment(
    pk: string,
    sk: string,
    attribute: string,
    others: Readonly<Record<string, unknown>>,
    amount?: number,
  ): Promise<number>;
  /** Drops attributes of an item. */
  remove(pk: string, sk: string, attributes: readonly string[]): Promise<void>;
  /** Deletes an item, if it is there. */
  delete(pk: string, sk: string): Promise<void>;
  /** Writes all or nothing, in one request; false when the condition of the first write does not hold. */
  transact(writes: readonly TransactedWrite[]): Promise<boolean>;
  /** All items of a partition whose sort key starts with `prefix`, in sort key order; strongly consistent. */
  withPrefix(pk: string, prefix: string): Promise<Item[]>;
  /** Items of an index or partition until `limit` are found; follows DynamoDB's 1 MB pages. */
  query(input: Omit<QueryCommandInput, 'TableName'>, limit?: number): Promise<Item[]>;
  /** All items of a partition in sort key order, one page of DynamoDB at a time; strongly consistent. */
  partition(pk: string): AsyncIterable<Item[]>;
  /**
   * Sets attributes of an item, made where there is none, and adds texts to sets of texts or takes them out: one
   * conditional write. False when the condition does not hold.
   */
  change(pk: string, sk: string, changes: ItemChanges, condition?: Expression): Promise<boolean>;
  /** Overwrites items in batches. Resolves to their number. @throws TransientStoreError when pressure does not ease */
  putAll(items: Iterable<Item>): Promise<number>;
  /** Deletes items in batches, as far as they are there. @throws TransientStoreError when pressure does not ease */
  deleteAll(keys: Iterable<Pick<Item, 'pk' | 'sk'>>): Promise<void>;
}

/** Opens a table by name on a document client. */
export function openTable(client: DynamoDBDocumentClient, name: string, options: BatchOptions = {}): Table {
  const { concurrency = 8, attempts = 10, pauseMs = fullJitter } = options;

  async function guarded<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw storeFault(error, `${action} table ${name}`);
    }
  }

  async function conditional(action: string, call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      if (isNamed(error, 'ConditionalCheckFailedException')) return false;
      if (isNamed(error, 'ValidationException') && /size/i.test((error as Error).message)) {
        throw new PayloadTooLargeError(
          'The record is larger than the 400 KB a table item may have. Name folders (ending in "/") instead of single files.',
          { reason: 'item_too_large' },
          { cause: error },
        );
      }
      throw storeFault(error, `${action} table ${name}`);
    }
  }

  async function query(input: Omit<QueryCommandInput, 'TableName'>, limit = Number.POSITIVE_INFINITY) {
    const found: Item[] = [];
    let start = input.ExclusiveStartKey;
    do {
      const page = await guarded('query', () =>
        client.send(
          new QueryCommand({
            ...input,
            TableName: name,
            ExclusiveStartKey: start,
            ...(Number.isFinite(limit) && { Limit: limit - found.length }),
          }),
        ),
      );
      found.push(...((page.Items ?? []) as Item[]));
      start = page.LastEvaluatedKey;
    } while (start && found.length < limit);
    return found;
  }

  async function writeBatch(batch: readonly WriteRequest[]): Promise<void> {
    let requests = [...batch];
    for (let attempt = 1; ; attempt++) {
      const sent = requests;
      const answer = await guarded('write to', () =>
        client.send(new BatchWriteCommand({ RequestItems: { [name]: sent } })),
      );
      requests = answer.UnprocessedItems?.[name] ?? [];
      if (requests.length === 0) return;
      if (attempt >= attempts) {
        throw new TransientStoreError(
          `Table ${name} left ${requests.length} of ${batch.length} items unwritten after ${attempts} attempts. Try again shortly.`,
          { reason: 'unprocessed_items' },
        );
      }
      await delay(pauseMs(attempt));
    }
  }

  async function writeAll(requests: IteratorObject<WriteRequest>): Promise<number> {
    const batches = batchesOf(requests, BATCH_ITEMS);
    let written = 0;
    let failed = false;
    const worker = async () => {
      while (!failed) {
        const { done, value: batch } = batches.next();
        if (done) return;
        await writeBatch(batch).catch((error: unknown) => {
          failed = true;
          throw error;
        });
        written += batch.length;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    return written;
  }

  const update = (pk: string, sk: string, attributes: Readonly<Record<string, unknown>>) => {
    const fields = Object.entries(attributes).filter(([, value]) => value !== undefined);
    if (fields.length === 0) return undefined;
    return {
      TableName: name,
      Key: { pk, sk },
      UpdateExpression: `SET ${fields.map((_, n) => `#f${n} = :v${n}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(fields.map(([field], n) => [`#f${n}`, field])),
      ExpressionAttributeValues: Object.fromEntries(fields.map(([, value], n) => [`:v${n}`, value])),
    };
  };

  return {
    async get(pk, sk) {
      const input = { TableName: name, Key: { pk, sk }, ConsistentRead: true };
      const { Item } = await guarded('read from', () => client.send(new GetCommand(input)));
      return Item as Item | undefined;
    },
    put(item, condition) {
      const input = {
        TableName: name,
        Item: item as Record<string, unknown>,
        ConditionExpression: condition?.expression,
        ExpressionAttributeNames: condition?.names,
        ExpressionAttributeValues: condition?.values,
      };
      return conditional('write to', () => client.send(new PutCommand(input)));
    },
    async set(pk, sk, attributes) {
      const input = update(pk, sk, attributes);
      if (!input) return (await this.get(pk, sk)) !== undefined;
      const exists = `attribute_exists(${KEY.partition})`;
      return conditional('update', () =>
        client.send(new UpdateCommand({ ...input, ConditionExpression: exists })),
      );
    },
    async merge(pk, sk, attributes) {
      const input = update(pk, sk, attributes);
      if (input) await guarded('update', () => client.send(new UpdateCommand(input)));
    },
    async *partition(pk) {
      let start: QueryCommandInput['ExclusiveStartKey'];
      do {
        const input = {
          TableName: name,
          KeyConditionExpression: `${KEY.partition} = :pk`,
          ExpressionAttributeValues: { ':pk': pk },
          ConsistentRead: true,
          ExclusiveStartKey: start,
        };
        const page = await guarded('query', () => client.send(new QueryCommand(input)));
        yield (page.Items ?? []) as Item[];
        start = page.LastEvaluatedKey;
      } while (start);
    },
    async increment(pk, sk, attribute, others, amount = 1) {
      const input = update(pk, sk, others);
      const set = input?.UpdateExpression ?? '';
      const { Attributes } = await guarded('update', () =>
        client.send(
          new UpdateCommand({
            TableName: name,
            Key: { pk, sk },
            UpdateExpression: `${set} ADD #n :amount`.trim(),
            ExpressionAttributeNames: { ...input?.ExpressionAttributeNames, '#n': attribute },
            ExpressionAttributeValues: { ...input?.ExpressionAttributeValues, ':amount': amount },
            ReturnValues: 'UPDATED_NEW',
          }),
        ),
      );
      return Number(Attributes?.[attribute]);
    },
    async remove(pk, sk, attributes) {
      const input = {
        TableName: name,
        Key: { pk, sk },
        UpdateExpression: `REMOVE ${attributes.map((_, n) => `#f${n}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(attributes.map((field, n) => [`#f${n}`, field])),
      };
      await guarded('update', () => client.send(new UpdateCommand(input)));
    },
    async delete(pk, sk) {
      await guarded('delete from', () =>
        client.send(new DeleteCommand({ TableName: name, Key: { pk, sk } })),
      );
    },
    transact: (writes) => transact(client, name, writes),
    withPrefix(pk, prefix) {
      // The empty prefix is no value of a key: then the partition is all there is to say.
      const within = prefix === '' ? '' : ` AND begins_with(${KEY.sort}, :prefix)`;
      return query({
        KeyConditionExpression: `${KEY.partition} = :pk${within}`,
        ExpressionAttributeValues: { ':pk': pk, ...(prefix !== '' && { ':prefix': prefix }) },
        ConsistentRead: true,
      });
    },
    query,
    async change(pk, sk, changes, condition) {
      const input = { TableName: name, Key: { pk, sk }, ...changesExpression(changes, condition) };
      return conditional('update', () => client.send(new UpdateCommand(input)));
    },
    putAll: (items) => writeAll(Iterator.from(items).map((item) => ({ PutRequest: { Item: { ...item } } }))),
    async deleteAll(keys) {
      await writeAll(Iterator.from(keys).map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } } })));
    },
  };
}

/** `SET … ADD … DELETE …` with its placeholders; fields that are undefined are left as they are. */
function changesExpression({ set = {}, addTo = {}, takeFrom = {} }: ItemChanges, condition?: Expression) {
  const clauses = [
    { verb: 'SET', sign: ' = ', fields: Object.entries(set).filter(([, value]) => value !== undefined) },
    { verb: 'ADD', sign: ' ', fields: setsOf(addTo) },
    { verb: 'DELETE', sign: ' ', fields: setsOf(takeFrom) },
  ].filter(({ fields }) => fields.length > 0);
  const placed = clauses.map(({ verb, sign, fields }) => ({
    text: `${verb} ${fields.map((_, n) => `#${verb}${n}${sign}:${verb}${n}`).join(', ')}`,
    names: fields.map(([field], n) => [`#${verb}${n}`, field] as const),
    values: fields.map(([, value], n) => [`:${verb}${n}`, value] as const),
  }));
  return {
    UpdateExpression: placed.map(({ text }) => text).join(' '),
    ConditionExpression: condition?.expression,
    ExpressionAttributeNames: {
      ...Object.fromEntries(placed.flatMap(({ names }) => names)),
      ...condition?.names,
    },
    ExpressionAttributeValues: {
      ...Object.fromEntries(placed.flatMap(({ values }) => values)),
      ...condition?.values,
    },
  };
}

/** DynamoDB knows no empty set. */
const setsOf = (texts: Readonly<Record<string, readonly string[]>>): [string, unknown][] =>
  Object.entries(texts).flatMap(([field, ids]) => (ids.length > 0 ? [[field, new Set(ids)]] : []));

/** The record in an item: its fields without those that only the table needs. */
export function recordOf<T>(item: Item, tableFields: readonly string[] = []): T {
  const own = Object.entries(item).filter(
    ([field]) => field !== KEY.partition && field !== KEY.sort && !tableFields.includes(field),
  );
  // Only our own stores write these tables, each item from a value of type T.
  return Object.fromEntries(own) as T;
}
