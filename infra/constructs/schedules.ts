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
  /** Looks at all experiments. */
  readonly reviewExperiments: IFunction;
  /** Takes the starts that could not be delivered. */
  readonly undelivered: IQueue;
}

/**
 * One EventBridge schedule per dataset of the deployment's own list, each repeating the dataset's last request, and one that
 * looks at the schedules that tenants have configured, and one that looks at experiments.
 */
export class Schedules extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { runs, stateMachine, runSchedules, reviewExperiments, undelivered }: SchedulesProps,
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
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
      description: 'Looks at the configured schedules, and at experiments',
    });
    // What the targets would grant themselves includes all versions of the functions.
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [runSchedules.functionArn, reviewExperiments.functionArn],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [undelivered.queueArn] }),
    );
    const invoke = (lambda: IFunction) =>
      new LambdaInvoke(lambda, {
        role: role.withoutPolicyUpdates(),
        input: ScheduleTargetInput.fromObject({ scheduledAt: ContextAttribute.scheduledTime }),
        retryAttempts: 24,
        maxEventAge: Duration.hours(ELIGIBILITY_PERIOD_HOURS),
        deadLetterQueue: undelivered,
      });
    new Schedule(this, 'ConfiguredSchedules', {
      description: 'Starts the runs that the configurations of datasets have due',
      schedule: ScheduleExpression.cron({
        minute: `*/${SCHEDULE_PERIOD_MINUTES}`,
        timeZone: TimeZone.ETC_UTC,
      }),
      target: invoke(runSchedules),
    });
    new Schedule(this, 'ExperimentReviews', {
      description: 'Looks at what the traffic of experiments is enough for',
      schedule: ScheduleExpression.cron({
        minute: '0',
        hour: `*/${ELIGIBILITY_PERIOD_HOURS}`,
        timeZone: TimeZone.ETC_UTC,
      }),
      target: invoke(reviewExperiments),
    });
  }
}
