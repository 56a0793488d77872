import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { EVENT_SOURCES, TRAINING_REQUESTED } from '../../functions/contracts/env.ts';

/** Who trains, and what becomes of requests that cannot be delivered. */
export interface TrainingRequestsProps {
  readonly campaignJobs: IFunction;
  /** Takes the events that could not be delivered. */
  readonly undelivered: IQueue;
}

/** Has the function of the jobs do the trainings of classifiers that take longer than a caller waits. */
export class TrainingRequests extends Construct {
  constructor(scope: Construct, id: string, { campaignJobs, undelivered }: TrainingRequestsProps) {
    super(scope, id);
    new Rule(this, 'OnRequested', {
      description: 'A training that was asked for is done',
      eventPattern: { source: [EVENT_SOURCES.campaigns], detailType: [TRAINING_REQUESTED] },
      targets: [
        new LambdaFunction(campaignJobs, {
          event: RuleTargetInput.fromObject({ training: EventField.fromPath('$.detail') }),
          retryAttempts: 24,
          deadLetterQueue: undelivered,
        }),
      ],
    });
  }
}
