import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  type CatchProps,
  Choice,
  Condition,
  DistributedMap,
  Fail,
  type IChainable,
  JitterType,
  JsonPath,
  Pass,
  ResultWriterV2,
  S3JsonItemReader,
  StateMachineType,
  Succeed,
  TaskInput,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { PREFIX } from '../../functions/contracts/env.ts';
import { MAPS, type PlanResult, TRANSIENT_ERRORS } from '../../functions/contracts/workflow.ts';
import type { Config, WorkflowFunction } from '../config.ts';

/** What the states refer to. */
export interface SegmentationStatesProps {
  readonly functions: Readonly<Record<WorkflowFunction, IFunction>>;
  readonly bucket: IBucket;
  readonly config: Config;
}

/** Seconds that a task waits beyond its function's own timeout, so that Lambda's error is the one that is reported. */
const TIMEOUT_MARGIN_SECONDS = 30;

/** Where the state holds what: the execution's input, its id, PlanRun's result, PrepareFit's result, a caught error. */
const STATE = {
  trigger: '$.trigger',
  executionId: '$.executionId',
  plan: '$.plan',
  run: '$.plan.run',
  fit: '$.fit',
  error: '$.error',
} as const;

/** State field that holds each map's list of items. */
const ITEMS = {
  rowShardsKey: `${STATE.plan}.rowShardsKey`,
  bucketsKey: `${STATE.plan}.bucketsKey`,
  candidatesKey: `${STATE.fit}.candidatesKey`,
} as const;

/**
 * The states of one run, from trigger to published segments. JSONPath only, and no state field that the engine for
 * one machine lacks (`test/infra` lints that); the execution's own input travels in the state for MarkFailed.
 */
export function segmentationStates(
  scope: Construct,
  { functions, bucket, config }: SegmentationStatesProps,
): IChainable {
  const task = (name: WorkflowFunction, payload: Record<string, string>, resultPath: string | null) => {
    const timeout = config.workflow[name].timeoutSeconds + TIMEOUT_MARGIN_SECONDS;
    const { intervalSeconds, maxDelaySeconds, maxAttempts, backoffRate } = config.retry;
    return new LambdaInvoke(scope, name, {
      lambdaFunction: functions[name],
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      payload: TaskInput.fromObject(payload),
      taskTimeout: Timeout.duration(Duration.seconds(timeout)),
      ...(resultPath === null ? { resultPath: JsonPath.DISCARD } : { resultPath }),
    }).addRetry({
      errors: [...TRANSIENT_ERRORS],
      interval: Duration.seconds(intervalSeconds),
      maxDelay: Duration.seconds(maxDelaySeconds),
      maxAttempts,
      backoffRate,
      jitterStrategy: JitterType.FULL,
    });
  };

  const failed = new Fail(scope, 'RunFailed', {
    errorPath: `${STATE.error}.Error`,
    causePath: `${STATE.error}.Cause`,
  });
  const markFailed = task(
    'MarkFailed',
    fields({ trigger: STATE.trigger, executionId: STATE.executionId, error: STATE.error }),
    null,
  );
  // Whatever becomes of the record, the execution fails with the error of the run.
  markFailed.addCatch(failed, { resultPath: '$.markFailedError' }).next(failed);
  const onError: CatchProps = { resultPath: STATE.error };

  const step = (name: WorkflowFunction, resultPath: string | null = null) =>
    task(name, fields({ run: STATE.run, executionId: STATE.executionId }), resultPath).addCatch(
      markFailed,
      onError,
    );

  // A map without a tolerated-failure field fails with its first failed child, and stops the others.
  const each = (name: keyof typeof MAPS) => {
    const { step: stepName, items } = MAPS[name];
    const { shards, candidates } = config.mapConcurrency;
    return new DistributedMap(scope, name, {
      mapExecutionType: StateMachineType.STANDARD,
      itemReader: new S3JsonItemReader({ bucket, key: JsonPath.stringAt(ITEMS[items]) }),
      itemSelector: fields({
        run: STATE.run,
        executionId: STATE.executionId,
        item: '$$.Map.Item.Value.item',
      }),
      resultWriterV2: new ResultWriterV2({ bucket, prefix: mapResults() }),
      resultPath: JsonPath.DISCARD,
      maxConcurrency: name === 'EachCandidate' ? candidates : shards,
    })
      .itemProcessor(
        task(stepName, fields({ run: '$.run', executionId: '$.executionId', item: '$.item' }), '$'),
      )
      .addCatch(markFailed, onError);
  };

  const planned: PlanResult['outcome'] = 'planned';
  const fitAndPublish = each('EachRowShard')
    .next(each('EachBucket'))
    .next(step('PrepareFit', STATE.fit))
    .next(each('EachFeatureShard'))
    .next(each('EachCandidate'))
    .next(step('SelectModel'))
    .next(each('EachLabelShard'))
    .next(step('MatchSegments'))
    .next(each('EachChangeShard'))
    .next(step('PublishRun'))
    .next(new Succeed(scope, 'Published'));

  return new Pass(scope, 'ReceiveTrigger', {
    parameters: fields({ trigger: '$', executionId: '$$.Execution.Id' }),
  })
    .next(
      task(
        'PlanRun',
        fields({ trigger: STATE.trigger, executionId: STATE.executionId }),
        STATE.plan,
      ).addCatch(markFailed, onError),
    )
    .next(
      new Choice(scope, 'IsPlanned')
        .when(Condition.stringEquals(`${STATE.plan}.outcome`, planned), fitAndPublish)
        .otherwise(new Succeed(scope, 'NothingToRun')),
    );
}

/** `{ name: path }` → the fields of a payload template that take their values from those paths. */
function fields(paths: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [`${name}.$`, path]));
}

/** Where the maps of one run leave their manifests: `runs/{tenant}/{dataset}/{runId}/map-results`. */
function mapResults(): string {
  const part = (name: string) => JsonPath.stringAt(`${STATE.run}.${name}`);
  return JsonPath.format(
    `${PREFIX.runs}{}/{}/{}/map-results`,
    part('tenant'),
    part('dataset'),
    part('runId'),
  );
}
