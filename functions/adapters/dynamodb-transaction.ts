import { setTimeout as delay } from 'node:timers/promises';
import {
  type DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { TransientStoreError } from '../errors.ts';
import type { Expression, Item } from './dynamodb-table.ts';
import { isNamed, storeFault } from './store-faults.ts';

/** One write of a transaction. Only the first may have a condition: it decides on the whole. */
export type TransactedWrite =
  | { readonly put: Item; readonly condition?: Expression }
  | {
      readonly pk: string;
      readonly sk: string;
      readonly set?: Readonly<Record<string, unknown>>;
      /** Amounts added to attributes, which begin at 0. */
      readonly add?: Readonly<Record<string, number>>;
      readonly condition?: Expression;
    };

/** How often a transaction is tried that others stand in the way of. */
export interface TransactionOptions {
  readonly attempts?: number;
  /** Pause before attempt n + 1, milliseconds. */
  readonly pauseMs?: (attempt: number) => number;
}

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Reasons that pass: somebody else's transaction, or load. */
const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);
/** Conflicts last as long as one transaction does: some milliseconds. */
const shortJitter = (attempt: number) => Math.random() * Math.min(400, 10 * 2 ** attempt);

/**
 * Writes all or nothing: one request. False where the condition does not hold.
 * @throws TransientStoreError when others stood in the way until the last attempt
 */
export async function transact(
  client: DynamoDBDocumentClient,
  table: string,
  writes: readonly TransactedWrite[],
  { attempts = 10, pauseMs = shortJitter }: TransactionOptions = {},
): Promise<boolean> {
  const TransactItems = writes.map((write) => itemOf(table, write));
  for (let attempt = 1; ; attempt++) {
    try {
      await client.send(new TransactWriteCommand({ TransactItems }));
      return true;
    } catch (error) {
      if (!isNamed(error, 'TransactionCanceledException')) throw storeFault(error, `write to table ${table}`);
      const reasons = reasonsOf(error);
      if (reasons.includes('ConditionalCheckFailed')) return false;
      if (!reasons.some((reason) => PASSING.has(reason))) throw error;
      if (attempt >= attempts) {
        throw new TransientStoreError(
          `Table ${table} was busy with the same items for ${attempts} attempts. Nothing is wrong with the request; try again shortly.`,
          { reason: 'transaction_conflict' },
          { cause: error },
        );
      }
      await delay(pauseMs(attempt));
    }
  }
}

function reasonsOf(error: unknown): string[] {
  const { CancellationReasons = [] } = error as { CancellationReasons?: readonly { Code?: string }[] };
  return CancellationReasons.map(({ Code = 'None' }) => Code);
}

function itemOf(TableName: string, write: TransactedWrite): TransactItem {
  const { condition } = write;
  const checked = condition && { ConditionExpression: condition.expression };
  if ('put' in write) {
    return {
      Put: {
        TableName,
        Item: write.put,
        ...checked,
        ...(condition?.names && { ExpressionAttributeNames: condition.names }),
        ...(condition?.values && { ExpressionAttributeValues: condition.values }),
      },
    };
  }
  const { pk, sk } = write;
  const set = Object.entries(write.set ?? {});
  const add = Object.entries(write.add ?? {});
  const parts = [
    ...(set.length > 0 ? [`SET ${set.map((_, n) => `#s${n} = :s${n}`).join(', ')}`] : []),
    ...(add.length > 0 ? [`ADD ${add.map((_, n) => `#a${n} :a${n}`).join(', ')}`] : []),
  ];
  return {
    Update: {
      TableName,
      Key: { pk, sk },
      UpdateExpression: parts.join(' '),
      ...checked,
      ExpressionAttributeNames: {
        ...Object.fromEntries(set.map(([name], n) => [`#s${n}`, name])),
        ...Object.fromEntries(add.map(([name], n) => [`#a${n}`, name])),
        ...condition?.names,
      },
      ExpressionAttributeValues: {
        ...Object.fromEntries(set.map(([, value], n) => [`:s${n}`, value])),
        ...Object.fromEntries(add.map(([, value], n) => [`:a${n}`, value])),
        ...condition?.values,
      },
    },
  };
}
