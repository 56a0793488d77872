import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { PREFIX } from '../../functions/contracts/env.ts';
import type { Config, WorkflowFunction } from '../config.ts';
import { executionsOf } from './executions-of.ts';
import { MapWorkflow } from './map-workflow.ts';
import { segmentationStates } from './segmentation-states.ts';

/** What the workflow runs on. */
export interface SegmentationWorkflowProps {
  readonly functions: Readonly<Record<WorkflowFunction, IFunction>>;
  readonly bucket: IBucket;
  readonly config: Config;
}

/** The state machine that turns a trigger into published segments. */
export class SegmentationWorkflow extends MapWorkflow {
  constructor(scope: Construct, id: string, { functions, bucket, config }: SegmentationWorkflowProps) {
    super(scope, id, {
      description: 'Execution role of the segmentation workflow',
      functions: Object.values(functions),
      bucket,
      config,
      itemLists: [`${PREFIX.runs}*/plan/`, `${PREFIX.runs}*/fit/candidates`],
      mapResults: `${PREFIX.runs}*/map-results/`,
      states: (states) => segmentationStates(states, { functions, bucket, config }),
    });

    // A policy of its own: a role cannot name the state machine that is created after it.
    const { role: planner } = functions.PlanRun;
    if (planner === undefined) throw new Error('The function PlanRun has no role to give rights to.');
    const look = new Policy(this, 'PlanRunPolicy', { roles: [planner] });
    look.addStatements(
      new PolicyStatement({
        actions: ['states:DescribeExecution'],
        resources: [executionsOf(this.stateMachine, ':*', look)],
      }),
    );
  }
}
