import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  HttpApi as Api,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';

/** What the API runs on. */
export interface HttpApiProps {
  readonly handler: IFunction;
  /** Answers the routes of the drill-down. */
  readonly drilldown: IFunction;
  readonly datasets: IFunction;
  readonly experiments: IFunction;
  readonly training: IFunction;
  readonly authorizer: IFunction;
  readonly config: Config;
}

/** The HTTP API (payload format 2.0): every route of the configuration on its function, behind API keys. */
export class HttpApi extends Construct {
  readonly api: Api;
  readonly stage: HttpStage;

  constructor(
    scope: Construct,
    id: string,
    { handler, drilldown, datasets, experiments, training, authorizer, config }: HttpApiProps,
  ) {
    super(scope, id);
    this.api = new Api(this, 'Api', { createDefaultStage: false, description: 'tessella' });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      throttle: config.throttle,
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLog', {
            retention: RetentionDays.THREE_MONTHS,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
      },
    });

    const integrations = {
      service: new HttpLambdaIntegration('Integration', handler),
      drilldown: new HttpLambdaIntegration('DrilldownIntegration', drilldown),
      datasets: new HttpLambdaIntegration('DatasetsIntegration', datasets),
      experiments: new HttpLambdaIntegration('ExperimentsIntegration', experiments),
      training: new HttpLambdaIntegration('TrainingIntegration', training),
    };
    const authorizerBy = (id: string, headers: readonly string[]) =>
      new HttpLambdaAuthorizer(id, authorizer, {
        identitySource: headers.map((header) => `$request.header.${header}`),
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        // A disabled key stops working with the next request; the look-up is one read of one item.
        resultsCacheTtl: Duration.seconds(0),
      });
    const byApiKey = authorizerBy('ApiKeyAuthorizer', ['X-API-Key']);
    const byCustomerApi = authorizerBy('CustomerApiAuthorizer', ['X-Customer-Api-Id', 'X-Secret']);
    for (const {
      method,
      path,
      open = false,
      drilldown: isDrilldown = false,
      datasets: isDatasets = false,
      experiments: experimentsFunction,
    } of config.routes) {
      const routes = this.api.addRoutes({
        path,
        methods: [HttpMethod[method]],
        integration: isDrilldown
          ? integrations.drilldown
          : isDatasets
            ? integrations.datasets
            : integrations[experimentsFunction ?? 'service'],
        authorizer: open ? new HttpNoneAuthorizer() : isDrilldown ? byCustomerApi : byApiKey,
      });
      if (!open) continue;
      for (const route of routes) {
        Validations.of(route).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason: `${method} ${path} is public on purpose: it tells nothing about any tenant.`,
        });
      }
    }
  }
}
