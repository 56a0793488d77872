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
import { CREDENTIALS } from '../api-routes.ts';
import { API_SERVICES, type ApiService, type Config } from '../config.ts';
import { corsPreflight } from './cors.ts';

/** What the API runs on. */
export interface HttpApiProps {
  readonly handler: IFunction;
  readonly services: Readonly<Record<ApiService, IFunction>>;
  readonly authorizer: IFunction;
  readonly config: Config;
}

/** The HTTP API (payload format 2.0): every route of the configuration on its function, behind API keys. */
export class HttpApi extends Construct {
  readonly api: Api;
  readonly stage: HttpStage;

  constructor(scope: Construct, id: string, { handler, services, authorizer, config }: HttpApiProps) {
    super(scope, id);
    const { cors } = config;
    this.api = new Api(this, 'Api', {
      createDefaultStage: false,
      description: 'tessella',
      ...(cors && { corsPreflight: corsPreflight(cors) }),
    });
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

    const http = new HttpLambdaIntegration('Integration', handler);
    const integrations = Object.fromEntries(
      API_SERVICES.map((name) => {
        const id = `${name.charAt(0).toUpperCase()}${name.slice(1)}Integration`;
        return [name, new HttpLambdaIntegration(id, services[name])];
      }),
    );
    const authorizerBy = (id: string, headers: readonly string[]) =>
      new HttpLambdaAuthorizer(id, authorizer, {
        identitySource: headers.map((header) => `$request.header.${header}`),
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        // A disabled key stops working with the next request; the look-up is one read of one item.
        resultsCacheTtl: Duration.seconds(0),
      });
    const byApiKey = authorizerBy('ApiKeyAuthorizer', ['X-API-Key']);
    const byCustomerApi = authorizerBy('CustomerApiAuthorizer', ['X-Customer-Api-Id', 'X-Secret']);
    // Which headers it needs cannot be said beforehand, so that the authorizer hears of every request.
    const byEither = authorizerBy('AnyKeyAuthorizer', []);
    const authorizers = { apiKey: byApiKey, customerApi: byCustomerApi, either: byEither };
    // A preflight carries no key, and without a route of its own the catch-all route would ask it for one.
    const preflights: Config['routes'] = cors ? [{ method: 'OPTIONS', path: '/{proxy+}', open: true }] : [];
    for (const route of [...config.routes, ...preflights]) {
      const { method, path, open = false, service } = route;
      const { credentials = (service && CREDENTIALS[service]) ?? 'apiKey' } = route;
      const routes = this.api.addRoutes({
        path,
        methods: [HttpMethod[method]],
        integration: (service && integrations[service]) ?? http,
        authorizer: open ? new HttpNoneAuthorizer() : authorizers[credentials],
      });
      if (!open) continue;
      for (const made of routes) {
        Validations.of(made).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason: `${method} ${path} is public on purpose: it tells nothing about any tenant.`,
        });
      }
    }
  }
}
