import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { JitterType, JsonPath, TaskInput, type TaskStateBase, Timeout } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { TRANSIENT_ERRORS } from '../../functions/contracts/workflow.ts';
import type { Config, FunctionSize } from '../config.ts';

/** Seconds that a task waits beyond its function's own timeout, so that Lambda's error is the one that is reported. */
const TIMEOUT_MARGIN_SECONDS = 30;

/** One task of a workflow. */
export interface WorkflowTaskProps {
  readonly lambda: IFunction;
  readonly size: FunctionSize;
  readonly retry: Config['retry'];
  /** Fields of the payload, and the paths they come from. */
  readonly payload: Record<string, string>;
  /** Null drops the result. */
  readonly resultPath: string | null;
}

/** A task that invokes one function and retries transient errors alone. */
export function workflowTask(
  scope: Construct,
  name: string,
  { lambda, size, retry, payload, resultPath }: WorkflowTaskProps,
): TaskStateBase {
  const { intervalSeconds, maxDelaySeconds, maxAttempts, backoffRate } = retry;
  return new LambdaInvoke(scope, name, {
    lambdaFunction: lambda,
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
    payload: TaskInput.fromObject(fieldsFrom(payload)),
    taskTimeout: Timeout.duration(Duration.seconds(size.timeoutSeconds + TIMEOUT_MARGIN_SECONDS)),
    ...(resultPath === null ? { resultPath: JsonPath.DISCARD } : { resultPath }),
  }).addRetry({
    errors: [...TRANSIENT_ERRORS],
    interval: Duration.seconds(intervalSeconds),
    maxDelay: Duration.seconds(maxDelaySeconds),
    maxAttempts,
    backoffRate,
    jitterStrategy: JitterType.FULL,
  });
}

/** `{ name: path }` → the fields of a payload template that take their values from those paths. */
export function fieldsFrom(paths: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [`${name}.$`, path]));
}
