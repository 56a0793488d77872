import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ALLOCATOR_ENV, ENV } from '../../functions/contracts/env.ts';
import type { FunctionSize } from '../config.ts';
import { acknowledgePrefixes } from './acknowledge-prefixes.ts';
import { executionsOf } from './executions-of.ts';

/** What a function is made of. */
export interface ServiceFunctionProps {
  /** Folder that holds one folder per bundle. */
  readonly bundles: string;
  /** Name of the handler file and of its bundle. */
  readonly handler: string;
  readonly size: FunctionSize;
  readonly description: string;
}

/** Item actions of DynamoDB; everything else about a table is the deployment's business. */
export type TableAction =
  | 'GetItem'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'Query'
  | 'BatchGetItem'
  | 'BatchWriteItem';

/** Prefixes of the data bucket that a function may read and write. */
export interface BucketAccess {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  /** Prefixes below which it may delete. */
  readonly delete?: readonly string[];
  /** Also needed to tell a missing object (404) from a forbidden one (403). */
  readonly list?: boolean;
  /** Whether it looks at the parts of multipart uploads that it lets callers send, below the prefixes it may write. */
  readonly parts?: boolean;
}

/**
 * One Lambda function with its own role and log group. It starts with the right to write its log and traces, and
 * knows no store: each `use…` adds one, the environment variable and the permission together.
 * @throws Error when the bundle does not exist
 */
export class ServiceFunction extends Construct {
  readonly lambda: LambdaFunction;
  private readonly role: Role;

  constructor(scope: Construct, id: string, { bundles, handler, size, description }: ServiceFunctionProps) {
    super(scope, id);
    const bundle = join(bundles, handler);
    if (!existsSync(join(bundle, 'index.mjs'))) {
      throw new Error(
        `The function ${id} has no bundle: ${join(bundle, 'index.mjs')} does not exist. ` +
          `Run "npm run build" first; it bundles functions/handlers/${handler}.ts.`,
      );
    }
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Execution role of ${id}`,
    });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]);
    this.lambda = new LambdaFunction(this, 'Function', {
      description,
      code: Code.fromAsset(bundle),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: size.memoryMb,
      timeout: Duration.seconds(size.timeoutSeconds),
      role: this.role,
      logGroup,
      environment: ALLOCATOR_ENV,
      tracing: Tracing.ACTIVE,
    });
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray has no resources to name: its two write actions take only "*".',
    });
  }

  /** Gives the function the data bucket, below the given prefixes only. */
  useBucket(bucket: IBucket, access: BucketAccess): this {
    const { read = [], write = [], delete: deleted = [], list = false, parts = false } = access;
    this.lambda.addEnvironment(ENV.dataBucket, bucket.bucketName);
    const below = (prefixes: readonly string[]) =>
      prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
    if (read.length > 0) this.allow(['s3:GetObject'], below(read));
    // Multipart uploads are written with PutObject too; a failed one is aborted.
    if (write.length > 0) this.allow(['s3:PutObject', 's3:AbortMultipartUpload'], below(write));
    if (deleted.length > 0) this.allow(['s3:DeleteObject'], below(deleted));
    if (parts) this.allow(['s3:ListMultipartUploadParts'], below(write));
    if (list) this.allow(['s3:ListBucket'], [bucket.bucketArn]);
    acknowledgePrefixes(this.role, bucket, [...new Set([...read, ...write, ...deleted])]);
    return this;
  }

  /** Lets the function list what lies below one prefix of the data bucket, and read nothing of it. */
  listBelow(bucket: IBucket, prefix: string): this {
    this.lambda.addEnvironment(ENV.dataBucket, bucket.bucketName);
    this.role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringEquals: { 's3:prefix': prefix } },
      }),
    );
    return this;
  }

  /** Gives the function one table, under the environment variable `variable`, for the given actions only. */
  useTable(variable: string, table: ITable, actions: readonly TableAction[], index?: string): this {
    this.lambda.addEnvironment(variable, table.tableName);
    this.allow(
      actions.map((action) => `dynamodb:${action}`),
      [table.tableArn],
    );
    if (index !== undefined) this.allow(['dynamodb:Query'], [`${table.tableArn}/index/${index}`]);
    if (table.encryptionKey) this.useKey(table.encryptionKey, actions);
    return this;
  }

  /** DynamoDB uses a customer's key in the name of whoever calls it: to read, and to write as far as the function writes. */
  private useKey(key: IKey, actions: readonly TableAction[]): void {
    const writes = actions.some((action) => !['GetItem', 'Query', 'BatchGetItem'].includes(action));
    this.allow(
      [
        'kms:Decrypt',
        'kms:DescribeKey',
        ...(writes ? ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'] : []),
      ],
      [key.keyArn],
    );
  }

  /** Lets the function put events on a bus. */
  useEvents(bus: IEventBus): this {
    this.lambda.addEnvironment(ENV.eventBusArn, bus.eventBusArn);
    return this.allow(['events:PutEvents'], [bus.eventBusArn]);
  }

  /** Lets the function send e-mail from one address. */
  useMail(from: string, identityArn: string): this {
    this.lambda.addEnvironment(ENV.mailFrom, from);
    return this.allow(['ses:SendEmail'], [identityArn]);
  }

  /** Lets the function ask one foundation model of Amazon Bedrock. */
  useModel(modelId: string): this {
    this.lambda.addEnvironment(ENV.nameModel, modelId);
    const arn = Stack.of(this).formatArn({
      service: 'bedrock',
      account: '',
      resource: 'foundation-model',
      resourceName: modelId,
    });
    return this.allow(['bedrock:InvokeModel'], [arn]);
  }

  /** Gives the function a setting that is no store. */
  useSetting(variable: string, value: string): this {
    this.lambda.addEnvironment(variable, value);
    return this;
  }

  /** Lets the function start executions of a workflow, named by the environment variable `variable`, and look up those it started. */
  useWorkflow(stateMachine: StateMachine, variable: string = ENV.stateMachineArn): this {
    this.lambda.addEnvironment(variable, stateMachine.stateMachineArn);
    this.allow(['states:StartExecution'], [stateMachine.stateMachineArn]);
    return this.allow(['states:DescribeExecution'], [executionsOf(stateMachine, ':*', this.role)]);
  }

  /** Lets the function see which executions of a workflow there are, and start none. */
  watchWorkflow(stateMachine: StateMachine, variable: string = ENV.stateMachineArn): this {
    this.lambda.addEnvironment(variable, stateMachine.stateMachineArn);
    return this.allow(['states:ListExecutions'], [stateMachine.stateMachineArn]);
  }

  private allow(actions: string[], resources: string[]): this {
    this.role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources }));
    return this;
  }
}
