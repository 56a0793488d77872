import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpApi } from '../../local/http.ts';
import type { HttpEvent } from '../../local/http-event.ts';
import { type Listener, listen } from '../../local/http-listener.ts';
import { type CorsConfiguration, matchRoute, type Route, readHttpApi } from '../../local/http-routes.ts';
import { FunctionError, LambdaServiceError } from '../../local/lambda-error.ts';
import { assemblyOf } from './support/assembly-fixture.ts';
import { ARN, temporaryFolder } from './support/functions.ts';

type Handler = (event: HttpEvent & Record<string, unknown>) => unknown;

const API = `${ARN}api`;
const AUTHORIZER = `${ARN}authorizer`;

const route = (routeKey: string, more: Partial<Route> = {}): Route => {
  const [method = '', path = ''] = routeKey === '$default' ? ['ANY', '/{proxy+}'] : routeKey.split(' ');
  return {
    routeKey,
    method,
    segments: path.split('/').slice(1),
    functionArn: API,
    timeoutMs: 30_000,
    ...more,
  };
};

let listener: Listener | undefined;
afterEach(async () => {
  await listener?.close();
});

/** Serves these routes by in-process functions and gives the URL. */
async function serve(
  routes: readonly Route[],
  api: Handler,
  { authorizer, cors }: { authorizer?: Handler; cors?: CorsConfiguration } = {},
): Promise<string> {
  const handler = createHttpApi({
    definition: { apiId: 'api-id', routes, ...(cors && { cors }) },
    invoke: async (arn, event) => {
      const run = arn === AUTHORIZER ? authorizer : api;
      return JSON.stringify((await run?.(JSON.parse(event))) ?? null);
    },
    accountId: '000000000000',
    region: 'eu-central-1',
  });
  listener = await listen(handler);
  return listener.url;
}

const seen = async (response: Response) => ({ status: response.status, body: await response.json() });
const echo: Handler = (event) => event;

describe('events of payload format 2.0', () => {
  it('hold path, query, headers, cookies and context as API Gateway sends them', async () => {
    const url = await serve([route('GET /v1/{kind}/{rest+}')], echo);
    const response = await fetch(`${url}/v1/a%20b/x/y%2Fz?p=1&p=2&q=a%20b`, {
      headers: { 'X-Custom': 'Value', cookie: 'a=1; b=2', 'user-agent': 'test' },
    });
    const event = (await response.json()) as HttpEvent;
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'GET /v1/{kind}/{rest+}',
      rawPath: '/v1/a b/x/y/z',
      rawQueryString: 'p=1&p=2&q=a%20b',
      cookies: ['a=1', 'b=2'],
      queryStringParameters: { p: '1,2', q: 'a b' },
      pathParameters: { kind: 'a b', rest: 'x/y/z' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'api-id',
        http: {
          method: 'GET',
          path: '/v1/a b/x/y/z',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'test',
        },
        routeKey: 'GET /v1/{kind}/{rest+}',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      },
      isBase64Encoded: false,
    });
    expect(event.headers).toMatchObject({ 'x-custom': 'Value', 'x-forwarded-proto': 'http' });
    expect(event.headers.cookie).toBeUndefined();
    expect(event.body).toBeUndefined();
  });

  it('leave out what a request does not have', async () => {
    const url = await serve([route('GET /plain')], echo);
    const event = await (await fetch(`${url}/plain`)).json();
    for (const absent of ['cookies', 'queryStringParameters', 'pathParameters', 'body']) {
      expect(event).not.toHaveProperty(absent);
    }
  });

  it('carry text as text, and bytes or compressed text as base64', async () => {
    const url = await serve([route('POST /body')], echo);
    const send = async (type: string, body: string | Buffer, encoding?: string) => {
      const headers = { 'content-type': type, ...(encoding && { 'content-encoding': encoding }) };
      const response = await fetch(`${url}/body`, { method: 'POST', headers, body });
      const event = (await response.json()) as HttpEvent;
      return [event.body, event.isBase64Encoded];
    };
    expect(await send('application/json; charset=utf-8', '{"é":1}')).toEqual(['{"é":1}', false]);
    expect(await send('application/problem+json', '{}')).toEqual(['{}', false]);
    const bytes = Buffer.from([0, 255, 128]);
    expect(await send('application/octet-stream', bytes)).toEqual([bytes.toString('base64'), true]);
    const gzip = gzipSync('{}');
    expect(await send('application/json', gzip, 'gzip')).toEqual([gzip.toString('base64'), true]);
  });
});

describe('answers', () => {
  it('take status, headers, cookies and body from the function', async () => {
    const url = await serve([route('GET /')], () => ({
      statusCode: 201,
      headers: { 'X-Count': 3, 'Content-Type': 'text/csv' },
      cookies: ['a=1; Path=/', 'b=2'],
      body: 'x,y',
    }));
    const response = await fetch(`${url}/`);
    expect(response.status).toBe(201);
    expect(response.headers.get('x-count')).toBe('3');
    expect(response.headers.get('content-type')).toBe('text/csv');
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
    expect(await response.text()).toBe('x,y');
  });

  it('decode base64 bodies', async () => {
    const body = gzipSync('hello');
    const url = await serve([route('GET /')], () => ({
      statusCode: 200,
      headers: { 'content-encoding': 'gzip' },
      isBase64Encoded: true,
      body: body.toString('base64'),
    }));
    expect(await (await fetch(`${url}/`)).text()).toBe('hello');
  });

  it('are the result itself as JSON when it names no status', async () => {
    const url = await serve([route('GET /')], () => ({ a: 1 }));
    const response = await fetch(`${url}/`);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await seen(response)).toEqual({ status: 200, body: { a: 1 } });
  });

  it('fails with 500 when the function fails or its answer cannot be one', async () => {
    const internal = { status: 500, body: { message: 'Internal Server Error' } };
    const answers: Handler[] = [
      () => {
        throw new FunctionError({ errorType: 'TypeError', errorMessage: 'secret' });
      },
      () => ({ statusCode: 'often' }),
      () => ({ statusCode: 200, body: { not: 'text' } }),
      () => ({ statusCode: 200, headers: { 'x-bad': 'a\nb' } }),
    ];
    for (const answer of answers) {
      expect(await seen(await fetch(`${await serve([route('GET /')], answer)}/`))).toEqual(internal);
      await listener?.close();
    }
  });

  it('fails with 503 when the function takes longer than its integration', async () => {
    const slow = () => new Promise((resolve) => setTimeout(resolve, 1000, {}));
    const url = await serve([route('GET /', { timeoutMs: 50 })], slow);
    expect(await seen(await fetch(`${url}/`))).toEqual({
      status: 503,
      body: { message: 'Service Unavailable' },
    });
  });

  it('fails with 413 beyond 10 MB, or when the event is too large for the function', async () => {
    const url = await serve([route('POST /')], () => {
      throw new LambdaServiceError('RequestTooLargeException', 413, 'too large');
    });
    const tooLarge = { status: 413, body: { message: 'Request Entity Too Large' } };
    const body = Buffer.alloc(10_485_761);
    expect(await seen(await fetch(`${url}/`, { method: 'POST', body }))).toEqual(tooLarge);
    expect(await seen(await fetch(`${url}/`, { method: 'POST', body: 'x' }))).toEqual(tooLarge);
  });

  it('fails with 404 without a route, and with 400 for a malformed path', async () => {
    const url = await serve([route('GET /a/{id}')], echo);
    const notFound = { status: 404, body: { message: 'Not Found' } };
    expect(await seen(await fetch(`${url}/b`))).toEqual(notFound);
    expect(await seen(await fetch(`${url}/a/1`, { method: 'DELETE' }))).toEqual(notFound);
    const status = await new Promise((resolve, reject) => {
      httpRequest(`${url}/a/%zz`, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(400);
  });
});

describe('routes', () => {
  const routes = [
    route('$default'),
    route('ANY /runs/{id}'),
    route('GET /runs/{id}'),
    route('GET /runs/latest'),
    route('GET /runs/{rest+}'),
    route('GET /runs/{id}/steps/{step}'),
  ];
  it.each([
    ['GET', '/runs/latest', 'GET /runs/latest'],
    ['GET', '/runs/7', 'GET /runs/{id}'],
    ['PUT', '/runs/7', 'ANY /runs/{id}'],
    ['GET', '/runs/7/steps/2', 'GET /runs/{id}/steps/{step}'],
    ['GET', '/runs/7/other', 'GET /runs/{rest+}'],
    ['GET', '/runs', '$default'],
    ['GET', '/', '$default'],
  ])('choose for %s %s the most specific, %s', (method, path, expected) => {
    expect(matchRoute(routes, method, path)?.route.routeKey).toBe(expected);
  });

  it('match no empty variable and no missing segment', () => {
    expect(matchRoute([route('GET /a/{id}')], 'GET', '/a/')).toBeUndefined();
    expect(matchRoute([route('GET /a/{rest+}')], 'GET', '/a/')).toBeUndefined();
    expect(matchRoute([route('GET /a')], 'GET', '/a/')).toBeUndefined();
  });
});

describe('a request authorizer', () => {
  const authorizer = (ttlSeconds: number) => ({
    name: 'by-key',
    functionArn: AUTHORIZER,
    identitySource: ['$request.header.X-API-Key', '$request.querystring.tenant'],
    ttlSeconds,
  });
  const call = (url: string, key?: string) =>
    fetch(`${url}/x?tenant=acme`, { headers: key === undefined ? {} : { 'x-api-key': key } });

  it('is asked with the request, and its context reaches the function', async () => {
    let question: Record<string, unknown> = {};
    const url = await serve([route('ANY /x', { authorizer: authorizer(0) })], echo, {
      authorizer: (event) => {
        question = event;
        return { isAuthorized: true, context: { tenant: 'acme' } };
      },
    });
    const response = await fetch(`${url}/x?tenant=acme`, {
      method: 'POST',
      headers: { 'x-api-key': 'k' },
      body: 'b',
    });
    const event = (await response.json()) as HttpEvent;
    expect(event.requestContext.authorizer).toEqual({ lambda: { tenant: 'acme' } });
    expect(question).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeKey: 'ANY /x',
      routeArn: 'arn:aws:execute-api:eu-central-1:000000000000:api-id/$default/POST/x',
      identitySource: ['k', 'acme'],
    });
    expect(question).not.toHaveProperty('body');
  });

  it('refuses with 401 when an identity source is missing, without being asked', async () => {
    let asked = 0;
    const url = await serve([route('ANY /x', { authorizer: authorizer(0) })], echo, {
      authorizer: () => ({ isAuthorized: ++asked > 0 }),
    });
    expect(await seen(await call(url))).toEqual({ status: 401, body: { message: 'Unauthorized' } });
    expect(asked).toBe(0);
  });

  it('refuses with 403 when it says no', async () => {
    const url = await serve([route('ANY /x', { authorizer: authorizer(0) })], echo, {
      authorizer: () => ({ isAuthorized: false }),
    });
    expect(await seen(await call(url, 'k'))).toEqual({ status: 403, body: { message: 'Forbidden' } });
  });

  it('fails with 500 when it fails or answers something else', async () => {
    const url = await serve([route('ANY /x', { authorizer: authorizer(0) })], echo, {
      authorizer: ({ headers }) =>
        headers['x-api-key'] === 'odd' ? { ok: true } : Promise.reject(new Error('down')),
    });
    expect((await call(url, 'odd')).status).toBe(500);
    expect((await call(url, 'k')).status).toBe(500);
  });

  it.each([
    [0, 3],
    [60, 2],
  ])(
    'with %i s to live is asked %i times for two identities in three requests',
    async (ttlSeconds, expected) => {
      let asked = 0;
      const url = await serve([route('ANY /x', { authorizer: authorizer(ttlSeconds) })], echo, {
        authorizer: ({ headers }) => {
          asked++;
          return { isAuthorized: headers['x-api-key'] === 'good' };
        },
      });
      const statuses = [];
      for (const key of ['good', 'good', 'bad']) statuses.push((await call(url, key)).status);
      expect(statuses).toEqual([200, 200, 403]);
      expect(asked).toBe(expected);
    },
  );
});

describe('cross-origin requests', () => {
  const cors = {
    AllowOrigins: ['https://app.example', 'http://*'],
    AllowMethods: ['GET', 'POST'],
    AllowHeaders: ['x-api-key'],
    ExposeHeaders: ['x-count'],
    MaxAge: 60,
    AllowCredentials: true,
  };
  const api: Handler = () => ({
    statusCode: 200,
    headers: { 'access-control-allow-origin': 'https://evil' },
    body: '',
  });

  it('get their preflight answered without the function', async () => {
    const url = await serve([route('GET /')], () => expect.unreachable(), { cors });
    const preflight = (origin: string) => fetch(`${url}/`, { method: 'OPTIONS', headers: { origin } });
    const allowed = await preflight('https://app.example');
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'x-api-key',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '60',
    });
    const refused = await preflight('https://other.example');
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('get the configured headers, never those of the function', async () => {
    const url = await serve([route('GET /')], api, { cors });
    const from = async (origin: string) => (await fetch(`${url}/`, { headers: { origin } })).headers;
    expect((await from('http://localhost:3000')).get('access-control-allow-origin')).toBe(
      'http://localhost:3000',
    );
    expect((await from('http://localhost:3000')).get('access-control-expose-headers')).toBe('x-count');
    expect((await from('https://evil')).get('access-control-allow-origin')).toBeNull();
  });

  it('get what the function says when nothing is configured', async () => {
    const url = await serve([route('GET /')], api);
    expect((await fetch(`${url}/`)).headers.get('access-control-allow-origin')).toBe('https://evil');
  });
});

describe('reading an HTTP API from a template', () => {
  const { folder, remove } = temporaryFolder();
  afterEach(remove);
  const read = (resources: Record<string, object>) => {
    const assembly = assemblyOf(folder, resources);
    return readHttpApi((type) => assembly.resources(type));
  };
  const api = { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } };
  const integration = (more: object = {}) => ({
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      ApiId: { Ref: 'Api' },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: API,
      PayloadFormatVersion: '2.0',
      ...more,
    },
  });
  const routeResource = (more: object = {}) => ({
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: { Ref: 'Api' },
      RouteKey: 'GET /a/{id}',
      Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
      ...more,
    },
  });

  it('finds nothing where there is none', () => {
    expect(read({})).toBeUndefined();
  });

  it('ties routes to functions, with the timeout of the integration', () => {
    const definition = read({
      Api: api,
      Integration: integration({ TimeoutInMillis: 5000 }),
      Route: routeResource(),
    });
    expect(definition?.routes).toEqual([
      { routeKey: 'GET /a/{id}', method: 'GET', segments: ['a', '{id}'], functionArn: API, timeoutMs: 5000 },
    ]);
  });

  it('fails for what is not served locally, naming the resource', () => {
    const jwt = { Type: 'AWS::ApiGatewayV2::Authorizer', Properties: { AuthorizerType: 'JWT', Name: 'jwt' } };
    const byJwt = routeResource({ AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'Jwt' } });
    const cases: [Record<string, object>, string][] = [
      [{ Api: api, Second: api }, 'Second: a second API'],
      [
        { Api: api, Integration: integration({ PayloadFormatVersion: '1.0' }), Route: routeResource() },
        'Integration: only',
      ],
      [
        { Api: api, Integration: integration(), Route: routeResource({ AuthorizationType: 'AWS_IAM' }) },
        'Route: authorization',
      ],
      [{ Api: api, Integration: integration(), Jwt: jwt, Route: byJwt }, 'Jwt: only REQUEST authorizers'],
      [{ Api: api, Route: routeResource({ Target: 'integrations/none' }) }, 'Route: no integration'],
    ];
    for (const [resources, message] of cases) expect(() => read(resources)).toThrow(message);
  });
});
