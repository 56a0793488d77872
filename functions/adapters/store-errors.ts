import { ConflictError, NotFoundError } from '../errors.ts';

/** What every object store throws for a key that holds nothing. */
export function objectNotFound(key: string, options?: ErrorOptions): NotFoundError {
  return new NotFoundError(
    `There is no object ${JSON.stringify(key)}. Check the key, or write the object first.`,
    { file: key, reason: 'no_such_key' },
    options,
  );
}

/** What every run store throws for an update of a run it does not hold. */
export function runNotFound(runId: string, options?: ErrorOptions): NotFoundError {
  return new NotFoundError(
    `There is no run ${JSON.stringify(runId)}. Check the id, or list the runs.`,
    { reason: 'no_such_run', runId },
    options,
  );
}

/** What every workflow starter throws for a name that was used with another input. */
export function executionExists(name: string, options?: ErrorOptions): ConflictError {
  return new ConflictError(
    `An execution named ${JSON.stringify(name)} was started before with another input. Start this one under another name.`,
    { reason: 'execution_exists' },
    options,
  );
}
