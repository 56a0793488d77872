import type { Backend, BackendAnswer } from './dynamodb-backend.ts';

/** The write operations that a transaction may consist of. */
const OPERATIONS = { Put: 'PutItem', Update: 'UpdateItem', Delete: 'DeleteItem' } as const;
type Action = keyof typeof OPERATIONS;

interface Write {
  readonly TableName?: string;
  readonly ConditionExpression?: string;
}

/** Body of `TransactWriteItems`, as far as it is read. */
export interface TransactionRequest {
  readonly TransactItems?: readonly Readonly<Record<string, Write>>[];
}

/** The operation of each write of a transaction, with its table: what a caller must be allowed. */
export function transactedOperations({
  TransactItems = [],
}: TransactionRequest): { operation: string; table: string }[] {
  return TransactItems.flatMap((item) =>
    Object.entries(item).map(([action, { TableName = '' }]) => ({
      operation: OPERATIONS[action as Action] ?? 'ConditionCheckItem',
      table: TableName,
    })),
  );
}

const failure = (name: string, message: string, more: object = {}): BackendAnswer => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: Buffer.from(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message, ...more })),
});

/**
 * Teaches `TransactWriteItems` to a database that does not know it. While a transaction runs, nothing else reaches the
 * database; the one write with a condition goes first, so that where it does not hold, nothing has been written. A
 * transaction with two conditions, or a condition check without a write, is refused by name. Unlike in AWS, a machine that
 * loses its power amid a transaction may keep a part of it.
 */
export function withTransactions(backend: Backend): Backend {
  let last: Promise<unknown> = Promise.resolve();
  const underWay = new Set<Promise<unknown>>();

  const run = async (body: Buffer): Promise<BackendAnswer> => {
    const { TransactItems: items = [] } = JSON.parse(body.toString()) as TransactionRequest;
    const writes = items.flatMap((item) => Object.entries(item));
    if (writes.length === 0 || writes.length > 100 || writes.length !== items.length)
      return failure('ValidationException', 'A transaction has 1 to 100 writes, each of one kind.');
    const unknown = writes.find(([action]) => !Object.hasOwn(OPERATIONS, action));
    if (unknown)
      return failure(
        'ValidationException',
        `${unknown[0]} in a transaction is not honoured on this machine.`,
      );
    const conditional = writes.flatMap(([, write], n) =>
      write.ConditionExpression === undefined ? [] : [n],
    );
    if (conditional.length > 1)
      return failure(
        'ValidationException',
        'A transaction with several conditions is not honoured on this machine.',
      );
    const first = conditional[0] ?? 0;
    const order = [first, ...writes.keys().filter((n) => n !== first)];
    for (const n of order) {
      const [action, write] = writes[n]!;
      const answer = await backend.send(OPERATIONS[action as Action], Buffer.from(JSON.stringify(write)));
      if (answer.status === 200) continue;
      if (!answer.body.toString().includes('ConditionalCheckFailedException')) return answer;
      const reasons = writes.map((_, i) =>
        i === n
          ? { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' }
          : { Code: 'None' },
      );
      const codes = reasons.map(({ Code }) => Code).join(', ');
      return failure(
        'TransactionCanceledException',
        `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
        { CancellationReasons: reasons },
      );
    }
    return {
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: Buffer.from('{}'),
    };
  };

  return {
    async send(operation, body) {
      if (operation !== 'TransactWriteItems') {
        await last;
        const sent = backend.send(operation, body);
        underWay.add(sent);
        return sent.finally(() => underWay.delete(sent));
      }
      const before = last;
      const mine = before.then(async () => {
        await Promise.allSettled(underWay);
        return run(body);
      });
      last = mine.catch(() => undefined);
      return mine;
    },
    close: () => backend.close(),
  };
}
