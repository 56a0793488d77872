import {
  type ErrorContext,
  InsufficientDataError,
  InvalidDatasetError,
  InvalidRequestError,
  KernelError,
  TessellaError,
} from '../errors.ts';
import type { WorkerError } from './thread-task.ts';

const ERRORS: Readonly<Record<string, new (message: string, context: ErrorContext) => Error>> = {
  InvalidDatasetError,
  InsufficientDataError,
  InvalidRequestError,
  KernelError,
};

/** What is sent of an error. */
export function packError(error: unknown): WorkerError {
  const context = error instanceof TessellaError ? error.context : {};
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { name, message, context };
}

/** The error that was sent; a `KernelError` where it was none of ours. */
export function unpackError({ name, message, context }: WorkerError): Error {
  const Known = ERRORS[name];
  return Known
    ? new Known(message, context)
    : new KernelError(`A worker thread failed: ${message}`, { reason: 'worker_failed' });
}
