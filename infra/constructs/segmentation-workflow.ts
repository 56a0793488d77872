import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Effect, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  DefinitionBody,
  LogLevel,
  StateGraph,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { PREFIX } from '../../functions/contracts/env.ts';
import type { Config, WorkflowFunction } from '../config.ts';
import { acknowledgePrefixes } from './acknowledge-prefixes.ts';
import { executionsOf } from './executions-of.ts';
import { segmentationStates } from './segmentation-states.ts';

/** What the keys of the maps' item lists begin with, in all runs. */
const ITEM_LISTS = [`${PREFIX.runs}*/plan/`, `${PREFIX.runs}*/fit/candidates`];

/** Where the maps of all runs leave their results. */
const MAP_RESULTS = `${PREFIX.runs}*/map-results/`;

/** What the workflow runs on. */
export interface SegmentationWorkflowProps {
  readonly functions: Readonly<Record<WorkflowFunction, IFunction>>;
  readonly bucket: IBucket;
  readonly config: Config;
}

/**
 * The state machine that turns a trigger into published segments, with a role that may invoke exactly its functions
 * and read and write exactly the maps' item lists and results.
 */
export class SegmentationWorkflow extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { functions, bucket, config }: SegmentationWorkflowProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: 'Execution role of the segmentation workflow',
    });
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources }));
    allow(
      ['lambda:InvokeFunction'],
      Object.values(functions).map(({ functionArn }) => functionArn),
    );
    const read = [...ITEM_LISTS, MAP_RESULTS];
    allow(
      ['s3:GetObject'],
      read.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
    );
    allow(
      ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      [bucket.arnForObjects(`${MAP_RESULTS}*`)],
    );
    acknowledgePrefixes(role, bucket, read);
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray and the delivery of logs have no resources to name: their actions take only "*".',
    });

    // A graph handed over as text: from a chain the L2 would derive wider rights (all versions of every function,
    // the whole bucket) than the ones above.
    const graph = new StateGraph(
      segmentationStates(this, { functions, bucket, config }).startState,
      'Segmentation',
    );
    graph.timeout = Duration.hours(config.runTimeoutHours);
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(graph.toGraphJson())),
      role,
      tracingEnabled: true,
      logs: {
        level: LogLevel.ALL,
        includeExecutionData: false,
        destination: new LogGroup(this, 'Log', {
          retention: RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
    });

    // Policies of their own: a role cannot name the state machine that is created after it.
    const { role: planner } = functions.PlanRun;
    if (planner === undefined) throw new Error('The function PlanRun has no role to give rights to.');
    const look = new Policy(this, 'PlanRunPolicy', { roles: [planner] });
    look.addStatements(
      new PolicyStatement({
        actions: ['states:DescribeExecution'],
        resources: [executionsOf(this.stateMachine, ':*', look)],
      }),
    );
    const maps = new Policy(this, 'MapPolicy', { roles: [role] });
    maps.addStatements(
      new PolicyStatement({
        actions: ['states:StartExecution'],
        resources: [this.stateMachine.stateMachineArn],
      }),
      new PolicyStatement({
        actions: ['states:DescribeExecution', 'states:StopExecution'],
        resources: [executionsOf(this.stateMachine, ':*', maps), executionsOf(this.stateMachine, '/*', maps)],
      }),
    );
  }
}
