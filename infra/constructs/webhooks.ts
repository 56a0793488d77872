import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV, EVENT_SOURCES } from '../../functions/contracts/env.ts';
import type { Config } from '../config.ts';
import type { DataStores } from '../data-stack.ts';
import { ServiceFunction } from './service-function.ts';

/** What webhooks are made of. */
export interface WebhooksProps {
  readonly bundles: string;
  readonly stores: DataStores;
  readonly config: Config;
  /** Takes the events that could not be delivered to the function. */
  readonly undelivered: IQueue;
}

/** The routes about webhooks, and the function that the event bus and a schedule have send what is to be sent. */
export class Webhooks extends Construct {
  readonly http: IFunction;
  readonly deliver: IFunction;

  constructor(scope: Construct, id: string, { bundles, stores, config, undelivered }: WebhooksProps) {
    super(scope, id);
    this.http = new ServiceFunction(this, 'Http', {
      bundles,
      handler: 'webhooks-http',
      size: config.webhooks,
      description: 'Answers the routes about webhooks',
    }).useTable(ENV.webhooksTable, stores.webhooks, ['GetItem', 'PutItem', 'DeleteItem', 'Query']).lambda;
    this.deliver = new ServiceFunction(this, 'Deliver', {
      bundles,
      handler: 'deliver-webhooks',
      size: config.deliverWebhooks,
      description: 'Sends messages to webhooks',
    }).useTable(ENV.webhooksTable, stores.webhooks, ['GetItem', 'PutItem', 'DeleteItem', 'Query']).lambda;
    new Rule(this, 'OnCompleted', {
      description: 'A segmentation that is complete is told to the webhooks of its tenant',
      eventPattern: { source: [EVENT_SOURCES.segmentation], detailType: ['SegmentationCompleted'] },
      targets: [new LambdaFunction(this.deliver, { deadLetterQueue: undelivered, retryAttempts: 24 })],
    });
  }
}
