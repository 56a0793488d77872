import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Backend, type BackendAnswer, connectBackend, startDynalite } from './dynamodb-backend.ts';
import { provisionTables } from './dynamodb-tables.ts';
import { type TransactionRequest, transactedOperations, withTransactions } from './dynamodb-transactions.ts';
import { listen, readBody } from './http-listener.ts';
import type { Iam } from './iam.ts';
import { SignatureError, verifySignature } from './sigv4.ts';
import type { Assembly } from './template.ts';
import { ACCOUNT, REGION } from './template-names.ts';

/** Settings of the database. */
export interface DynamoDbOptions {
  readonly assembly: Assembly;
  readonly iam: Iam;
  /** Folder of the data; created when missing. One process at a time. */
  readonly folder: string;
  /** Delete what the folder holds first. */
  readonly fresh?: boolean;
  /** Use the database at this URL, e.g. DynamoDB Local, instead of the embedded one. */
  readonly backendUrl?: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Told of errors that are ours. */
  readonly log?: (line: string) => void;
  /** Told of every operation that is allowed, and of the tables that it touches. */
  readonly onOperation?: (operation: string, tables: readonly string[]) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A running database. */
export interface DynamoDbServer {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** The parts of a request that say what it acts on, and what the embedded database would overlook. */
interface DynamoDbRequest extends TransactionRequest {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

const BODY_LIMIT = 16 * 1024 * 1024;

const ON_ONE_TABLE = new Set([
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'Query',
  'Scan',
  'DescribeTable',
  'DescribeTimeToLive',
]);
const ON_MANY_TABLES = new Set(['BatchGetItem', 'BatchWriteItem']);

/** An error in the protocol of DynamoDB; `name` is what SDK clients see. */
class DynamoDbError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

const tableArn = (table: string) =>
  table.startsWith('arn:') ? table : `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${table}`;

/** An action and the ARN it is done to. */
type Access = readonly [action: string, arn: string];

/** What a caller must be allowed to; undefined for operations that are not offered. */
function accessOf(operation: string, request: DynamoDbRequest): Access[] | undefined {
  if (operation === 'TransactWriteItems')
    return transactedOperations(request).map(({ operation: each, table }) => [each, tableArn(table)]);
  if (operation === 'ListTables') return [[operation, '*']];
  if (ON_MANY_TABLES.has(operation))
    return Object.keys(request.RequestItems ?? {}).map((table) => [operation, tableArn(table)]);
  if (!ON_ONE_TABLE.has(operation)) return undefined;
  const table = tableArn(request.TableName ?? '');
  return [[operation, request.IndexName === undefined ? table : `${table}/index/${request.IndexName}`]];
}

/** Names of the tables, each once, of what lies at `table/<name>` and `table/<name>/index/<index>`. */
const tablesOf = (accesses: readonly Access[]) => [
  ...new Set(accesses.map(([, arn]) => arn.split('/')[1] ?? arn)),
];

function parse(body: Buffer): DynamoDbRequest {
  try {
    return JSON.parse(body.toString()) as DynamoDbRequest;
  } catch {
    throw new DynamoDbError('SerializationException', 'The body of the request is not JSON.');
  }
}

function toAnswer(error: unknown, log: (line: string) => void): BackendAnswer {
  let name = 'InternalServerError';
  let message = 'The database on this machine failed; its log holds the details.';
  if (error instanceof SignatureError) {
    name =
      error.problem === 'InvalidAccessKeyId' ? 'UnrecognizedClientException' : 'InvalidSignatureException';
    message = error.message;
  } else if (error instanceof DynamoDbError) ({ name, message } = error);
  else log(`dynamodb: ${(error as Error).stack ?? error}`);
  const body = Buffer.from(JSON.stringify({ __type: `com.amazon.coral.service#${name}`, message }));
  const headers = { 'content-type': 'application/x-amz-json-1.0' };
  return { status: name === 'InternalServerError' ? 500 : 400, headers, body };
}

/**
 * Starts the database on 127.0.0.1 with the tables of the assembly. Every request must be signed by a principal of
 * `iam` and allowed on its table or index; then it goes to dynalite, which keeps its data below `folder`.
 * Transactions have one condition at most; PartiQL, streams and expiry are not offered; see docs/local.md.
 *
 * @throws DataFolderLockedError, TableChangedError
 */
export async function startDynamoDb(options: DynamoDbOptions): Promise<DynamoDbServer> {
  const {
    assembly,
    iam,
    folder,
    fresh = false,
    backendUrl,
    port,
    log = () => {},
    now = Date.now,
    onOperation,
  } = options;
  const backend: Backend =
    backendUrl === undefined
      ? withTransactions(await startDynalite(folder, fresh))
      : connectBackend(backendUrl);

  const answer = async (request: IncomingMessage): Promise<BackendAnswer> => {
    const body = await readBody(request, BODY_LIMIT);
    if (!body) throw new DynamoDbError('ValidationException', 'A request takes up to 16 MiB.');
    const { method = '', url = '/', headers } = request;
    const payloadHash = createHash('sha256').update(body).digest('hex');
    const { arn } = verifySignature({ method, url, headers, payloadHash }, iam, now());
    const operation =
      String(headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? '';
    const input = parse(body);
    const accesses = accessOf(operation, input);
    if (!accesses)
      throw new DynamoDbError(
        'UnknownOperationException',
        `The database on this machine does not offer ${operation || 'a request without X-Amz-Target'}.`,
      );
    if ((input.ReturnValuesOnConditionCheckFailure ?? 'NONE') !== 'NONE')
      throw new DynamoDbError(
        'ValidationException',
        'ReturnValuesOnConditionCheckFailure is not honoured on this machine; read the item after the failure.',
      );
    for (const [action, resource] of accesses) {
      const { allowed, reason } = iam.authorize(arn, `dynamodb:${action}`, resource);
      if (!allowed) throw new DynamoDbError('AccessDeniedException', reason);
    }
    onOperation?.(operation, tablesOf(accesses));
    return backend.send(operation, body);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { status, headers, body } = await answer(request).catch((error) => toAnswer(error, log));
    const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...kept } = headers;
    response.writeHead(status, { ...kept, 'content-length': body.length }).end(body);
  };

  try {
    await provisionTables(backend, assembly);
    const listener = await listen((request, response) => void handle(request, response), port);
    return {
      endpoint: listener.url,
      async close() {
        await listener.close();
        await backend.close();
      },
    };
  } catch (error) {
    await backend.close();
    throw error;
  }
}
