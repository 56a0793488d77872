import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../infra/app.ts';
import { config } from '../../infra/config.ts';
import { emptyBundles, resourcesOf, synthesize } from './synthesize.ts';

const ROOT = join(import.meta.dirname, '../..');

/** SHA-256 of every file below a folder, by relative path. */
function fingerprint(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const entries = files.map(({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [
      path.slice(folder.length),
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    ] as const;
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('the app', () => {
  it('gives byte-identical assemblies for identical bundles', () => {
    const bundles = emptyBundles();
    // One call site: the assembly's metadata holds the stack trace of each construct.
    const [first, second] = [1, 2].map(() => fingerprint(synthesize({ bundles }).outdir));
    expect(first).toEqual(second);
  });

  it('names no account, region, machine path or missing context, so that it deploys anywhere', () => {
    const bundles = emptyBundles();
    const { outdir, data, service } = synthesize({ bundles });
    // A checksum of an asset may hold twelve digits in a row.
    const text = JSON.stringify([data, service]).replaceAll(/[0-9a-f]{64}/g, 'checksum');
    expect(text).not.toMatch(/\d{12}|eu-central-1|us-east-1/);
    expect(text).not.toContain(bundles);
    expect(text).not.toContain(ROOT);
    const manifest = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8'));
    expect(manifest.missing).toBeUndefined();
  });

  it('contains only the resource types that the runtime for one machine knows', () => {
    const { data, service } = synthesize();
    const types = [data, service].flatMap(({ Resources }) =>
      Object.values(Resources).map(({ Type }) => Type),
    );
    expect([...new Set(types)].sort()).toEqual([
      'AWS::ApiGatewayV2::Api',
      'AWS::ApiGatewayV2::Authorizer',
      'AWS::ApiGatewayV2::Integration',
      'AWS::ApiGatewayV2::Route',
      'AWS::ApiGatewayV2::Stage',
      'AWS::CloudWatch::Alarm',
      'AWS::DynamoDB::Table',
      'AWS::Events::Rule',
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::KMS::Key',
      'AWS::Lambda::Function',
      'AWS::Lambda::Permission',
      'AWS::Logs::LogGroup',
      'AWS::S3::Bucket',
      'AWS::S3::BucketPolicy',
      'AWS::SNS::Topic',
      'AWS::SNS::TopicPolicy',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
      'AWS::Scheduler::Schedule',
      'AWS::StepFunctions::StateMachine',
    ]);
  });

  it('keeps the AwsSolutions rules, each exception with a reason', () => {
    // The report lists the rule packs that found something.
    expect(synthesize().report).toMatchObject({ pluginReports: [] });
  });

  it('fails to synthesize when a resource breaks an AwsSolutions rule', () => {
    const app = createApp({
      bundles: emptyBundles(),
      outdir: mkdtempSync(join(tmpdir(), 'tessella-cdk-')),
    });
    const service = app.node.findChild('TessellaService') as Stack;
    new Queue(service, 'Careless', { removalPolicy: RemovalPolicy.DESTROY });
    expect(() => app.synth()).toThrow(/AwsSolutions-SQS4/);
  });

  it('fails with the missing file and the command to run when a bundle does not exist', () => {
    const bundles = emptyBundles();
    rmSync(join(bundles, 'merge-entities'), { recursive: true });
    expect(() => synthesize({ bundles })).toThrow(
      /MergeEntities has no bundle: .*merge-entities.index\.mjs does not exist\. Run "npm run build" first/,
    );
  });

  it('notifies a topic where one is configured', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-west-1:111122223333:pager';
    const { service } = synthesize({ config: { ...config, alarmTopicArn } });
    const alarms = resourcesOf(service, 'AWS::CloudWatch::Alarm');
    expect(alarms.length).toBe(8);
    for (const [id, { AlarmActions }] of alarms) expect(AlarmActions, id).toEqual([alarmTopicArn]);
  });
});

describe('the check of the Node.js version', () => {
  const check = (...prefix: string[]) => {
    const script = join(ROOT, 'infra/require-node.mjs');
    const source = `${prefix.join(';')};await import(${JSON.stringify(script)});`;
    return execFileSync(process.execPath, ['--input-type=module', '-e', source], {
      stdio: 'pipe',
    }).toString();
  };

  it('says nothing on the Node.js that runs the tests', () => {
    expect(check()).toBe('');
  });

  it('fails on an older one with what was found, what is needed and what to do', () => {
    const old = `Object.defineProperty(process,'versions',{value:{node:'20.20.2'}})`;
    const version = `Object.defineProperty(process,'version',{value:'v20.20.2'})`;
    expect(() => check(old, version)).toThrow(
      /needs Node\.js 24 or newer, but this script runs on v20\.20\.2[\s\S]*npm ci/,
    );
  });
});
