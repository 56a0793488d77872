/** Where a problem sits, as far as it is known: echoed in the HTTP problem document and on the failed run. */
export interface ErrorContext {
  /** Object key or file name of the input at fault. */
  readonly file?: string;
  /** 1-based line in that file; the header is line 1. */
  readonly line?: number;
  /** Short machine-readable reason, e.g. `ragged_row`. */
  readonly reason?: string;
  readonly [key: string]: unknown;
}

/** RFC 9457 problem document. `title` is the error's name, the one word shared by HTTP, workflow and log. */
export interface Problem extends ErrorContext {
  readonly type: string;
  readonly title: string;
  /** HTTP status code. */
  readonly status: number;
  readonly detail: string;
}

/**
 * Root of every error tessella throws on purpose. `name` is a literal (bundlers mangle class names), so that HTTP,
 * Step Functions' `ErrorEquals` and the log read one word. The message says what is wrong, what was found, what was
 * expected and what to do.
 */
export class TessellaError extends Error {
  override readonly name: string = 'TessellaError';
  /** HTTP status this error maps to. */
  readonly status: number = 500;
  readonly context: ErrorContext;

  constructor(message: string, context: ErrorContext = {}, options?: ErrorOptions) {
    super(message, options);
    this.context = context;
  }
}

/** The request itself is malformed: wrong type, missing field, value out of range. */
export class InvalidRequestError extends TessellaError {
  override readonly name = 'InvalidRequestError';
  override readonly status = 400;
}

/** No credential, or one that is not valid. */
export class UnauthorizedError extends TessellaError {
  override readonly name = 'UnauthorizedError';
  override readonly status = 401;
}

/** A valid credential that lacks the scope. */
export class ForbiddenError extends TessellaError {
  override readonly name = 'ForbiddenError';
  override readonly status = 403;
}

/** The named thing does not exist, or belongs to another tenant: the two are told apart by nobody. */
export class NotFoundError extends TessellaError {
  override readonly name = 'NotFoundError';
  override readonly status = 404;
}

/** The change conflicts with the state the thing is in. */
export class ConflictError extends TessellaError {
  override readonly name = 'ConflictError';
  override readonly status = 409;
}

/** The named thing was there, and has expired. */
export class GoneError extends TessellaError {
  override readonly name = 'GoneError';
  override readonly status = 410;
}

/** The body is larger than the route takes. */
export class PayloadTooLargeError extends TessellaError {
  override readonly name = 'PayloadTooLargeError';
  override readonly status = 413;
}

/** The file cannot be read as the table it should be. `context` names file, line and reason. */
export class InvalidDatasetError extends TessellaError {
  override readonly name = 'InvalidDatasetError';
  override readonly status = 422;
}

/** The table is sound but too small, or too uniform, for what was asked. */
export class InsufficientDataError extends TessellaError {
  override readonly name = 'InsufficientDataError';
  override readonly status = 422;
}

/** The caller is over its rate. */
export class TooManyRequestsError extends TessellaError {
  override readonly name = 'TooManyRequestsError';
  override readonly status = 429;
}

/** A kernel refused its arguments: always a defect of ours. */
export class KernelError extends TessellaError {
  override readonly name = 'KernelError';
  override readonly status = 500;
}

/** A store throttled or timed out. The one error of ours that a workflow may retry. */
export class TransientStoreError extends TessellaError {
  override readonly name = 'TransientStoreError';
  override readonly status = 503;
}

/** The problem document of any thrown value; what is not ours is reported as an internal error without its text. */
export function toProblem(error: unknown): Problem {
  if (error instanceof TessellaError) {
    const { name, status, message, context } = error;
    return { ...context, type: 'about:blank', title: name, status, detail: message };
  }
  return {
    type: 'about:blank',
    title: 'InternalError',
    status: 500,
    detail: 'An unexpected error occurred; the log of this request holds the details.',
  };
}
