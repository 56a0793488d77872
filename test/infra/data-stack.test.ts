import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resourcesOf, type StackTemplate, synthesize } from './synthesize.ts';

const rulesSchema = z.object({
  Rules: z.array(z.looseObject({ Prefix: z.string().optional(), ExpirationInDays: z.number().optional() })),
});

describe('the data stack', () => {
  let raw: StackTemplate;
  let template: Template;
  beforeAll(() => {
    raw = synthesize().data;
    template = Template.fromJSON(raw);
  });

  it('keys every table by a string partition and a string sort key, so that the tenant leads each key', () => {
    const tables = resourcesOf(raw, 'AWS::DynamoDB::Table');
    expect(tables).toHaveLength(8);
    for (const [, { KeySchema, AttributeDefinitions }] of tables) {
      expect(KeySchema).toEqual([
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ]);
      expect(AttributeDefinitions).toEqual(
        expect.arrayContaining([
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ]),
      );
    }
  });

  it('encrypts, backs up, retains and protects every table, and bills by request', () => {
    template.allResources('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: Match.objectLike({
        SSESpecification: { SSEEnabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
        BillingMode: 'PAY_PER_REQUEST',
      }),
    });
  });

  it('encrypts experiments and webhooks, and nothing else, each with a key of the customer’s that is rotated and kept', () => {
    template.resourceCountIs('AWS::KMS::Key', 2);
    template.allResources('AWS::KMS::Key', {
      DeletionPolicy: 'Retain',
      Properties: { EnableKeyRotation: true },
    });
    const own = resourcesOf(raw, 'AWS::DynamoDB::Table').filter(([, { SSESpecification }]) =>
      JSON.stringify(SSESpecification).includes('KMSMasterKeyId'),
    );
    expect(own.map(([id]) => id)).toEqual([
      expect.stringMatching(/^Experiments/),
      expect.stringMatching(/^Webhooks/),
    ]);
  });

  it('lists a tenant’s runs by start through the index of the contract', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byStart',
          KeySchema: [
            { AttributeName: 'tenantKey', KeyType: 'HASH' },
            { AttributeName: 'startKey', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    });
  });

  it('expires labels, counters of requests and messages to webhooks, and nothing else, by time to live', () => {
    const expiring = resourcesOf(raw, 'AWS::DynamoDB::Table').filter(
      ([, { TimeToLiveSpecification }]) => TimeToLiveSpecification !== undefined,
    );
    expect(expiring.map(([id]) => id)).toEqual([
      expect.stringMatching(/^Labels/),
      expect.stringMatching(/^Campaigns/),
      expect.stringMatching(/^Webhooks/),
    ]);
    for (const [, { TimeToLiveSpecification }] of expiring) {
      expect(TimeToLiveSpecification).toEqual({ AttributeName: 'expiresAt', Enabled: true });
    }
  });

  it('encrypts every bucket, closes it to the public and retains it', () => {
    template.resourceCountIs('AWS::S3::Bucket', 2);
    template.allResources('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      }),
    });
  });

  it('denies every bucket request that is not made over TLS', () => {
    template.resourceCountIs('AWS::S3::BucketPolicy', 2);
    template.allResourcesProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Action: 's3:*',
            Principal: { AWS: '*' },
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ]),
      }),
    });
  });

  it('announces created objects on EventBridge without a custom resource', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      VersioningConfiguration: { Status: 'Enabled' },
      LoggingConfiguration: { LogFilePrefix: 'data/' },
    });
    template.resourceCountIs('AWS::Lambda::Function', 0);
  });

  it('never expires a current object of a run: a published model lies among them', () => {
    const [, properties] = resourcesOf(raw, 'AWS::S3::Bucket').find(([id]) => id.startsWith('Data')) ?? [];
    const { Rules } = rulesSchema.parse(properties?.LifecycleConfiguration);
    expect(JSON.stringify(Rules)).toContain('NoncurrentVersionExpiration');
    expect(JSON.stringify(Rules)).toContain('AbortIncompleteMultipartUpload');
    const expiring = Rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined);
    expect(expiring.map(({ Prefix, ExpirationInDays }) => [Prefix, ExpirationInDays])).toEqual([
      ['uploads/', 7],
      ['drilldowns/', 30],
      ['exports/', 7],
    ]);
  });

  it('prints the names that the command line asks for', () => {
    expect(Object.keys(raw.Outputs)).toEqual(
      expect.arrayContaining([
        'DataBucketName',
        'RunsTableName',
        'SegmentsTableName',
        'LabelsTableName',
        'ApiKeysTableName',
        'ConfigsTableName',
        'ExperimentsTableName',
        'CampaignsTableName',
      ]),
    );
  });
});
