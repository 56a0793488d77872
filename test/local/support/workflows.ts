import type { S3Client } from '@aws-sdk/client-s3';
import { Workflow, type WorkflowOptions } from '../../../local/workflow.ts';
import type { Definition, Json } from '../../../local/workflow-engine.ts';
import { ARN } from './functions.ts';

export const MACHINE = 'arn:aws:states:eu-central-1:000000000000:stateMachine:machine';
export const WORKER = `${ARN}worker`;

/** A function for a workflow under test: event in, result out; what it throws is the function's error. */
export type Worker = (event: Json) => Json | Promise<Json>;

const noS3 = (): S3Client => {
  throw new Error('this workflow has no S3');
};

/** A service with one state machine whose tasks all call `worker`. */
export function workflowOf(
  definition: object,
  worker: Worker = (event) => event,
  more: Partial<WorkflowOptions> = {},
): Workflow {
  return new Workflow({
    machines: [
      { name: 'machine', arn: MACHINE, roleArn: 'role', definition: definition as unknown as Definition },
    ],
    invoke: async (_arn, event) => JSON.stringify(await worker(JSON.parse(event))),
    functionArn: (name) => (name.includes(':') ? name : ARN + name),
    isAllowed: () => true,
    s3: noS3,
    concurrency: 4,
    ...more,
  });
}

/** Runs one execution to its end. */
export async function execute(
  definition: object,
  input: Json,
  worker?: Worker,
  more?: Partial<WorkflowOptions>,
) {
  const workflow = workflowOf(definition, worker, more);
  const end = await workflow.finished(workflow.start(MACHINE, input));
  return { ...end, result: end.output === undefined ? undefined : (JSON.parse(end.output) as Json) };
}

/** A machine of one state. */
export const only = (state: object) => ({ StartAt: 'Only', States: { Only: { End: true, ...state } } });

/** A task that calls the worker. */
export const task = (more: object = {}) => ({ Type: 'Task', Resource: WORKER, End: true, ...more });
