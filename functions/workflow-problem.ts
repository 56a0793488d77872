import { z } from 'zod';
import type { StepProgress } from './contracts/records.ts';
import { ALL_STEPS, type MarkFailedInput } from './contracts/workflow.ts';
import * as errors from './errors.ts';

/** HTTP status of each error of ours, by name. */
const STATUS: ReadonlyMap<string, number> = new Map(
  [
    errors.InvalidRequestError,
    errors.UnauthorizedError,
    errors.ForbiddenError,
    errors.NotFoundError,
    errors.ConflictError,
    errors.PayloadTooLargeError,
    errors.InvalidDatasetError,
    errors.InsufficientDataError,
    errors.TooManyRequestsError,
    errors.KernelError,
    errors.TransientStoreError,
  ].map((Kind) => {
    const { name, status } = new Kind('');
    return [name, status] as const;
  }),
);

/** Prefixes of the error names that Lambda and Step Functions give themselves. */
const PLATFORM_ERROR = /^(?:Runtime|Sandbox|Lambda|States)\./;

/** What Lambda writes into the cause of a failed task. */
const lambdaCauseSchema = z.object({ errorType: z.string(), errorMessage: z.string() });

/**
 * Why a run failed: the problem that its first failed worker recorded, which names file, line and reason; where none
 * did, the error that the workflow caught.
 */
export function workflowProblem(
  error: MarkFailedInput['error'],
  progress: readonly StepProgress[],
): errors.Problem {
  const inOrder = progress.toSorted(
    (a, b) => ALL_STEPS.indexOf(a.step) - ALL_STEPS.indexOf(b.step) || a.item - b.item,
  );
  const recorded = inOrder.find(({ status, problem }) => status === 'failed' && problem !== undefined);
  return recorded?.problem ?? caughtProblem(error, inOrder);
}

function caughtProblem({ Error: caught, Cause }: MarkFailedInput['error'], inOrder: readonly StepProgress[]) {
  const cause = lambdaCauseSchema.safeParse(parsed(Cause)).data;
  const title = cause?.errorType ?? caught;
  const status = STATUS.get(title);
  if (status !== undefined) {
    return { type: 'about:blank', title, status, detail: cause?.errorMessage ?? Cause ?? title };
  }
  if (!PLATFORM_ERROR.test(title)) return errors.toProblem(undefined);
  const unfinished = inOrder.find((record) => record.status === 'running');
  const where = unfinished === undefined ? '' : ` while ${unfinished.step} was running`;
  return {
    type: 'about:blank',
    title,
    status: 500,
    detail: `The platform stopped the run${where}: ${title}${cause ? ` (${cause.errorMessage})` : ''}. Look at the log of that step, then start the run again.`,
    ...(unfinished === undefined ? {} : { step: unfinished.step }),
  };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
