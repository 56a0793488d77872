import { beforeAll, describe, expect, it } from 'vitest';
import { WORKFLOW_FUNCTIONS } from '../../infra/config.ts';
import { resourcesOf, resourceText, type StackTemplate, statementsOf, synthesize } from './synthesize.ts';

const FUNCTIONS = [
  ...WORKFLOW_FUNCTIONS.map((name) => `Steps${name}`),
  'Http',
  'Authorizer',
  'Drilldown',
  'Datasets',
  'SegmentationHttp',
  'Files',
  'Campaigns',
  'CampaignJobs',
  'RunSchedules',
];
const XRAY = ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'];

describe('permissions', () => {
  let service: StackTemplate;
  beforeAll(() => {
    service = synthesize().service;
  });

  const granted = (name: string) =>
    statementsOf(service, `${name}Role`).flatMap(({ Action, Resource }) =>
      Action.flatMap((action) => [Resource].flat().map((one) => `${action} ${resourceText(one)}`)),
    );
  const holders = (action: string, resource: RegExp) =>
    FUNCTIONS.filter((name) => granted(name).some((g) => g.startsWith(`${action} `) && resource.test(g)));

  it('gives each function a role of its own', () => {
    const roles = resourcesOf(service, 'AWS::Lambda::Function').map(([, { Role }]) => JSON.stringify(Role));
    expect(roles).toHaveLength(FUNCTIONS.length);
    expect(new Set(roles).size).toBe(FUNCTIONS.length);
  });

  it('uses no managed policy and no wildcard in an action', () => {
    for (const [id, { ManagedPolicyArns }] of resourcesOf(service, 'AWS::IAM::Role')) {
      expect(ManagedPolicyArns, id).toBeUndefined();
    }
    for (const { Action } of statementsOf(service, '')) expect(Action.join(' ')).not.toContain('*');
  });

  it('names "*" as a resource only for traces and log delivery, which know no other', () => {
    for (const name of FUNCTIONS) {
      const everywhere = granted(name).filter((grant) => grant.endsWith(' *'));
      expect(everywhere, name).toEqual(XRAY.map((action) => `${action} *`));
    }
    const workflow = granted('Segmentation').filter((grant) => grant.endsWith(' *'));
    for (const grant of workflow) expect(grant).toMatch(/^(xray:(Put|Get)|logs:\w*(Log|Resource)\w*)/);
  });

  it('lets no function delete or scan anything', () => {
    for (const name of FUNCTIONS) expect(granted(name).join('\n'), name).not.toMatch(/Delete|Scan/);
  });

  it('shows dropped files only to those that read them, and the whole bucket to none', () => {
    expect(holders('s3:GetObject', /\/drop\/\*$/)).toEqual([
      'StepsPlanRun',
      'StepsBuildFeatures',
      'StepsMarkFailed',
      'Http',
      'Datasets',
      'SegmentationHttp',
    ]);
    expect(holders('s3:PutObject', /\/(drop|files)\//)).toEqual([]);
    expect(holders('s3:GetObject', /Arn\w*>\/\*$/)).toEqual([]);
    expect(holders('s3:PutObject', /\/runs\/\*$/)).not.toContain('Http');
  });

  it('shows the workflow the item lists and results of its maps, and nothing that a customer stands in', () => {
    const read = granted('Segmentation').filter((grant) => grant.startsWith('s3:GetObject'));
    expect(read.map((grant) => grant.slice(grant.indexOf('/runs/'))).sort()).toEqual([
      '/runs/*/fit/candidates*',
      '/runs/*/map-results/*',
      '/runs/*/plan/*',
    ]);
  });

  it('lets WriteLabels alone write labels, PublishRun alone write segments, and Http write nothing', () => {
    expect(holders('dynamodb:BatchWriteItem', /GetAttLabels/)).toEqual(['StepsWriteLabels']);
    expect(holders('dynamodb:BatchWriteItem', /GetAttSegments/)).toEqual(['StepsPublishRun']);
    expect(granted('Http').join('\n')).not.toMatch(/dynamodb:\w*(Put|Update|Write)|s3:Put/);
  });

  it('shows API keys to the authorizer alone, one at a time, and shows it nothing else', () => {
    const keys = granted('Authorizer').filter((grant) => /dynamodb|s3|states/.test(grant));
    expect(keys).toEqual([expect.stringMatching(/^dynamodb:GetItem <TessellaData:\w+ApiKeys\w+Arn\w+>$/)]);
    const others = FUNCTIONS.filter((name) => name !== 'Authorizer');
    for (const name of others) expect(granted(name).join('\n'), name).not.toMatch(/ApiKeys/);
  });

  it('lets Http, SegmentationHttp and RunSchedules start the workflow, PlanRun see what became of an execution, and the workflow invoke its own functions alone', () => {
    expect(holders('states:StartExecution', /./)).toEqual(['Http', 'SegmentationHttp', 'RunSchedules']);
    expect(holders('states:DescribeExecution', /:execution:<Seg\w+\.Name>:\*$/)).toEqual([
      'StepsPlanRun',
      'Http',
      'SegmentationHttp',
      'RunSchedules',
    ]);
    const invoked = granted('Segmentation').filter((grant) => grant.startsWith('lambda:InvokeFunction'));
    const targets = WORKFLOW_FUNCTIONS.map((name) =>
      expect.stringMatching(new RegExp(`<Steps${name}Function\\w+\\.Arn>$`)),
    );
    expect(invoked.sort()).toEqual(expect.arrayContaining(targets));
    expect(invoked).toHaveLength(WORKFLOW_FUNCTIONS.length);
  });

  it('lets Datasets alone write configurations, and those that identify or start runs read them', () => {
    expect(holders('dynamodb:PutItem', /GetAttConfigs/)).toEqual(['Datasets']);
    expect(holders('dynamodb:Query', /GetAttConfigs/)).toEqual([
      'StepsPlanRun',
      'StepsMarkFailed',
      'Http',
      'Datasets',
      'SegmentationHttp',
      'RunSchedules',
    ]);
    expect(granted('Datasets').join('\n')).not.toMatch(
      /GetAtt(Labels|Segments)|s3:Put|states:|(Update|Write)Item.*Runs/,
    );
  });

  it('lets Files alone write uploads, and look at their parts', () => {
    expect(holders('s3:PutObject', /\/uploads\/\*$/)).toEqual(['Files']);
    expect(holders('s3:ListMultipartUploadParts', /\/uploads\/\*$/)).toEqual(['Files']);
  });

  it('hands a function the name of a store exactly when it may use that store', () => {
    const pairs = [
      ['DATA_BUCKET', /GetAttData/],
      ['RUNS_TABLE', /GetAttRuns/],
      ['SEGMENTS_TABLE', /GetAttSegments/],
      ['LABELS_TABLE', /GetAttLabels/],
      ['API_KEYS_TABLE', /GetAttApiKeys/],
      ['CONFIGS_TABLE', /GetAttConfigs/],
      ['CAMPAIGNS_TABLE', /GetAttCampaigns/],
      ['STATE_MACHINE_ARN', /states:StartExecution/],
    ] as const;
    for (const name of FUNCTIONS) {
      const [, properties] =
        resourcesOf(service, 'AWS::Lambda::Function').find(([id]) => id.startsWith(`${name}Function`)) ?? [];
      const environment = JSON.stringify(properties?.Environment ?? {});
      for (const [variable, grant] of pairs) {
        expect(environment.includes(`"${variable}"`), `${name} ${variable}`).toBe(
          grant.test(granted(name).join('\n')),
        );
      }
    }
  });

  it('lets the function that segments on request write nothing', () => {
    expect(granted('SegmentationHttp').join('\n')).not.toMatch(/dynamodb:\w*(Put|Update|Write)|s3:Put/);
  });

  it('shows campaigns to their own two functions alone, and shows those no table of segments', () => {
    const holding = FUNCTIONS.filter((name) => /GetAttCampaigns/.test(granted(name).join('\n')));
    expect(holding).toEqual(['Campaigns', 'CampaignJobs']);
    for (const name of holding) {
      expect(granted(name).join('\n')).not.toMatch(
        /GetAtt(Runs|Segments|Labels|ApiKeys|Configs)|s3:(?!\w+ \S*\/models\/\*$)|states:/m,
      );
    }
  });

  it('give the drill-down no store at all: it computes on what it is sent', () => {
    expect(granted('Drilldown').filter((grant) => /dynamodb|s3|states/.test(grant))).toEqual([]);
  });
});
