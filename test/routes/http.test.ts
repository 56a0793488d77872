import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TransientStoreError } from '../../functions/errors.ts';
import { openApi } from './api-fixture.ts';

const RFM = JSON.stringify({ recency: 20, frequency: 2, monetary: 150 });
const manual = (body: string, event = {}) => ({ method: 'POST', path: '/segment/manual', body, event });

describe('HTTP handler', () => {
  it('fails with 404 as a problem document for an unknown path', async () => {
    const { statusCode, headers, json } = await openApi().call({ path: '/v2/runs' });
    expect(statusCode).toBe(404);
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': 'request-1',
    });
    expect(json).toEqual({
      type: 'about:blank',
      title: 'NotFoundError',
      status: 404,
      detail: 'There is nothing at GET /v2/runs. GET /openapi.json lists every path of this API.',
      reason: 'no_such_route',
      requestId: 'request-1',
    });
  });

  it.each([
    ['DELETE', '/v1/runs', 'GET, POST'],
    ['PUT', '/v1/runs/r1', 'GET'],
    ['GET', '/segment/manual', 'POST'],
  ])('fails with 405 for %s %s and names the methods that work', async (method, path, allow) => {
    const { statusCode, headers, json } = await openApi().call({ method, path });
    expect(statusCode).toBe(405);
    expect(headers.allow).toBe(allow);
    expect(json.title).toBe('MethodNotAllowedError');
  });

  it.each([
    ['/v1/runs/'],
    ['/v1/runs/a/b'],
    ['/V1/runs'],
    ['/v1/customers//segment'],
    ['//health'],
    ['/v1/runs/%E0%A4%A'],
  ])('does not stumble over the path %s', async (path) => {
    expect((await openApi().call({ path })).statusCode).toBe(404);
  });

  it('fails with 401 where no authorizer has run', async () => {
    const { statusCode, headers, json } = await openApi().call({ path: '/v1/runs', tenant: null });
    expect(statusCode).toBe(401);
    expect(json.title).toBe('UnauthorizedError');
    expect(headers['www-authenticate']).toMatch(/^ApiKey/);
  });

  it.each([
    ['GET', '/v1/runs', 'runs:read', ['segments:read', 'runs:write']],
    ['POST', '/v1/runs', 'runs:write', ['segments:read', 'runs:read']],
    ['GET', '/v1/runs/r1', 'runs:read', ['runs:write']],
    ['GET', '/v1/segments', 'segments:read', ['runs:read', 'runs:write']],
    ['GET', '/v1/customers/C-1/segment', 'segments:read', []],
    ['POST', '/segment/manual', 'segments:read', ['segments:write']],
    ['POST', '/segment/customer', 'segments:read', ['runs:read']],
  ])('fails with 403 for %s %s and names the scope %s', async (method, path, scope, scopes) => {
    const { json } = await openApi().call({ method, path, scopes });
    expect(json).toMatchObject({ status: 403, title: 'ForbiddenError', scope });
    expect(json.detail).toContain(scope);
  });

  it('reads Base64, gzip and both', async () => {
    const { call, publish } = openApi();
    await publish();
    const base64 = manual(Buffer.from(RFM).toString('base64'), { isBase64Encoded: true });
    expect((await call(base64)).statusCode).toBe(200);
    const gzip = manual(gzipSync(RFM).toString('base64'), {
      isBase64Encoded: true,
      headers: { 'content-encoding': 'gzip' },
    });
    expect((await call(gzip)).statusCode).toBe(200);
  });

  it.each([
    ['no body', '', {}],
    ['half a JSON document', '{"recency": 1', {}],
    ['a number that JSON does not have', '{"recency": NaN}', {}],
    [
      'bytes that are not UTF-8',
      Buffer.from([0x22, 0xff, 0x22]).toString('base64'),
      { isBase64Encoded: true },
    ],
    ['a body that is not the gzip it says', RFM, { headers: { 'content-encoding': 'gzip' } }],
    [
      'half a gzip stream',
      gzipSync(RFM).subarray(0, 20).toString('base64'),
      {
        isBase64Encoded: true,
        headers: { 'content-encoding': 'gzip' },
      },
    ],
    ['an unknown content encoding', RFM, { headers: { 'content-encoding': 'zstd' } }],
  ])('fails with 400 for %s', async (_what, body, event) => {
    const { call, publish } = openApi();
    await publish();
    const { statusCode, json } = await call(manual(body, event));
    expect(statusCode).toBe(400);
    expect(json.detail).toMatch(/^Invalid input/);
    expect(json.requestId).toBe('request-1');
  });

  it('fails with 413 for a body above 1 MiB, also when it is packed', async () => {
    const { call } = openApi();
    const large = JSON.stringify({ x: 'y'.repeat(1024 * 1024) });
    expect((await call(manual(large))).statusCode).toBe(413);
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024)).toString('base64');
    const event = { isBase64Encoded: true, headers: { 'content-encoding': 'gzip' } };
    expect((await call(manual(bomb, event))).statusCode).toBe(413);
  });

  it('lets a caller keep a GET and answers 304 while it has not changed', async () => {
    const { call, publish } = openApi();
    await publish();
    const first = await call({ path: '/v1/segments' });
    expect(first.headers['cache-control']).toBe('private, no-cache');
    const etag = first.headers.etag ?? '';
    const event = { headers: { 'if-none-match': `"other", W/${etag}` } };
    const second = await call({ path: '/v1/segments', event });
    expect([second.statusCode, second.body]).toEqual([304, '']);
    await publish('acme', 'orders', 'r2', '2026-02-02T00:00:00.000Z');
    expect((await call({ path: '/v1/segments', event })).statusCode).toBe(200);
  });

  it('forbids to keep what a POST answered', async () => {
    const { call, publish } = openApi();
    await publish();
    expect((await call(manual(RFM))).headers['cache-control']).toBe('no-store');
  });

  it('fails with 503 and a time to wait while a store is overloaded', async () => {
    const { call, ports } = openApi();
    ports.runs.list = () => Promise.reject(new TransientStoreError('Could not query the table.'));
    const { statusCode, headers, json } = await call({ path: '/v1/runs' });
    expect(statusCode).toBe(503);
    expect(headers['retry-after']).toBe('1');
    expect(json.title).toBe('TransientStoreError');
  });

  it('fails with 500 without a word of what went wrong inside, which only the log holds', async () => {
    const { call, ports, log } = openApi();
    ports.runs.list = () => Promise.reject(new Error('secret inner state'));
    const { statusCode, body, json } = await call({ path: '/v1/runs' });
    expect(statusCode).toBe(500);
    expect(json).toMatchObject({ title: 'InternalError', requestId: 'request-1' });
    expect(body).not.toContain('secret');
    expect(JSON.parse(log[0] ?? '')).toMatchObject({
      level: 'error',
      status: 500,
      requestId: 'request-1',
      stack: expect.stringContaining('secret inner state'),
    });
  });

  it('logs one line per request with the route’s pattern and no customer, path or body', async () => {
    const { call, publish, log } = openApi();
    await publish();
    await call({ path: '/v1/customers/C-1/segment' });
    await call({ path: '/v1/customers/jane@example.org/segment' });
    await call({ method: 'POST', path: '/segment/customer', body: { customer_id: 'jane@example.org' } });
    await call({ path: '/nothing/jane@example.org' });
    expect(log).toHaveLength(4);
    expect(JSON.parse(log[0] ?? '')).toMatchObject({
      event: 'request',
      route: 'GET /v1/customers/{customerId}/segment',
      status: 200,
      tenant: 'acme',
      durationMs: expect.any(Number),
    });
    expect(log.join('')).not.toMatch(/jane|C-1/);
  });
});
