import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLES } from '../../infra/bundle.ts';
import { config } from '../../infra/config.ts';
import { synthesize } from '../infra/synthesize.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PAGE = 'https://app.example';

let stack: Stack;
beforeAll(async () => {
  const cors = { origins: [PAGE], maxAgeSeconds: 600 };
  const { outdir } = synthesize({ config: { ...config, cors }, bundles: BUNDLES });
  stack = await startStack(undefined, outdir);
});
afterAll(() => stack?.remove());

const ask = (method: string, path: string, headers: Record<string, string>) =>
  fetch(`${stack.cloud.apiUrl}${path}`, { method, headers });

describe('a deployment that allows a page to call it', () => {
  it('answers the preflight of this page on any route, without a key', async () => {
    for (const path of ['/v1/runs', '/api/v1/anomalies', '/api/v1/ai/purchasing_segmentation', '/nowhere']) {
      const { status, headers } = await ask('OPTIONS', path, {
        origin: PAGE,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-api-key',
      });
      expect(status, path).toBe(204);
      expect(headers.get('access-control-allow-origin')).toBe(PAGE);
      expect(headers.get('access-control-allow-methods')).toContain('GET');
      expect(headers.get('access-control-allow-headers')).toContain('x-api-key');
      expect(headers.get('access-control-max-age')).toBe('600');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it('lets the page read answers, their ETag and how long to wait, errors included', async () => {
    const key = await stack.keyOf('acme');
    const { status, headers } = await ask('GET', '/v1/runs', { origin: PAGE, 'X-API-Key': key });
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(headers.get('access-control-expose-headers')).toBe('etag,retry-after,x-request-id');
    const refused = await ask('GET', '/v1/runs', { origin: PAGE });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe(PAGE);
  });

  it('says nothing to any other page', async () => {
    for (const origin of [
      'https://other.example',
      'http://app.example',
      'https://app.example.evil.example',
    ]) {
      const preflight = await ask('OPTIONS', '/v1/runs', { origin, 'access-control-request-method': 'GET' });
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
      const health = await ask('GET', '/health', { origin });
      expect(health.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('answers what is no preflight of a browser without a body', async () => {
    const { status, headers } = await ask('OPTIONS', '/v1/runs', {});
    expect(status).toBe(204);
    expect(headers.get('x-request-id')).not.toBeNull();
  });
});
