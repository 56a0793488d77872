import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  type CatchProps,
  Choice,
  Condition,
  DistributedMap,
  Fail,
  type IChainable,
  JsonPath,
  Pass,
  ResultWriterV2,
  S3JsonItemReader,
  StateMachineType,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { PREFIX } from '../../functions/contracts/env.ts';
import { MAPS, type PlanResult } from '../../functions/contracts/workflow.ts';
import type { Config, WorkflowFunction } from '../config.ts';
import { fieldsFrom, workflowTask } from './workflow-task.ts';

/** What the states refer to. */
export interface SegmentationStatesProps {
  readonly functions: Readonly<Record<WorkflowFunction, IFunction>>;
  readonly bucket: IBucket;
  readonly config: Config;
}

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
  const task = (name: WorkflowFunction, payload: Record<string, string>, resultPath: string | null) =>
    workflowTask(scope, name, {
      lambda: functions[name],
      size: config.workflow[name],
      retry: config.retry,
      payload,
      resultPath,
    });

  const failed = new Fail(scope, 'RunFailed', {
    errorPath: `${STATE.error}.Error`,
    causePath: `${STATE.error}.Cause`,
  });
  const markFailed = task(
    'MarkFailed',
    { trigger: STATE.trigger, executionId: STATE.executionId, error: STATE.error },
    null,
  );
  // Whatever becomes of the record, the execution fails with the error of the run.
  markFailed.addCatch(failed, { resultPath: '$.markFailedError' }).next(failed);
  const onError: CatchProps = { resultPath: STATE.error };

  const step = (name: WorkflowFunction, resultPath: string | null = null) =>
    task(name, { run: STATE.run, executionId: STATE.executionId }, resultPath).addCatch(markFailed, onError);

  // A map without a tolerated-failure field fails with its first failed child, and stops the others.
  const each = (name: keyof typeof MAPS) => {
    const { step: stepName, items } = MAPS[name];
    const { shards, candidates } = config.mapConcurrency;
    return new DistributedMap(scope, name, {
      mapExecutionType: StateMachineType.STANDARD,
      itemReader: new S3JsonItemReader({ bucket, key: JsonPath.stringAt(ITEMS[items]) }),
      itemSelector: fieldsFrom({
        run: STATE.run,
        executionId: STATE.executionId,
        item: '$$.Map.Item.Value.item',
      }),
      resultWriterV2: new ResultWriterV2({ bucket, prefix: mapResults() }),
      resultPath: JsonPath.DISCARD,
      maxConcurrency: name === 'EachCandidate' ? candidates : shards,
    })
      .itemProcessor(task(stepName, { run: '$.run', executionId: '$.executionId', item: '$.item' }, '$'))
      .addCatch(markFailed, onError);
  };

  const published = new Succeed(scope, 'Published');
  // The run is served by then, whatever becomes of the old ones: the next run deletes what this one could not.
  const expireRuns = task('ExpireRuns', { run: STATE.run, executionId: STATE.executionId }, null);
  expireRuns.addCatch(published, { resultPath: STATE.error });

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
    .next(expireRuns)
    .next(published);

  return new Pass(scope, 'ReceiveTrigger', {
    parameters: fieldsFrom({ trigger: '$', executionId: '$$.Execution.Id' }),
  })
    .next(
      task('PlanRun', { trigger: STATE.trigger, executionId: STATE.executionId }, STATE.plan).addCatch(
        markFailed,
        onError,
      ),
    )
    .next(
      new Choice(scope, 'IsPlanned')
        .when(Condition.stringEquals(`${STATE.plan}.outcome`, planned), fitAndPublish)
        .otherwise(new Succeed(scope, 'NothingToRun')),
    );
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
