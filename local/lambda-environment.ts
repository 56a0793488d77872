/**
 * One Lambda execution environment: the program of a forked process that loads one handler and runs one event at a
 * time, as the Node.js runtime of Lambda does. It talks to `ExecutionEnvironment` over the fork's message channel.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Error payload as the Node.js runtime reports it to the caller. */
export interface ErrorPayload {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** One event for the handler; `event` is JSON text, `deadlineMs` a wall-clock instant. */
export interface InvocationMessage {
  readonly requestId: string;
  readonly event: string;
  readonly deadlineMs: number;
  readonly functionArn: string;
}

/** What the process answers: loaded or not, then one result or error per invocation. */
export type EnvironmentMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'initError'; readonly error: ErrorPayload }
  | { readonly kind: 'result'; readonly requestId: string; readonly body: string }
  | {
      readonly kind: 'error';
      readonly requestId: string;
      readonly error: ErrorPayload;
      readonly fatal?: true;
    };

type Handler = (event: unknown, context: object) => unknown;

const variables = process.env as Readonly<Record<string, string>>;

function errorPayload(error: unknown, errorType?: string): ErrorPayload {
  if (error instanceof Error) {
    const trace = (error.stack ?? '').split('\n');
    return { errorType: errorType ?? (error.name || 'Error'), errorMessage: error.message, trace };
  }
  return { errorType: errorType ?? typeof error, errorMessage: String(error), trace: [] };
}

const send = (message: EnvironmentMessage) =>
  new Promise<void>((resolve) => {
    if (process.send) process.send(message, () => resolve());
    else resolve();
  });

async function loadHandler(): Promise<Handler> {
  const { _HANDLER: name = '', LAMBDA_TASK_ROOT: root = '' } = variables;
  const dot = name.lastIndexOf('.');
  const [moduleName, exportName] = [name.slice(0, dot), name.slice(dot + 1)];
  const file = ['.js', '.mjs', '.cjs'].map((end) => path.join(root, moduleName + end)).find(existsSync);
  if (!file) {
    const error = new Error(`Error: Cannot find module '${moduleName}'`);
    error.name = 'Runtime.ImportModuleError';
    throw error;
  }
  process.chdir(root);
  const handler: unknown = (await import(pathToFileURL(file).href))[exportName];
  if (typeof handler !== 'function') {
    const error = new Error(`${name} is undefined or not exported`);
    error.name = 'Runtime.HandlerNotFound';
    throw error;
  }
  return handler as Handler;
}

const context = ({ requestId, deadlineMs, functionArn }: InvocationMessage) => ({
  awsRequestId: requestId,
  functionName: variables.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: variables.AWS_LAMBDA_FUNCTION_VERSION,
  invokedFunctionArn: functionArn,
  memoryLimitInMB: variables.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: variables.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: variables.AWS_LAMBDA_LOG_STREAM_NAME,
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
});

async function serve(): Promise<void> {
  let requestId = '';
  const dieOf = async (error: ErrorPayload, exitCode: number) => {
    await send({ kind: 'error', requestId, error, fatal: true });
    process.exit(exitCode);
  };
  // Ctrl-C reaches the whole process group, but it is the parent that decides when an environment ends.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit(0));

  let handler: Handler;
  try {
    handler = await loadHandler();
  } catch (error) {
    await send({ kind: 'initError', error: errorPayload(error) });
    process.exit(1);
  }
  process.on('unhandledRejection', (reason) =>
    dieOf(errorPayload(reason, 'Runtime.UnhandledPromiseRejection'), 128),
  );
  process.on('uncaughtException', (error) => dieOf(errorPayload(error), 129));
  process.on('message', async (invocation: InvocationMessage) => {
    requestId = invocation.requestId;
    try {
      const result = await handler(JSON.parse(invocation.event), context(invocation));
      await send({ kind: 'result', requestId, body: JSON.stringify(result) ?? 'null' });
    } catch (error) {
      await send({ kind: 'error', requestId, error: errorPayload(error) });
    }
  });
  await send({ kind: 'ready' });
}

await serve();
