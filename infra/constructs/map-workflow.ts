import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Effect, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  DefinitionBody,
  type IChainable,
  LogLevel,
  StateGraph,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { acknowledgePrefixes } from './acknowledge-prefixes.ts';
import { executionsOf } from './executions-of.ts';

/** What a workflow with distributed maps is made of. */
export interface MapWorkflowProps {
  readonly description: string;
  readonly functions: readonly IFunction[];
  readonly bucket: IBucket;
  readonly config: Config;
  /** What the keys of the maps' item lists begin with. */
  readonly itemLists: readonly string[];
  /** Where the maps leave their results. */
  readonly mapResults: string;
  /** The states, made in the scope of this construct. */
  readonly states: (scope: Construct) => IChainable;
}

/**
 * A state machine with a role that may invoke exactly its functions, and read and write exactly the item lists and results
 * of its maps.
 */
export class MapWorkflow extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: MapWorkflowProps) {
    super(scope, id);
    const { description, functions, bucket, config, itemLists, mapResults } = props;
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description,
    });
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources }));
    allow(
      ['lambda:InvokeFunction'],
      functions.map(({ functionArn }) => functionArn),
    );
    const read = [...itemLists, mapResults];
    allow(
      ['s3:GetObject'],
      read.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
    );
    allow(
      ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      [bucket.arnForObjects(`${mapResults}*`)],
    );
    acknowledgePrefixes(role, bucket, read);
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray and the delivery of logs have no resources to name: their actions take only "*".',
    });

    // A graph handed over as text: from a chain the L2 would derive wider rights (all versions of every function,
    // the whole bucket) than the ones above.
    const graph = new StateGraph(props.states(this).startState, id);
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

    // A policy of its own: a role cannot name the state machine that is created after it.
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
