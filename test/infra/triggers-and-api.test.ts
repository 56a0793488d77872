import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { triggerSchema } from '../../functions/contracts/workflow.ts';
import { allRoutes } from '../../functions/routes/all-routes.ts';
import { config } from '../../infra/config.ts';
import { resourcesOf, type StackTemplate, synthesize } from './synthesize.ts';

describe('triggers', () => {
  let template: Template;
  beforeAll(() => {
    template = Template.fromJSON(synthesize().service);
  });

  it('start a run for each object created below drop/, with its key', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: [Match.anyValue()] }, object: { key: [{ wildcard: 'drop/*' }] } },
      },
      State: 'ENABLED',
      Targets: [
        {
          InputTransformer: {
            InputPathsMap: { 'detail-object-key': '$.detail.object.key', time: '$.time' },
            InputTemplate: '{"trigger":"drop","key":<detail-object-key>,"droppedAt":<time>}',
          },
          RetryPolicy: { MaximumRetryAttempts: 24, MaximumEventAgeInSeconds: 21_600 },
          DeadLetterConfig: { Arn: Match.anyValue() },
        },
      ],
    });
  });

  it('send critical anomalies to a topic of their own, over TLS alone', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['tessella.campaigns'], 'detail-type': ['Critical Anomaly'] },
      Targets: [Match.objectLike({ Arn: { Ref: Match.stringLikeRegexp('^CriticalAnomaliesTopic') } })],
    });
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({ Action: 'sns:Publish', Principal: { Service: 'events.amazonaws.com' } }),
        ]),
      }),
    });
  });

  it('hand a training that was asked for to the function of the jobs', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['tessella.campaigns'], 'detail-type': ['Training Requested'] },
      Targets: [
        Match.objectLike({
          InputTransformer: {
            InputPathsMap: { detail: '$.detail' },
            InputTemplate: '{"training":<detail>}',
          },
          DeadLetterConfig: { Arn: Match.anyValue() },
        }),
      ],
    });
  });

  it('start one scheduled run per configured dataset, in UTC', () => {
    // Four more look at what tenants have configured, at jobs about campaigns, at experiments and at messages to webhooks.
    template.resourceCountIs('AWS::Scheduler::Schedule', config.schedules.length + 4);
    for (const { tenant, dataset, expression } of config.schedules) {
      template.hasResourceProperties('AWS::Scheduler::Schedule', {
        ScheduleExpression: expression,
        ScheduleExpressionTimezone: 'Etc/UTC',
        Target: {
          Input: JSON.stringify({ trigger: 'schedule', tenant, dataset }),
          DeadLetterConfig: { Arn: Match.anyValue() },
        },
      });
    }
  });

  it('look at configured schedules and at jobs every quarter of an hour, telling the time they were due', () => {
    const quarterly = {
      ScheduleExpression: 'cron(*/15 * * * ? *)',
      ScheduleExpressionTimezone: 'Etc/UTC',
      Target: {
        Input: '{"scheduledAt":"<aws.scheduler.scheduled-time>"}',
        DeadLetterConfig: { Arn: Match.anyValue() },
      },
    };
    template.resourcePropertiesCountIs('AWS::Scheduler::Schedule', quarterly, 2);
  });

  it('look at experiments every six hours (S2-24)', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(0 */6 * * ? *)',
      ScheduleExpressionTimezone: 'Etc/UTC',
      Target: { Input: '{"scheduledAt":"<aws.scheduler.scheduled-time>"}' },
    });
  });

  it('send inputs that the workflow’s contract accepts', () => {
    const drop = JSON.parse('{"trigger":"drop","key":<key>}'.replace('<key>', '"drop/acme/orders/a b.csv"'));
    expect(triggerSchema.parse(drop)).toEqual({ trigger: 'drop', key: 'drop/acme/orders/a b.csv' });
    for (const { tenant, dataset } of config.schedules) {
      expect(triggerSchema.safeParse({ trigger: 'schedule', tenant, dataset }).success).toBe(true);
    }
  });

  it('keep what could not be delivered in an encrypted queue, and raise an alarm', () => {
    template.hasResourceProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible',
      TreatMissingData: 'notBreaching',
    });
  });

  it('raise an alarm when a job about campaigns fails, and when their function itself does', () => {
    const atOnce = {
      Statistic: 'Sum',
      Threshold: 1,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    };
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...atOnce,
      Namespace: 'tessella',
      MetricName: 'failedJobs',
      // The metric that the jobs log has none either: with one it would be another metric, and the alarm blind.
      Dimensions: Match.absent(),
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...atOnce,
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('^CampaignJobs') } }],
    });
  });
});

describe('the HTTP API', () => {
  let service: StackTemplate;
  let template: Template;
  beforeAll(() => {
    service = synthesize().service;
    template = Template.fromJSON(service);
  });

  it('has exactly the configured routes, and only those about health and /openapi.json are open', () => {
    const routes = resourcesOf(service, 'AWS::ApiGatewayV2::Route').map(([, properties]) => properties);
    expect(routes.map(({ RouteKey }) => RouteKey).sort()).toEqual(
      config.routes.map(({ method, path }) => `${method} ${path}`).sort(),
    );
    const open = routes.filter(({ AuthorizationType }) => AuthorizationType === 'NONE');
    expect(open.map(({ RouteKey }) => RouteKey).sort()).toEqual([
      'GET /health',
      'GET /health/detailed',
      'GET /health/live',
      'GET /health/ready',
      'GET /openapi.json',
    ]);
    for (const route of routes.filter((one) => !open.includes(one))) {
      expect(route).toMatchObject({ AuthorizationType: 'CUSTOM', AuthorizerId: expect.anything() });
    }
  });

  it('routes exactly what the handler’s route table serves, open where the table asks for no scope', () => {
    const explicit = config.routes.filter(({ method }) => method !== 'ANY');
    const written = explicit.map(({ method, path, open = false }) => `${method} ${path} ${open}`);
    expect(written.sort()).toEqual(
      allRoutes.map(({ method, path, scope }) => `${method} ${path} ${scope === undefined}`).sort(),
    );
  });

  it('lets exactly the configured pages call it from a browser, and answers their preflights without a key', () => {
    const cors = { origins: ['https://app.example', 'http://localhost:3000'], maxAgeSeconds: 600 };
    const { service: open } = synthesize({ config: { ...config, cors } });
    const [[, { CorsConfiguration }]] = resourcesOf(open, 'AWS::ApiGatewayV2::Api') as [
      [string, Record<string, unknown>],
    ];
    expect(CorsConfiguration).toEqual({
      AllowOrigins: cors.origins,
      AllowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      AllowHeaders: [
        ...['authorization', 'content-type', 'if-none-match'],
        ...['x-api-key', 'x-customer-api-id', 'x-secret'],
      ],
      ExposeHeaders: ['etag', 'retry-after', 'x-request-id'],
      MaxAge: 600,
    });
    const preflights = resourcesOf(open, 'AWS::ApiGatewayV2::Route')
      .map(([, route]) => route)
      .filter(({ RouteKey }) => String(RouteKey).startsWith('OPTIONS'));
    expect(preflights).toEqual([
      expect.objectContaining({ RouteKey: 'OPTIONS /{proxy+}', AuthorizationType: 'NONE' }),
    ]);
  });

  it.each(['*', 'https://*', 'https://app.example/', 'http://app.example', 'app.example', 'null', ''])(
    'fails to synthesize with the origin %j',
    (origin) => {
      const cors = { origins: [origin], maxAgeSeconds: 600 };
      expect(() => synthesize({ config: { ...config, cors } })).toThrow(/cors\.origins in infra\/config\.ts/);
    },
  );

  it.each([
    ['the header X-API-Key', ['$request.header.X-API-Key']],
    [
      'the pair of headers of the drill-down',
      ['$request.header.X-Customer-Api-Id', '$request.header.X-Secret'],
    ],
  ])('asks the authorizer about every request anew, by %s', (_which, IdentitySource) => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'REQUEST',
      AuthorizerPayloadFormatVersion: '2.0',
      EnableSimpleResponses: true,
      AuthorizerResultTtlInSeconds: 0,
      IdentitySource,
    });
  });

  it('hands requests over in payload format 2.0, throttles and logs them, and allows no other origin', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Integration', { PayloadFormatVersion: '2.0' });
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 },
      AccessLogSettings: { DestinationArn: Match.anyValue() },
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  });

  it('prints its address', () => {
    expect(Object.keys(service.Outputs)).toEqual(expect.arrayContaining(['ApiUrl', 'StateMachineArn']));
  });
});
