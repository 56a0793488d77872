import { TransientStoreError } from '../errors.ts';

/** Service faults and throttling, by the names AWS and the socket layer give them. */
const TRANSIENT = new Set([
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
  'ExecutionLimitExceeded',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

interface Fault {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

/** Whether an error of an AWS client has this name. */
export function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

/**
 * The error to throw for what an AWS client threw: `TransientStoreError` for throttling, timeouts, lost connections
 * and 5xx answers (the client has retried by then), else the error itself.
 */
export function storeFault(error: unknown, action: string): unknown {
  if (!(error instanceof Error)) return error;
  const { name, code, $metadata } = error as Error & Fault;
  const status = typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : 0;
  const reason = [name, code].find((word) => TRANSIENT.has(String(word)));
  if (reason === undefined && status < 500 && status !== 429) return error;
  return new TransientStoreError(
    `Could not ${action}: the store answered ${String(reason ?? name)}. Nothing is wrong with the request; try again shortly.`,
    { reason: String(reason ?? name) },
    { cause: error },
  );
}
