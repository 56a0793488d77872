import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAssembly } from '../../local/template.ts';
import { assertSupported } from '../../local/template-support.ts';
import { assemblyOf, roleResource, writeAssembly } from './support/assembly-fixture.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const DATA = {
  Resources: {
    DataBucket: { Type: 'AWS::S3::Bucket', Properties: {} },
    Runs: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'runs' } },
  },
  Outputs: {
    BucketName: { Value: { Ref: 'DataBucket' }, Export: { Name: 'data:Bucket' } },
    RunsArn: {
      Value: { 'Fn::GetAtt': ['Runs', 'Arn'] },
      Export: { Name: { 'Fn::Join': [':', [{ Ref: 'AWS::StackName' }, 'RunsArn']] } },
    },
  },
};

const fn = (Environment: object, more: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { Environment, Handler: 'index.handler', ...more },
});

/** Resolves one value in the place of a function's environment. */
function resolve(value: unknown, resources: Record<string, object> = {}): unknown {
  const assembly = assemblyOf(temporaryFolder(), { Fn: fn({ Variables: { X: value } }), ...resources });
  const [resource] = assembly.resources('AWS::Lambda::Function');
  return (resource!.properties.Environment as { Variables: { X: unknown } }).Variables.X;
}

const machine = { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'flow' } };

describe('loadAssembly', () => {
  it('reads all stacks and resolves references between them', () => {
    const Service = {
      Resources: {
        Fn: fn({
          Variables: {
            BUCKET: { 'Fn::ImportValue': 'data:Bucket' },
            TABLE: { 'Fn::Select': [1, { 'Fn::Split': ['/', { 'Fn::ImportValue': 'Data:RunsArn' }] }] },
          },
        }),
      },
    };
    // The importing stack first: order must not matter.
    const assembly = loadAssembly(writeAssembly(temporaryFolder(), { Service, Data: DATA }));
    const [resource] = assembly.resources('AWS::Lambda::Function');
    expect(resource!.properties.Environment).toEqual({
      Variables: { BUCKET: 'data-databucket', TABLE: 'runs' },
    });
    expect(assembly.outputs()).toEqual({
      'Data.BucketName': 'data-databucket',
      'Data.RunsArn': 'arn:aws:dynamodb:eu-central-1:000000000000:table/runs',
    });
  });

  it('gives names and ARNs as CloudFormation would', () => {
    const assembly = assemblyOf(temporaryFolder(), {
      Machine: machine,
      TheBucket: { Type: 'AWS::S3::Bucket', Properties: {} },
      Role: roleResource(),
      Fn: fn({}),
    });
    const named = Object.fromEntries(
      assembly.resources().map(({ logicalId, name, arn }) => [logicalId, [name, arn]]),
    );
    expect(named).toEqual({
      Machine: ['flow', 'arn:aws:states:eu-central-1:000000000000:stateMachine:flow'],
      TheBucket: ['app-thebucket', 'arn:aws:s3:::app-thebucket'],
      Role: ['app-Role', 'arn:aws:iam::000000000000:role/app-Role'],
      Fn: ['app-Fn', 'arn:aws:lambda:eu-central-1:000000000000:function:app-Fn'],
    });
    expect(assembly.byArn(named.Machine![1]!).logicalId).toBe('Machine');
    expect(() => assembly.byArn('arn:aws:s3:::none')).toThrow(/no resource .* arn:aws:s3:::none/);
  });

  it.each([
    [{ Ref: 'AWS::Region' }, 'eu-central-1'],
    [{ Ref: 'Machine' }, 'arn:aws:states:eu-central-1:000000000000:stateMachine:flow'],
    [{ 'Fn::GetAtt': 'Machine.Name' }, 'flow'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'AWS::AccountId' }]] }, 'a-000000000000'],
    [{ 'Fn::Sub': `\${AWS::Partition}/\${Machine.Name}/\${!Literal}` }, `aws/flow/\${Literal}`],
    [
      { 'Fn::Sub': [`\${a}-\${Machine.Arn}`, { a: { Ref: 'AWS::Region' } }] },
      'eu-central-1-arn:aws:states:eu-central-1:000000000000:stateMachine:flow',
    ],
    [['kept', { Ref: 'AWS::NoValue' }], ['kept']],
    [{ kept: 1, gone: { Ref: 'AWS::NoValue' } }, { kept: 1 }],
  ])('resolves %j', (value, expected) => {
    expect(resolve(value, { Machine: machine })).toEqual(expected);
  });

  it.each([
    [{ 'Fn::If': ['A', 1, 2] }, /intrinsic Fn::If is not resolved/],
    [{ Ref: 'Nothing' }, /refers to Nothing, which it does not define/],
    [
      { 'Fn::GetAtt': ['Machine', 'StateMachineRevisionId'] },
      /Machine.StateMachineRevisionId .* has no value/,
    ],
    [{ 'Fn::ImportValue': 'none' }, /imports none, which no stack/],
    [{ 'Fn::Select': [3, ['a']] }, /Fn::Select has no item 3/],
    ['{{resolve:secretsmanager:x}}', /dynamic reference/],
  ])('fails for %j', (value, message) => {
    expect(() => resolve(value, { Machine: machine })).toThrow(message);
  });

  it('finds the bundle of a function, and fails when it is missing', () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'asset.abc'));
    const Code = (hash: string) => ({ Code: { S3Bucket: 'assets', S3Key: `${hash}.zip` } });
    const stacks = { app: { Resources: { A: fn({}, Code('abc')), B: fn({}, Code('gone')), C: fn({}) } } };
    const assembly = loadAssembly(writeAssembly(folder, stacks, { abc: 'asset.abc', gone: 'asset.gone' }));
    const [a, b, c] = assembly.resources();
    expect(assembly.codeFolder(a!)).toBe(path.join(folder, 'asset.abc'));
    expect(() => assembly.codeFolder(b!)).toThrow(/bundle gone.zip of B is not in .*synthesize again/);
    expect(() => assembly.codeFolder(c!)).toThrow(/bundle \(none\) of C/);
  });

  it('fails where there is no assembly, saying to synthesize first', () => {
    expect(() => loadAssembly(temporaryFolder())).toThrow(
      /manifest.json cannot be read .*synthesize the app first/,
    );
  });
});

describe('assertSupported', () => {
  const check = (resources: Record<string, object>) => () =>
    assertSupported(assemblyOf(temporaryFolder(), resources));

  it('accepts what is honoured and what has no effect here', () => {
    const bucket = {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketEncryption: {},
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      },
      DeletionPolicy: 'Retain',
    };
    const metadata = { Type: 'AWS::CDK::Metadata', Condition: 'CDKMetadataAvailable' };
    expect(check({ Bucket: bucket, Metadata: metadata, Role: roleResource() })).not.toThrow();
  });

  it('fails with a list of everything that is neither', () => {
    const resources = {
      Cluster: { Type: 'AWS::ECS::Cluster' },
      Bucket: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          WebsiteConfiguration: { IndexDocument: 'x' },
          NotificationConfiguration: { LambdaConfigurations: [{ Event: 'x', Function: 'y' }] },
        },
        Condition: 'Sometimes',
      },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          EventPattern: { source: ['a'] },
          Targets: [{ Id: 'a', Arn: 'b', EcsParameters: { X: 1 } }],
        },
      },
      Fn: fn({ Variables: { X: { 'Fn::FindInMap': ['a', 'b', 'c'] } } }),
    };
    let problems: readonly string[] = [];
    try {
      check(resources)();
    } catch (error) {
      problems = (error as { problems: readonly string[] }).problems;
    }
    expect(problems).toEqual([
      'app/Cluster (AWS::ECS::Cluster): this resource type does not run on one machine',
      'app/Bucket (AWS::S3::Bucket): the attribute Condition is not honoured',
      'app/Bucket (AWS::S3::Bucket): the property WebsiteConfiguration is not honoured',
      'app/Bucket (AWS::S3::Bucket): the property NotificationConfiguration.LambdaConfigurations is not honoured',
      'app/Rule (AWS::Events::Rule): the property Targets.EcsParameters is not honoured',
      'app/Fn (AWS::Lambda::Function): the intrinsic Fn::FindInMap is not resolved on this machine; write the value out',
    ]);
  });

  it('fails for template sections and outputs without a meaning here', () => {
    const app = { Transform: 'AWS::Serverless', Resources: {}, Outputs: { X: { Value: { Ref: 'None' } } } };
    const assembly = loadAssembly(writeAssembly(temporaryFolder(), { app }));
    expect(() => assertSupported(assembly)).toThrow(/section Transform is not honoured\n.*output X: .*None/);
  });
});
