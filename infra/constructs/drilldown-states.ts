import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  type CatchProps,
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
import type { DrilldownPlanResult } from '../../functions/contracts/workflow.ts';
import type { Config, DrilldownFunction } from '../config.ts';
import { fieldsFrom, workflowTask } from './workflow-task.ts';

/** What the states refer to. */
export interface DrilldownStatesProps {
  readonly functions: Readonly<Record<DrilldownFunction, IFunction>>;
  readonly bucket: IBucket;
  readonly config: Config;
}

const ITEMS_KEY: keyof DrilldownPlanResult = 'itemsKey';

/** Where the state holds what: the execution's input, which names the drill-down, its id, PlanDrilldown's result, an error. */
const STATE = { run: '$.run', executionId: '$.executionId', plan: '$.plan', error: '$.error' } as const;

/** The states of one drill-down of an uploaded file or a published segment; ids and keys pass between them. */
export function drilldownStates(
  scope: Construct,
  { functions, bucket, config }: DrilldownStatesProps,
): IChainable {
  const { executionId, run, error } = STATE;
  const task = (name: DrilldownFunction, payload: Record<string, string>, resultPath: string | null) =>
    workflowTask(scope, name, {
      lambda: functions[name],
      size: config.drilldownWorkflow[name],
      retry: config.retry,
      payload,
      resultPath,
    });
  const failed = new Fail(scope, 'DrilldownFailed', {
    errorPath: `${error}.Error`,
    causePath: `${error}.Cause`,
  });
  const markFailed = task('MarkDrilldownFailed', { run, executionId, error }, null);
  // Whatever becomes of the record, the execution fails with the error of the drill-down.
  markFailed.addCatch(failed, { resultPath: '$.markFailedError' }).next(failed);
  const onError: CatchProps = { resultPath: error };
  const part = (name: string) => JsonPath.stringAt(`${run}.${name}`);

  // A map without a tolerated-failure field fails with its first failed child, and stops the others.
  const eachParent = new DistributedMap(scope, 'EachParent', {
    mapExecutionType: StateMachineType.STANDARD,
    itemReader: new S3JsonItemReader({ bucket, key: JsonPath.stringAt(`${STATE.plan}.${ITEMS_KEY}`) }),
    itemSelector: fieldsFrom({ run, executionId, item: '$$.Map.Item.Value.item' }),
    resultWriterV2: new ResultWriterV2({
      bucket,
      prefix: JsonPath.format(`${PREFIX.drilldowns}{}/{}/map-results`, part('tenant'), part('runId')),
    }),
    resultPath: JsonPath.DISCARD,
    maxConcurrency: config.mapConcurrency.shards,
  })
    .itemProcessor(task('ExploreParent', { run, executionId, item: '$.item' }, '$'))
    .addCatch(markFailed, onError);

  return new Pass(scope, 'ReceiveDrilldown', {
    parameters: fieldsFrom({ run: '$', executionId: '$$.Execution.Id' }),
  })
    .next(task('PlanDrilldown', { run, executionId }, STATE.plan).addCatch(markFailed, onError))
    .next(eachParent)
    .next(task('PublishDrilldown', { run, executionId }, null).addCatch(markFailed, onError))
    .next(new Succeed(scope, 'DrilldownPublished'));
}
