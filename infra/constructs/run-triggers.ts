import { Duration } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { PREFIX } from '../../functions/contracts/env.ts';

/** What starts what. */
export interface RunTriggersProps {
  readonly bucket: IBucket;
  readonly stateMachine: StateMachine;
  /** Takes the events that could not be delivered. */
  readonly undelivered: IQueue;
}

/** Starts a run for every object that is created below `drop/`. EventBridge hands the key over unencoded. */
export class RunTriggers extends Construct {
  readonly onDrop: Rule;

  constructor(scope: Construct, id: string, { bucket, stateMachine, undelivered }: RunTriggersProps) {
    super(scope, id);
    this.onDrop = new Rule(this, 'OnDrop', {
      description: 'A file dropped into the data bucket starts a run',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [bucket.bucketName] },
          object: { key: [{ wildcard: `${PREFIX.drop}*` }] },
        },
      },
      targets: [
        new SfnStateMachine(stateMachine, {
          input: RuleTargetInput.fromObject({
            trigger: 'drop',
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
