import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type IBucket,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { CAMPAIGNS_BY_LABEL, KEY, PREFIX, RUNS_BY_START, TTL_ATTRIBUTE } from '../functions/contracts/env.ts';
import type { Config } from './config.ts';

/** Where everything that outlives a deployment is kept. */
export interface DataStores {
  readonly bucket: IBucket;
  readonly runs: ITable;
  readonly segments: ITable;
  readonly labels: ITable;
  readonly apiKeys: ITable;
  readonly configs: ITable;
  readonly experiments: ITable;
  readonly campaigns: ITable;
  readonly webhooks: ITable;
}

/** Settings of the data stack. */
export interface DataStackProps extends StackProps {
  readonly config: Config;
}

/**
 * Bucket and tables. All are retained when the stack is deleted. Keys are AWS-managed: encryption at rest with no key
 * to pay for, rotate or lose; a customer-managed key is worth it only where key access must be audited or revoked, as that to
 * what experiments have learned and to the secrets of webhooks must.
 */
export class DataStack extends Stack implements DataStores {
  readonly bucket: IBucket;
  readonly runs: ITable;
  readonly segments: ITable;
  readonly labels: ITable;
  readonly apiKeys: ITable;
  readonly configs: ITable;
  readonly experiments: ITable;
  readonly campaigns: ITable;
  readonly webhooks: ITable;

  constructor(scope: Construct, id: string, { config, ...props }: DataStackProps) {
    super(scope, id, props);
    this.bucket = this.dataBucket(config);
    const runs = this.table('Runs');
    runs.addGlobalSecondaryIndex({
      indexName: RUNS_BY_START.name,
      partitionKey: { name: RUNS_BY_START.partition, type: AttributeType.STRING },
      sortKey: { name: RUNS_BY_START.sort, type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    // The library's classes declare optional members more loosely than its interfaces under our compiler settings.
    this.runs = runs as ITable;
    this.segments = this.table('Segments') as ITable;
    this.labels = this.table('Labels', TTL_ATTRIBUTE) as ITable;
    this.apiKeys = this.table('ApiKeys') as ITable;
    this.configs = this.table('Configs') as ITable;
    this.experiments = this.table(
      'Experiments',
      undefined,
      this.ownKey('ExperimentsKey', 'Encrypts what experiments have learned'),
    ) as ITable;
    const campaigns = this.table('Campaigns', TTL_ATTRIBUTE);
    campaigns.addGlobalSecondaryIndex({
      indexName: CAMPAIGNS_BY_LABEL.name,
      partitionKey: { name: CAMPAIGNS_BY_LABEL.partition, type: AttributeType.STRING },
      sortKey: { name: KEY.sort, type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    this.campaigns = campaigns as ITable;
    this.webhooks = this.table(
      'Webhooks',
      TTL_ATTRIBUTE,
      this.ownKey('WebhooksKey', 'Encrypts the secrets that messages to webhooks are signed with'),
    ) as ITable;

    new CfnOutput(this, 'DataBucketName', { value: this.bucket.bucketName });
    new CfnOutput(this, 'RunsTableName', { value: this.runs.tableName });
    new CfnOutput(this, 'SegmentsTableName', { value: this.segments.tableName });
    new CfnOutput(this, 'LabelsTableName', { value: this.labels.tableName });
    new CfnOutput(this, 'ApiKeysTableName', { value: this.apiKeys.tableName });
    new CfnOutput(this, 'ConfigsTableName', { value: this.configs.tableName });
    new CfnOutput(this, 'ExperimentsTableName', { value: this.experiments.tableName });
    new CfnOutput(this, 'WebhooksTableName', { value: this.webhooks.tableName });
    new CfnOutput(this, 'CampaignsTableName', { value: this.campaigns.tableName });
  }

  private dataBucket({ retentionDays }: Config): IBucket {
    const secure = {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    };
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...secure,
      lifecycleRules: [{ id: 'ExpireLogs', expiration: Duration.days(retentionDays.accessLogs) }],
    });
    const bucket = new Bucket(this, 'Data', {
      ...secure,
      versioned: true,
      serverAccessLogsBucket: accessLogs as IBucket,
      serverAccessLogsPrefix: 'data/',
      lifecycleRules: [
        { id: 'AbortUploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        {
          id: 'ExpireFormerVersions',
          noncurrentVersionExpiration: Duration.days(retentionDays.formerVersions),
          expiredObjectDeleteMarker: true,
        },
        { id: 'ExpireUploads', prefix: PREFIX.uploads, expiration: Duration.days(retentionDays.uploads) },
        {
          id: 'ExpireDrilldowns',
          prefix: PREFIX.drilldowns,
          expiration: Duration.days(retentionDays.drilldowns),
        },
        { id: 'ExpireExports', prefix: PREFIX.exports, expiration: Duration.days(retentionDays.exports) },
        {
          // A published model lies among its run's intermediate files: unread ones grow cheap, and go with their run.
          id: 'CoolRuns',
          prefix: PREFIX.runs,
          transitions: [
            { storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(0) },
          ],
        },
      ],
    });
    // The L2 switch would add a custom resource with a function of its own; the property needs none.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    return bucket as IBucket;
  }

  private ownKey(id: string, description: string): Key {
    return new Key(this, id, {
      description,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  private table(id: string, timeToLiveAttribute?: string, encryptionKey?: Key): Table {
    return new Table(this, id, {
      partitionKey: { name: KEY.partition, type: AttributeType.STRING },
      sortKey: { name: KEY.sort, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...(encryptionKey
        ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: encryptionKey as IKey }
        : { encryption: TableEncryption.AWS_MANAGED }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
      deletionProtection: true,
      ...(timeToLiveAttribute === undefined ? {} : { timeToLiveAttribute }),
    });
  }
}
