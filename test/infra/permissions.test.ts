import { beforeAll, describe, expect, it } from 'vitest';
import { config, DRILLDOWN_FUNCTIONS, WORKFLOW_FUNCTIONS } from '../../infra/config.ts';
import { resourcesOf, resourceText, type StackTemplate, statementsOf, synthesize } from './synthesize.ts';

const FUNCTIONS = [
  ...WORKFLOW_FUNCTIONS.map((name) => `Steps${name}`),
  ...DRILLDOWN_FUNCTIONS.map((name) => `Drilldowns${name}`),
  'Http',
  'OpenApi',
  'Health',
  'Authorizer',
  'Drilldown',
  'Datasets',
  'SegmentationHttp',
  'Files',
  'Campaigns',
  'CampaignJobs',
  'RunSchedules',
  'Experiments',
  'Training',
  'ReviewExperiments',
  'WebhooksHttp',
  'WebhooksDeliver',
];
/** Functions that start the workflow. */
const STARTERS = ['Http', 'SegmentationHttp', 'RunSchedules', 'Training', 'ReviewExperiments'];
const XRAY = ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'];

describe('permissions', () => {
  let service: StackTemplate;
  beforeAll(() => {
    service = synthesize().service;
  });

  const granted = (name: string) =>
    statementsOf(service, name.endsWith('Role') ? name : `${name}Role`).flatMap(({ Action, Resource }) =>
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

  it('lets no function scan, and only those for webhooks and for old runs delete, anything', () => {
    for (const name of FUNCTIONS) expect(granted(name).join('\n'), name).not.toMatch(/Scan/);
    const deleting = FUNCTIONS.filter((name) => /Delete/.test(granted(name).join('\n')));
    expect(deleting).toEqual(['StepsExpireRuns', 'WebhooksHttp', 'WebhooksDeliver']);
    expect(holders('dynamodb:DeleteItem', /GetAttWebhooks\w*Arn/)).toEqual(deleting.slice(1));
    const deleted = granted('StepsExpireRuns').filter((grant) => /Delete/.test(grant));
    expect(deleted.map((grant) => grant.replace(/<.*>/, ''))).toEqual([
      's3:DeleteObject /exports/*',
      's3:DeleteObject /runs/*',
    ]);
    expect(granted('StepsExpireRuns').join('\n')).not.toMatch(/s3:Put|events:|states:/);
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
    expect(holders('s3:PutObject', /\/drop\//)).toEqual([]);
    // The contexts of visitors are a dataset that these two write.
    expect(holders('s3:PutObject', /\/files\//)).toEqual(['Training', 'ReviewExperiments']);
    expect(holders('s3:GetObject', /Arn\w*>\/\*$/)).toEqual([]);
    for (const name of ['Http', 'Experiments', 'Training']) {
      expect(holders('s3:PutObject', /\/runs\/\*$/)).not.toContain(name);
    }
  });

  it('shows the workflow the item lists and results of its maps, and nothing that a customer stands in', () => {
    const read = granted('Segmentation').filter((grant) => grant.startsWith('s3:GetObject'));
    expect(read.map((grant) => grant.slice(grant.indexOf('/runs/'))).sort()).toEqual([
      '/runs/*/fit/candidates*',
      '/runs/*/map-results/*',
      '/runs/*/plan/*',
    ]);
  });

  it('lets WriteLabels alone write labels, PublishRun alone write segments, what expires aside, and Http write nothing', () => {
    expect(holders('dynamodb:BatchWriteItem', /GetAttLabels/)).toEqual([
      'StepsWriteLabels',
      'StepsExpireRuns',
    ]);
    expect(holders('dynamodb:BatchWriteItem', /GetAttSegments/)).toEqual([
      'StepsPublishRun',
      'StepsExpireRuns',
      'DrilldownsPublishDrilldown',
    ]);
    expect(granted('Http').join('\n')).not.toMatch(/dynamodb:\w*(Put|Update|Write)|s3:Put/);
  });

  it('lets nobody ask a language model, and with one configured PublishRun alone, that model alone', () => {
    for (const name of FUNCTIONS) expect(granted(name).join('\n'), name).not.toMatch(/bedrock/);
    const { service: naming } = synthesize({ config: { ...config, nameModel: 'a.model-v1' } });
    const policies = resourcesOf(naming, 'AWS::IAM::Policy').filter(([, one]) =>
      JSON.stringify(one).includes('bedrock'),
    );
    expect(policies.map(([id]) => id)).toEqual([expect.stringMatching(/^StepsPublishRunRole/)]);
    const asked = statementsOf(naming, 'StepsPublishRunRole').filter(({ Action }) =>
      /bedrock/.test(Action.join()),
    );
    expect(asked).toHaveLength(1);
    expect(asked[0]!.Action).toEqual(['bedrock:InvokeModel']);
    expect(resourceText(asked[0]!.Resource)).toMatch(/:bedrock:.*::foundation-model\/a\.model-v1/);
  });

  it('shows API keys to the authorizer alone, one at a time, and shows it nothing else', () => {
    const keys = granted('Authorizer').filter((grant) => /dynamodb|s3|states/.test(grant));
    expect(keys).toEqual([expect.stringMatching(/^dynamodb:GetItem <TessellaData:\w+ApiKeys\w+Arn\w+>$/)]);
    const others = FUNCTIONS.filter((name) => name !== 'Authorizer');
    for (const name of others) expect(granted(name).join('\n'), name).not.toMatch(/ApiKeys/);
  });

  it('lets those that start runs start the workflow, PlanRun see what became of an execution, and the workflow invoke its own functions alone', () => {
    expect(holders('states:StartExecution', /<Seg/)).toEqual(STARTERS);
    expect(holders('states:DescribeExecution', /:execution:<Seg\w+\.Name>:\*$/)).toEqual([
      'StepsPlanRun',
      ...STARTERS,
    ]);
    const invoked = granted('Segmentation').filter((grant) => grant.startsWith('lambda:InvokeFunction'));
    const targets = WORKFLOW_FUNCTIONS.map((name) =>
      expect.stringMatching(new RegExp(`<Steps${name}Function\\w+\\.Arn>$`)),
    );
    expect(invoked.sort()).toEqual(expect.arrayContaining(targets));
    expect(invoked).toHaveLength(WORKFLOW_FUNCTIONS.length);
  });

  it('lets Health see that bucket, table and workflow answer, and read no object, start nothing and write nothing', () => {
    const grants = granted('Health').filter((grant) => !/^(xray|logs):/.test(grant));
    expect(grants.map((grant) => grant.split(' ')[0]).sort()).toEqual([
      'dynamodb:Query',
      's3:ListBucket',
      'states:ListExecutions',
    ]);
    const [listing] = statementsOf(service, 'HealthRole').filter(({ Action }) =>
      Action.includes('s3:ListBucket'),
    );
    expect(listing).toMatchObject({ Condition: { StringEquals: { 's3:prefix': 'health/' } } });
  });

  it('lets Datasets, and those that train clusters, write configurations, and those that identify or start runs read them', () => {
    expect(holders('dynamodb:PutItem', /GetAttConfigs/)).toEqual([
      'Datasets',
      'Training',
      'ReviewExperiments',
    ]);
    expect(holders('dynamodb:Query', /GetAttConfigs/)).toEqual([
      'StepsPlanRun',
      'StepsExpireRuns',
      'StepsMarkFailed',
      'Http',
      'Datasets',
      'SegmentationHttp',
      'RunSchedules',
      'Training',
      'ReviewExperiments',
    ]);
    expect(granted('Datasets').join('\n')).not.toMatch(
      /GetAtt(Labels|Segments)|s3:Put|states:|(Put|Write)Item.*Runs/,
    );
  });

  it('lets Files alone write uploads, with SegmentationHttp exports, and look at the parts of uploads', () => {
    expect(holders('s3:PutObject', /\/uploads\/\*$/)).toEqual(['Files']);
    expect(holders('s3:PutObject', /\/exports\/\*$/)).toEqual(['SegmentationHttp', 'Files']);
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
      ['WEBHOOKS_TABLE', /GetAttWebhooks\w*Arn/],
      ['EXPERIMENTS_TABLE', /GetAttExperiments\w*Arn/],
      ['EVENT_BUS_ARN', /events:PutEvents/],
      ['MAIL_FROM', /ses:/],
      ['CAMPAIGNS_TABLE', /GetAttCampaigns/],
      ['STATE_MACHINE_ARN', /states:(StartExecution|ListExecutions) <Seg/],
      ['DRILLDOWN_MACHINE_ARN', /states:StartExecution <Drill/],
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

  it('shows experiments, and the key they are encrypted with, to the functions for experiments alone', () => {
    const own = ['Experiments', 'Training', 'ReviewExperiments'];
    expect(holders('dynamodb:Query', /GetAttExperiments\w*Arn/)).toEqual(own);
    expect(holders('kms:Decrypt', /GetAttExperimentsKey\w*Arn/)).toEqual(own);
    expect(
      FUNCTIONS.filter((name) =>
        /GetAttExperiments/.test(
          granted(name)
            .filter((g) => !g.startsWith('logs:'))
            .join('\n'),
        ),
      ),
    ).toEqual(own);
    const webhooks = ['WebhooksHttp', 'WebhooksDeliver'];
    expect(holders('kms:Decrypt', /./)).toEqual([...own, ...webhooks]);
    expect(holders('kms:Decrypt', /GetAttWebhooksKey\w*Arn/)).toEqual(webhooks);
    expect(granted('Experiments').join('\n')).not.toMatch(/s3:Put|states:|GetAttConfigs|events:/);
  });

  it('lets nobody send e-mail, unless the deployment names an address', () => {
    expect(holders('ses:SendEmail', /./)).toEqual([]);
    const { service: sending } = synthesize({ config: { ...config, mailFrom: 'tessella@example.com' } });
    const grants = statementsOf(sending, 'ReviewExperimentsRole').filter(({ Action }) =>
      Action.includes('ses:SendEmail'),
    );
    expect(grants.map(({ Resource }) => resourceText(Resource))).toEqual([
      expect.stringMatching(/:ses:.*identity\/tessella@example\.com$/),
    ]);
  });

  it('lets the function that segments on request change segments and write files to download, and nothing else', () => {
    const writes = granted('SegmentationHttp').filter((grant) =>
      /dynamodb:\w*(Put|Update|Write)|s3:Put/.test(grant),
    );
    expect(writes).toEqual([
      expect.stringMatching(/^s3:PutObject .*\/exports\/\*$/),
      expect.stringMatching(/^dynamodb:UpdateItem .*GetAttSegments/),
    ]);
  });

  it('shows campaigns to their own two functions alone, and shows those no table of segments', () => {
    const holding = FUNCTIONS.filter((name) => /GetAttCampaigns/.test(granted(name).join('\n')));
    // Health asks for what the jobs left behind, and can do nothing else.
    expect(holding).toEqual(['Health', 'Campaigns', 'CampaignJobs']);
    for (const name of holding.slice(1)) {
      expect(granted(name).join('\n')).not.toMatch(
        /GetAtt(Runs|Segments|Labels|ApiKeys|Configs)|s3:(?!\w+ \S*\/models\/\*$)|states:/m,
      );
    }
  });

  it('let the drill-down look up uploads and results, and write nothing but records', () => {
    const bucket = granted('DrilldownRole').filter((grant) => grant.startsWith('s3:'));
    expect(bucket.map((grant) => grant.replace(/ <TessellaData:\w+>/, ' ')).sort()).toEqual([
      's3:GetObject /drilldowns/*',
      's3:GetObject /runs/*',
      's3:GetObject /uploads/*',
      's3:ListBucket ',
    ]);
    expect(holders('s3:PutObject', /\/drilldowns\/\*$/)).toEqual([
      'DrilldownsPlanDrilldown',
      'DrilldownsExploreParent',
      'DrilldownsPublishDrilldown',
    ]);
    for (const name of DRILLDOWN_FUNCTIONS) {
      expect(granted(`Drilldowns${name}`).join('\n'), name).not.toMatch(/GetAtt(Labels|Configs)/);
      expect(granted(`Drilldowns${name}`).join('\n'), name).not.toMatch(/s3:Put\w+ \S*\/runs\//);
    }
  });

  it('let Drilldown alone start drill-downs, and their workflow invoke its own functions alone', () => {
    expect(holders('states:StartExecution', /Drilldowns/)).toEqual(['Drilldown']);
    const invoked = granted('DrilldownsWorkflow').filter((grant) => grant.startsWith('lambda:'));
    expect(invoked).toHaveLength(DRILLDOWN_FUNCTIONS.length);
    expect(invoked.join('\n')).not.toMatch(/<Steps/);
    const read = granted('DrilldownsWorkflow').filter((grant) => grant.startsWith('s3:GetObject'));
    expect(read.map((grant) => grant.slice(grant.indexOf('/drilldowns/'))).sort()).toEqual([
      '/drilldowns/*/map-results/*',
      '/drilldowns/*/plan/*',
    ]);
  });
});
