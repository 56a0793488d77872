import { Duration } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV, PREFIX } from '../../functions/contracts/env.ts';
import type { Config } from '../config.ts';
import type { DataStores } from '../data-stack.ts';
import { ServiceFunction } from './service-function.ts';

/** What dropped tables of insights are read with. */
export interface InsightDropsProps {
  readonly bundles: string;
  readonly stores: DataStores;
  readonly config: Config;
  /** Takes the events that could not be delivered. */
  readonly undelivered: IQueue;
}

/** Writes every table that is created below `insights/` to the advertising account that its key names. */
export class InsightDrops extends Construct {
  readonly reader: ServiceFunction;

  constructor(scope: Construct, id: string, { bundles, stores, config, undelivered }: InsightDropsProps) {
    super(scope, id);
    this.reader = new ServiceFunction(this, 'Import', {
      bundles,
      handler: 'import-insights',
      size: config.importInsights,
      description: 'Writes dropped tables of daily insights to their accounts',
    })
      .useBucket(stores.bucket, { read: [PREFIX.insights], list: true })
      .useTable(ENV.campaignsTable, stores.campaigns, ['PutItem', 'UpdateItem', 'BatchWriteItem']);
    new Rule(this, 'OnInsights', {
      description: 'A table of daily insights that is dropped is written to its account',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [stores.bucket.bucketName] },
          object: { key: [{ wildcard: `${PREFIX.insights}*` }] },
        },
      },
      targets: [
        new LambdaFunction(this.reader.lambda, {
          event: RuleTargetInput.fromObject({
            key: EventField.fromPath('$.detail.object.key'),
            droppedAt: EventField.fromPath('$.time'),
          }),
          retryAttempts: 24,
          maxEventAge: Duration.hours(6),
          deadLetterQueue: undelivered,
        }),
      ],
    });
  }
}
