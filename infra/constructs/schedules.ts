import { Duration, TimeZone } from 'aws-cdk-lib';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { ScheduledRun } from '../config.ts';

/** Which datasets run when. */
export interface SchedulesProps {
  readonly runs: readonly ScheduledRun[];
  readonly stateMachine: StateMachine;
  /** Takes the starts that could not be delivered. */
  readonly undelivered: IQueue;
}

/** One EventBridge schedule per dataset; each repeats the dataset's last request. */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { runs, stateMachine, undelivered }: SchedulesProps) {
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
  }
}
