import { describe, expect, it } from 'vitest';
import type { StepProgress } from '../functions/contracts/records.ts';
import type { Step } from '../functions/contracts/workflow.ts';
import { InvalidDatasetError, toProblem } from '../functions/errors.ts';
import { workflowProblem } from '../functions/workflow-problem.ts';

const at = '2024-05-06T07:08:09.000Z';
const record = (step: Step, item: number, status: StepProgress['status'], text?: string): StepProgress => ({
  tenant: 'acme',
  runId: 'r1',
  step,
  item,
  status,
  rows: 0,
  startedAt: at,
  updatedAt: at,
  peakMemoryMb: 90,
  ...(text && { problem: toProblem(new InvalidDatasetError(text, { file: 'a.csv', line: 7 })) }),
});

/** What Step Functions reports of a map: not a word of the child's error. */
const mapFailure = {
  Error: 'States.ExceedToleratedFailureThreshold',
  Cause: 'The specified tolerated failure threshold was exceeded',
};

const lambdaFailure = (errorType: string, errorMessage: string) => ({
  Error: errorType,
  Cause: JSON.stringify({ errorType, errorMessage, trace: ['at somewhere'] }),
});

describe('the problem of a failed run', () => {
  it('is the one recorded by the first failed worker, by step and then by item', () => {
    const progress = [
      record('FitCandidate', 0, 'failed', 'late'),
      record('BuildFeatures', 9, 'failed', 'ragged row in shard 9'),
      record('BuildFeatures', 2, 'failed', 'ragged row in shard 2'),
      record('BuildFeatures', 0, 'running'),
    ];
    expect(workflowProblem(mapFailure, progress)).toEqual({
      type: 'about:blank',
      title: 'InvalidDatasetError',
      status: 422,
      detail: 'ragged row in shard 2',
      file: 'a.csv',
      line: 7,
    });
  });

  it('is read from the cause of a task that recorded nothing', () => {
    const error = lambdaFailure('InsufficientDataError', '3 customers are too few for 5 clusters.');
    expect(workflowProblem(error, [])).toEqual({
      type: 'about:blank',
      title: 'InsufficientDataError',
      status: 422,
      detail: '3 customers are too few for 5 clusters.',
    });
  });

  it('names the step that was running when the platform killed a worker', () => {
    const error = lambdaFailure('Runtime.ExitError', 'Runtime exited with error: signal: killed');
    const problem = workflowProblem(error, [
      record('BuildFeatures', 0, 'done'),
      record('MergeEntities', 1, 'running'),
    ]);
    expect(problem).toMatchObject({ title: 'Runtime.ExitError', status: 500, step: 'MergeEntities' });
    expect(problem.detail).toContain('while MergeEntities was running');
    expect(problem.detail).toContain('signal: killed');
  });

  it('keeps the text of a bug to the log', () => {
    const problem = workflowProblem(lambdaFailure('TypeError', 'secret of row 7'), []);
    expect(problem).toMatchObject({ title: 'InternalError', status: 500 });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it('survives a cause that is no JSON or is missing', () => {
    expect(workflowProblem(mapFailure, [])).toMatchObject({ title: mapFailure.Error, status: 500 });
    expect(workflowProblem({ Error: 'States.Timeout' }, [])).toMatchObject({ title: 'States.Timeout' });
    expect(workflowProblem({ Error: 'NotFoundError', Cause: 'plain text' }, [])).toMatchObject({
      status: 404,
      detail: 'plain text',
    });
  });
});
