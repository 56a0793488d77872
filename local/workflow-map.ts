import { randomUUID } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { ChildExecution } from './workflow-child.ts';
import type { DistributedMap } from './workflow-definition.ts';
import type { Context, Json, TaskHandlers } from './workflow-engine.ts';
import { StatesError, withinStateLimit } from './workflow-error.ts';
import { childInputs, numberField } from './workflow-items.ts';
import type { Permits } from './workflow-permits.ts';
import { writeResults } from './workflow-results.ts';

/** Items of a map run: `done` have ended one way or the other, `failed` of them without success. */
export interface MapProgress {
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

export interface MapRunOptions {
  /**
   * One for each child that runs, shared by all maps: a child waits before it starts, not while its tasks' time runs.
   */
  readonly permits: Permits;
  readonly s3: S3Client;
  readonly handlers: (context: Context) => TaskHandlers;
  readonly onProgress: (progress: MapProgress) => void;
  /** Aborted when the execution ends before the map. */
  readonly signal: AbortSignal;
}

/** How many items may fail: all thresholds that are given must hold, and with none given not one may. */
async function toleratedFailures(
  state: object,
  total: number,
  input: Json,
  context: Context,
): Promise<number> {
  const percentage = await numberField(state, 'ToleratedFailurePercentage', input, context);
  const count = await numberField(state, 'ToleratedFailureCount', input, context);
  if (percentage === undefined && count === undefined) return 0;
  return Math.min(((percentage ?? 100) * total) / 100, count ?? total);
}

/**
 * Runs a distributed map: every item or batch is a child execution; results come in item order.
 *
 * @param input the state's input after `InputPath`
 * @returns the children's outputs, or where the result writer put them
 * @throws StatesError `States.ItemReaderFailed`, `States.ExceedToleratedFailureThreshold` (its cause does not repeat
 * the child's error, as on AWS), `States.ResultWriterFailed` or `States.DataLimitExceeded`
 */
export async function runDistributedMap(
  map: DistributedMap,
  input: Json,
  context: Context,
  { permits, s3, handlers, onProgress, signal }: MapRunOptions,
): Promise<Json> {
  const { state, name } = map;
  const mapRunArn = `${context.StateMachine.Id.replace(':stateMachine:', ':mapRun:')}/${name}:${randomUUID()}`;
  const inputs = await childInputs(state, input, context, s3);
  const total = inputs.reduce((sum, { items }) => sum + items, 0);
  const tolerated = await toleratedFailures(state, total, input, context);
  const wanted = (await numberField(state, 'MaxConcurrency', input, context)) || Number.POSITIVE_INFINITY;

  const children = inputs.map((each) => new ChildExecution(map, each.input, context));
  let [done, failed, next] = [0, 0, 0];
  let stopped = false;
  const stop = () => {
    stopped = true;
    for (const child of children) child.abort();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  onProgress({ done, total, failed });

  const runChild = async (index: number) => {
    if (stopped) return;
    const child = children[index]!;
    await child.run(handlers(child.context));
    const { items } = inputs[index]!;
    done += items;
    if (child.record.Status !== 'SUCCEEDED') failed += items;
    onProgress({ done, total, failed });
    if (failed > tolerated) stop();
  };
  const work = async () => {
    for (let index = next++; index < children.length && !stopped; index = next++) {
      await permits.with(() => runChild(index));
    }
  };
  await Promise.all(Array.from({ length: Math.min(wanted, children.length) }, work));
  signal.removeEventListener('abort', stop);

  const output = state.ResultWriter
    ? await writeResults(
        state,
        mapRunArn,
        children.map(({ record }) => record),
        input,
        context,
        s3,
      )
    : children.map(({ result }) => result);
  if (failed > tolerated) {
    const cause = 'The specified tolerated failure threshold was exceeded';
    throw new StatesError('States.ExceedToleratedFailureThreshold', cause);
  }
  return withinStateLimit(output, name);
}
