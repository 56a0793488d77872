import { Duration, TimeZone } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke, StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ELIGIBILITY_PERIOD_HOURS, SCHEDULE_PERIOD_MINUTES } from '../../functions/contracts/env.ts';
import type { ScheduledRun } from '../config.ts';

/** Which datasets run when. */
export interface SchedulesProps {
  readonly runs: readonly ScheduledRun[];
  readonly stateMachine: StateMachine;
  /** Starts what the datasets' own configurations have due. */
  readonly runSchedules: IFunction;
  /** Runs the jobs about campaigns that have come due. */
  readonly campaignJobs: IFunction;
  /** Looks at all experiments. */
  readonly reviewExperiments: IFunction;
  /** Sends messages to webhooks again. */
  readonly deliverWebhooks: IFunction;
  /** Takes the starts that could not be delivered. */
  readonly undelivered: IQueue;
}

/**
 * One EventBridge schedule per dataset of the deployment's own list, each repeating the dataset's last request, one that
 * looks at the schedules that tenants have configured, one that looks for jobs about campaigns, one that looks at
 * experiments, and one that sends messages to webhooks again.
 */
export class Schedules extends Construct {
  constructor(
    scope: Construct,
    id: string,
    {
      runs,
      stateMachine,
      runSchedules,
      campaignJobs,
      reviewExperiments,
      deliverWebhooks,
      undelivered,
    }: SchedulesProps,
  ) {
    super(scope, id);
    for (const { tenant, dataset, expression } of runs) {
      new Schedule(this, `${tenant}.${dataset}`, {
        description: `Segments the dataset ${dataset} of ${tenant} again`,
        schedule: ScheduleExpression.expression(expression, TimeZone.ETC_UTC),
        target: new StepFunctionsStartExecution(stateMachine, {
          input: ScheduleTargetInput.fromObject({ trigger: 'schedule', tenant, dataset }),
          retryAttempts: 24,
          maxEventAge: Duration.hours(6),
          deadLetterQueue: undelivered,
        }),
      });
    }
    const regularly = (
      scheduleId: string,
      description: string,
      target: IFunction,
      cron: { readonly minute: string; readonly hour?: string },
    ) => {
      const role = new Role(this, `${scheduleId}Role`, {
        assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
        description,
      });
      // What the target would grant itself includes all versions of the function.
      role.addToPolicy(
        new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }),
      );
      role.addToPolicy(
        new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [undelivered.queueArn] }),
      );
      new Schedule(this, scheduleId, {
        description,
        schedule: ScheduleExpression.cron({ ...cron, timeZone: TimeZone.ETC_UTC }),
        target: new LambdaInvoke(target, {
          role: role.withoutPolicyUpdates(),
          input: ScheduleTargetInput.fromObject({ scheduledAt: ContextAttribute.scheduledTime }),
          retryAttempts: 24,
          maxEventAge: Duration.hours(6),
          deadLetterQueue: undelivered,
        }),
      });
    };
    const quarterHourly = { minute: `*/${SCHEDULE_PERIOD_MINUTES}` };
    regularly(
      'ConfiguredSchedules',
      'Starts the runs that the configurations of datasets have due',
      runSchedules,
      quarterHourly,
    );
    regularly(
      'CampaignJobs',
      'Runs the jobs about campaigns that have come due',
      campaignJobs,
      quarterHourly,
    );
    regularly('WebhookRetries', 'Sends messages to webhooks that are due again', deliverWebhooks, {
      minute: '*',
    });
    regularly(
      'ExperimentReviews',
      'Looks at what the traffic of experiments is enough for',
      reviewExperiments,
      { minute: '0', hour: `*/${ELIGIBILITY_PERIOD_HOURS}` },
    );
  }
}
