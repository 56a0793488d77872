import type { ErrorPayload } from './lambda-environment.ts';

/** The function failed: it threw, ran out of time or memory, or its process ended. `name` is the error type. */
export class FunctionError extends Error {
  override readonly name: string;
  readonly payload: ErrorPayload;

  constructor(payload: ErrorPayload) {
    super(payload.errorMessage);
    this.name = payload.errorType;
    this.payload = payload;
  }
}

/** The Lambda service refused the call; the function did not run. `name` is the API's exception name. */
export class LambdaServiceError extends Error {
  override readonly name: string;
  /** HTTP status of the API's answer. */
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}
