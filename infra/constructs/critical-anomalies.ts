import { CfnOutput } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { EVENT_SOURCES } from '../../functions/contracts/env.ts';

/** What becomes of critical anomalies that cannot be delivered. */
export interface CriticalAnomaliesProps {
  /** Takes the events that could not be delivered. */
  readonly undelivered: IQueue;
}

/** A topic that tells of every critical anomaly on the default bus: whoever is to know subscribes to it. */
export class CriticalAnomalies extends Construct {
  constructor(scope: Construct, id: string, { undelivered }: CriticalAnomaliesProps) {
    super(scope, id);
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    new Rule(this, 'OnCritical', {
      description: 'A critical anomaly of an advertising entity is sent to the topic',
      eventPattern: { source: [EVENT_SOURCES.campaigns], detailType: ['Critical Anomaly'] },
      targets: [new SnsTopic(topic, { deadLetterQueue: undelivered })],
    });
    new CfnOutput(this, 'TopicArn', { value: topic.topicArn });
  }
}
