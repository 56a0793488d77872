import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { roleResource, writeAssembly } from './assembly-fixture.ts';

const getArn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const join = (...parts: (string | object)[]) => ({ 'Fn::Join': ['', parts] });

/** Starts the machine for each item dropped; one item per child, each written as an object by its function. */
const DEFINITION = {
  StartAt: 'Each',
  States: {
    Each: {
      Type: 'Map',
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Parameters: { Bucket: 'cloud-data', 'Key.$': '$.key' },
      },
      ItemSelector: { 'item.$': '$$.Map.Item.Value', 'execution.$': '$$.Execution.Id' },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Work',
        States: { Work: { Type: 'Task', Resource: 'WORKER', End: true } },
      },
      ResultPath: null,
      End: true,
    },
  },
};

const WORKER = `
export const handler = async ({ item, execution }) => {
  const key = 'out/' + item.name + '.json';
  const { signedPut } = await import('./signed-put.mjs');
  await signedPut(process.env.DATA_BUCKET, key, JSON.stringify({ item, execution }));
  return { key };
};`;

const API = `
export const handler = async (event) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ path: event.rawPath, caller: event.requestContext.authorizer?.lambda, region: process.env.AWS_REGION }),
});`;

const AUTHORIZER = `
export const handler = async (event) => ({
  isAuthorized: event.identitySource[0] === 'good',
  context: { tenant: 'acme' },
});`;

const permission = (Action: string | string[], Resource: unknown) => ({ Effect: 'Allow', Action, Resource });

const bundled = (name: string, role: string, variables: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: 'assets', S3Key: `${name}.zip` },
    Handler: 'index.handler',
    Role: getArn(role),
    MemorySize: 256,
    Timeout: 20,
    Environment: { Variables: variables },
  },
});

/** What may differ between two fixtures. */
export interface CloudFixtureOptions {
  /** S3 client code for the worker, as a bundle would hold it. */
  readonly signedPut: string;
  /** More resources of the stack. */
  readonly resources?: Readonly<Record<string, object>>;
}

/**
 * A stack with a bucket, a table, three functions, a state machine with a distributed map, a rule that starts it for
 * every object below `drop/`, and an HTTP API behind an authorizer.
 *
 * @returns the folder of the assembly
 */
export function writeCloudAssembly(
  folder: string,
  { signedPut, resources = {} }: CloudFixtureOptions,
): string {
  const sources: Record<string, string> = { worker: WORKER, api: API, authorizer: AUTHORIZER };
  for (const [name, source] of Object.entries(sources)) {
    mkdirSync(path.join(folder, 'code', name), { recursive: true });
    writeFileSync(path.join(folder, 'code', name, 'index.mjs'), source);
  }
  writeFileSync(path.join(folder, 'code', 'worker', 'signed-put.mjs'), signedPut);
  const objects = join(getArn('Data'), '/*');
  const Resources = {
    Data: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: 'cloud-data',
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      },
    },
    Items: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'cloud-items',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      },
    },
    WorkerRole: roleResource(permission('s3:PutObject', objects)),
    ApiRole: roleResource(permission('logs:PutLogEvents', '*')),
    MachineRole: roleResource(
      permission('lambda:InvokeFunction', getArn('Worker')),
      permission('s3:GetObject', objects),
    ),
    RuleRole: roleResource(permission('states:StartExecution', { Ref: 'Machine' })),
    Worker: bundled('worker', 'WorkerRole', { DATA_BUCKET: { Ref: 'Data' } }),
    Api: bundled('api', 'ApiRole'),
    Authorizer: bundled('authorizer', 'ApiRole'),
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: 'machine',
        RoleArn: getArn('MachineRole'),
        DefinitionString: join(
          ...JSON.stringify(DEFINITION)
            .split('WORKER')
            .flatMap((part, index) => (index === 0 ? [part] : [getArn('Worker'), part])),
        ),
      },
    },
    OnDrop: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: {
          source: ['aws.s3'],
          'detail-type': ['Object Created'],
          detail: { object: { key: [{ wildcard: 'drop/*' }] } },
        },
        State: 'ENABLED',
        Targets: [
          {
            Id: 'Target0',
            Arn: { Ref: 'Machine' },
            RoleArn: getArn('RuleRole'),
            InputTransformer: {
              InputPathsMap: { key: '$.detail.object.key' },
              InputTemplate: '{"key":<key>}',
            },
          },
        ],
      },
    },
    HttpApi: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'HttpApi' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: getArn('Api'),
        PayloadFormatVersion: '2.0',
      },
    },
    ByKey: {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        ApiId: { Ref: 'HttpApi' },
        Name: 'by-key',
        AuthorizerType: 'REQUEST',
        AuthorizerPayloadFormatVersion: '2.0',
        EnableSimpleResponses: true,
        AuthorizerResultTtlInSeconds: 0,
        IdentitySource: ['$request.header.X-API-Key'],
        AuthorizerUri: join(
          'arn:aws:apigateway:',
          { Ref: 'AWS::Region' },
          ':lambda:path/2015-03-31/functions/',
          getArn('Authorizer'),
          '/invocations',
        ),
      },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'HttpApi' },
        RouteKey: 'GET /v1/items/{id}',
        Target: join('integrations/', { Ref: 'Integration' }),
        AuthorizationType: 'CUSTOM',
        AuthorizerId: { Ref: 'ByKey' },
      },
    },
    ...resources,
  };
  const template = { Resources, Outputs: { MachineArn: { Value: { Ref: 'Machine' } } } };
  const assets = Object.fromEntries(
    Object.keys(sources).map((name) => [name, path.join(folder, 'code', name)]),
  );
  return writeAssembly(path.join(folder, 'cdk.out'), { cloud: template }, assets);
}
