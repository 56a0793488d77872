import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { FAILED_JOBS_METRIC, METRIC_NAMESPACE } from '../../functions/contracts/env.ts';
import type { Config } from '../config.ts';
import type { HttpApi } from './http-api.ts';
import type { ServiceFunction } from './service-function.ts';

/** What is watched. */
export interface AlarmsProps {
  readonly stateMachine: StateMachine;
  /** The state machine of the drill-down. */
  readonly drilldowns: StateMachine;
  readonly http: HttpApi;
  readonly authorizer: ServiceFunction;
  /** The function that runs the jobs about campaigns. */
  readonly campaignJobs: ServiceFunction;
  readonly undelivered: IQueue;
  readonly config: Config;
}

/** The states of the system that a person should look at: each alarm says what happened and where to start. */
export class Alarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { stateMachine, drilldowns, http, authorizer, campaignJobs, undelivered, config }: AlarmsProps,
  ) {
    super(scope, id);
    const topic = config.alarmTopicArn && Topic.fromTopicArn(this, 'Topic', config.alarmTopicArn);
    const alarm = (name: string, metric: IMetric, alarmDescription: string, threshold = 1) => {
      const made = new Alarm(this, name, {
        metric,
        alarmDescription,
        threshold,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      if (topic) made.addAlarmAction(new SnsAction(topic));
    };
    const sum = { statistic: Stats.SUM, period: Duration.minutes(5) };

    alarm(
      'RunsFailed',
      stateMachine.metricFailed(sum),
      'A run failed. GET /v1/runs names it, its file, line and reason; the former segments are still served.',
    );
    alarm(
      'RunsTimedOut',
      stateMachine.metricTimedOut(sum),
      'A run took longer than it may. Its execution shows the state it hung in; no segment was replaced.',
    );
    alarm(
      'DrilldownsFailed',
      drilldowns.metricFailed(sum),
      'A drill-down of an upload or a segment failed. GET /v1/drilldowns/{runId} names the reason.',
    );
    alarm(
      'TriggersUndelivered',
      undelivered.metricApproximateNumberOfMessagesVisible({ ...sum, statistic: Stats.MAXIMUM }),
      'A dropped file or a schedule started no run. The dead-letter queue holds the event: start it again by hand.',
    );
    alarm(
      'ApiServerErrors',
      http.api.metricServerError(sum),
      'The HTTP API answered with 5xx. The log of the Http function holds each request id.',
      5,
    );
    alarm(
      'AuthorizerErrors',
      authorizer.lambda.metricErrors(sum),
      'API keys cannot be checked, so requests are refused. See the log of the Authorizer function.',
    );
    alarm(
      'CampaignJobsFailed',
      new Metric({ namespace: METRIC_NAMESPACE, metricName: FAILED_JOBS_METRIC, ...sum }),
      'A job about campaigns failed for an account. GET /v1/jobs?status=FAILED names it and the reason; it is tried three times.',
    );
    alarm(
      'CampaignJobsErrors',
      campaignJobs.lambda.metricErrors(sum),
      'The function of the jobs about campaigns ended before it could record what failed. See the log of CampaignJobs; the next tick goes on.',
    );
  }
}
