import type { Resource } from './template.ts';
import { TemplateError } from './template-error.ts';

/** A function that decides on requests: what identifies the caller, and for how long an answer holds. */
export interface RequestAuthorizer {
  readonly name: string;
  readonly functionArn: string;
  /** `$request.header.…` or `$request.querystring.…`; all must be present. */
  readonly identitySource: readonly string[];
  /** Seconds an answer is reused for the same identity; 0 asks every time. */
  readonly ttlSeconds: number;
}

export interface Route {
  /** `GET /v1/runs/{id}`, or `$default`. */
  readonly routeKey: string;
  readonly method: string;
  /** Segments of the path; `{name}` matches one, `{name+}` the rest. */
  readonly segments: readonly string[];
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly authorizer?: RequestAuthorizer;
}

/** CORS settings of an API, named as in the template. */
export interface CorsConfiguration {
  readonly AllowOrigins?: readonly string[];
  readonly AllowMethods?: readonly string[];
  readonly AllowHeaders?: readonly string[];
  readonly ExposeHeaders?: readonly string[];
  readonly MaxAge?: number;
  readonly AllowCredentials?: boolean;
}

/** The HTTP API of a template. */
export interface HttpApiDefinition {
  readonly apiId: string;
  readonly routes: readonly Route[];
  readonly cors?: CorsConfiguration;
}

interface RouteProperties {
  readonly RouteKey: string;
  readonly Target: string;
  readonly AuthorizationType?: string;
  readonly AuthorizerId?: string;
}

interface IntegrationProperties {
  readonly IntegrationType: string;
  readonly IntegrationUri: string;
  readonly PayloadFormatVersion?: string;
  readonly TimeoutInMillis?: number;
}

interface AuthorizerProperties {
  readonly AuthorizerType: string;
  readonly AuthorizerUri: string;
  readonly AuthorizerPayloadFormatVersion?: string;
  readonly EnableSimpleResponses?: boolean;
  readonly IdentitySource?: readonly string[];
  readonly AuthorizerResultTtlInSeconds?: number;
}

const INTEGRATION_TIMEOUT_MS = 30_000;
const FUNCTION_ARN = /arn:aws:lambda:[^:]+:\d+:function:[^:/]+/;

const refuse = (resource: Resource, what: string): never => {
  throw new TemplateError(`${resource.type} ${resource.logicalId}: ${what}`);
};

const functionArn = (resource: Resource, uri: string): string =>
  FUNCTION_ARN.exec(uri)?.[0] ?? refuse(resource, `only Lambda functions are called locally, found ${uri}`);

function authorizerOf(resource: Resource): RequestAuthorizer {
  const properties = resource.properties as unknown as AuthorizerProperties;
  const { IdentitySource: sources = [], AuthorizerResultTtlInSeconds: ttlSeconds = 0 } = properties;
  if (properties.AuthorizerType !== 'REQUEST') {
    refuse(resource, `only REQUEST authorizers run locally, found ${properties.AuthorizerType}`);
  }
  if (!properties.EnableSimpleResponses || properties.AuthorizerPayloadFormatVersion !== '2.0') {
    refuse(resource, 'only payload format 2.0 with simple responses runs locally');
  }
  for (const source of sources) {
    if (!/^\$request\.(header|querystring)\./.test(source)) refuse(resource, `identity source ${source}`);
  }
  return {
    name: resource.name,
    functionArn: functionArn(resource, properties.AuthorizerUri),
    identitySource: sources,
    ttlSeconds,
  };
}

/**
 * Reads API, routes, integrations and authorizers of a template; undefined when it has no HTTP API.
 *
 * @param resources of a type, intrinsics resolved
 * @throws TemplateError for what is not served locally: several APIs, JWT and IAM authorizers, other integrations
 */
export function readHttpApi(resources: (type: string) => readonly Resource[]): HttpApiDefinition | undefined {
  const [api, second] = resources('AWS::ApiGatewayV2::Api');
  if (!api) return undefined;
  if (second) refuse(second, 'a second API is not served locally');
  if (api.properties.ProtocolType !== 'HTTP') refuse(api, `protocol ${String(api.properties.ProtocolType)}`);
  for (const stage of resources('AWS::ApiGatewayV2::Stage')) {
    if (stage.properties.StageName !== '$default') refuse(stage, 'only the $default stage is served locally');
  }
  const byName = (type: string) => new Map(resources(type).map((resource) => [resource.name, resource]));
  const integrations = byName('AWS::ApiGatewayV2::Integration');
  const authorizers = byName('AWS::ApiGatewayV2::Authorizer');

  const routes = resources('AWS::ApiGatewayV2::Route').map((resource): Route => {
    const {
      RouteKey,
      Target,
      AuthorizationType = 'NONE',
      AuthorizerId = '',
    } = resource.properties as unknown as RouteProperties;
    const integration =
      integrations.get(Target.split('/')[1] ?? '') ?? refuse(resource, `no integration ${Target}`);
    const { IntegrationType, IntegrationUri, PayloadFormatVersion, TimeoutInMillis } =
      integration.properties as unknown as IntegrationProperties;
    if (IntegrationType !== 'AWS_PROXY' || PayloadFormatVersion !== '2.0') {
      refuse(integration, 'only AWS_PROXY with payload format 2.0 is served locally');
    }
    if (AuthorizationType !== 'NONE' && AuthorizationType !== 'CUSTOM') {
      refuse(resource, `authorization ${AuthorizationType} is not checked locally`);
    }
    const authorizer =
      AuthorizationType === 'CUSTOM'
        ? authorizerOf(authorizers.get(AuthorizerId) ?? refuse(resource, `no authorizer ${AuthorizerId}`))
        : undefined;
    const [method = '', path = ''] = RouteKey === '$default' ? ['ANY', '/{proxy+}'] : RouteKey.split(' ');
    return {
      routeKey: RouteKey,
      method,
      segments: path.split('/').slice(1),
      functionArn: functionArn(integration, IntegrationUri),
      timeoutMs: TimeoutInMillis ?? INTEGRATION_TIMEOUT_MS,
      ...(authorizer && { authorizer }),
    };
  });
  const cors = api.properties.CorsConfiguration as CorsConfiguration | undefined;
  return { apiId: api.name, routes, ...(cors && { cors }) };
}

/** A route that matches, and the values of its path variables, decoded. */
export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

function matchPath(route: Route, segments: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, pattern] of route.segments.entries()) {
    const variable = /^\{([^}+]+)(\+?)\}$/.exec(pattern);
    const found = segments[index];
    if (found === undefined) return undefined;
    if (variable?.[2]) {
      const rest = segments.slice(index).map(decodeURIComponent).join('/');
      if (rest === '' && route.routeKey !== '$default') return undefined;
      return { ...parameters, [variable[1]!]: rest };
    }
    if (variable && found === '') return undefined;
    if (variable) parameters[variable[1]!] = decodeURIComponent(found);
    else if (decodeURIComponent(found) !== pattern) return undefined;
  }
  return segments.length === route.segments.length ? parameters : undefined;
}

/** Orders routes as API Gateway prefers them: fixed segments, then variables, then greedy ones, then `$default`. */
const preference = ({ routeKey, method, segments }: Route) => {
  if (routeKey === '$default') return '9';
  const kinds = segments.map((segment) => (segment.endsWith('+}') ? 2 : segment.startsWith('{') ? 1 : 0));
  return `${kinds.join('')}${method === 'ANY' ? 1 : 0}`;
};

/**
 * The route that API Gateway would choose; undefined when none matches.
 * @param path as sent, still percent-encoded
 * @throws URIError when the encoding is malformed
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const segments = path.split('/').slice(1);
  let best: (RouteMatch & { readonly rank: string }) | undefined;
  for (const route of routes) {
    if (route.method !== 'ANY' && route.method !== method) continue;
    const pathParameters = matchPath(route, segments);
    const rank = preference(route);
    if (pathParameters && (!best || rank < best.rank)) best = { route, pathParameters, rank };
  }
  return best && { route: best.route, pathParameters: best.pathParameters };
}
