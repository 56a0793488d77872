/** States language's own limit: input or output of a state, bytes of JSON. */
const STATE_LIMIT = 262_144;

/**
 * An error as the States language names it. What cannot be retried or caught on AWS (`States.Runtime`,
 * `States.DataLimitExceeded`) cannot be here: the engine reads `isRetryable` and `isCatchable`.
 */
export class StatesError extends Error {
  override readonly name: string;
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;

  constructor(name: string, cause: string, { final = false } = {}) {
    super(cause);
    this.name = name;
    this.isRetryable = !final;
    this.isCatchable = !final;
  }
}

/** A call that the Step Functions API refuses; `name` is the API's exception name. */
export class WorkflowServiceError extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** The definition uses something that is not run on this machine; the text names each state and field. */
export class WorkflowDefinitionError extends Error {
  override readonly name = 'WorkflowDefinitionError';
}

/**
 * Passes a value on when it fits between two states.
 * @throws StatesError `States.DataLimitExceeded` above 256 KiB of JSON
 */
export function withinStateLimit<T>(value: T, state: string): T {
  const bytes = Buffer.byteLength(JSON.stringify(value ?? null));
  if (bytes <= STATE_LIMIT) return value;
  const cause = `The state/task '${state}' returned a result with a size exceeding the maximum number of bytes service limit (${bytes} of ${STATE_LIMIT}).`;
  throw new StatesError('States.DataLimitExceeded', cause, { final: true });
}
