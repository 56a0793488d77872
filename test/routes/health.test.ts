import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { awsPorts } from '../../functions/adapters/aws-ports.ts';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import { healthDetailedSchema, readySchema } from '../../functions/contracts/health.ts';
import { TransientStoreError } from '../../functions/errors.ts';
import { handler as campaignJobs } from '../../functions/handlers/campaign-jobs.ts';
import { createLogger } from '../../functions/observability.ts';
import type { Ports } from '../../functions/ports.ts';
import { healthRoutes } from '../../functions/routes/health-checks.ts';
import { httpHandler } from '../../functions/routes/http-handler.ts';
import { insightOf } from '../adapters/campaign-store-contract.ts';
import { daysOf } from '../campaigns/insight-fixture.ts';

const quiet = createLogger({ write: () => {} });

/** Asks without a key, as anybody may. */
async function ask(ports: Ports, path: string) {
  const handle = httpHandler({ routes: healthRoutes, ports: () => ports, log: quiet });
  const started = performance.now();
  const requestContext = { requestId: 'request-1', http: { method: 'GET' } };
  const { statusCode, body } = await handle({ rawPath: `/health/${path}`, requestContext });
  return { statusCode, json: JSON.parse(body), ms: performance.now() - started };
}

const down = () => Promise.reject(new TransientStoreError('down', { reason: 'TimeoutError' }));
const silent = () => new Promise<never>(() => {});

/** Each dependency, and how to replace what asks it. */
const BREAKS: readonly [string, (ports: Ports, broken: () => Promise<never>) => void][] = [
  ['database', (ports, broken) => Object.assign(ports.campaignDocuments, { list: broken })],
  ['storage', (ports, broken) => Object.assign(ports.probes, { storage: broken })],
  ['workflow', (ports, broken) => Object.assign(ports.probes, { workflow: broken })],
];

afterEach(() => vi.unstubAllEnvs());

describe('the state of the service', () => {
  it('is healthy while everything answers, before any job has run', async () => {
    vi.stubEnv('APP_VERSION', '1.2.3');
    const ports = memoryPorts({ now: () => new Date('2026-03-02T09:00:00.000Z') });
    expect(await ask(ports, 'live')).toMatchObject({ statusCode: 200, json: { status: 'alive' } });
    const checks = { database: 'ok', storage: 'ok', workflow: 'ok' };
    expect(await ask(ports, 'ready')).toMatchObject({ statusCode: 200, json: { status: 'ready', checks } });
    const { statusCode, json } = await ask(ports, 'detailed');
    expect(statusCode).toBe(200);
    expect(healthDetailedSchema.parse(json)).toEqual(json);
    expect(json).toMatchObject({
      status: 'healthy',
      version: '1.2.3',
      timestamp: '2026-03-02T09:00:00.000Z',
      checks: { ...checks, jobs: 'none' },
      last_tick: null,
    });
    expect(json.jobs).toHaveLength(7);
  });

  it.each(BREAKS)('fails with 503 while the %s is down, and names it alone', async (name, breakIt) => {
    const ports = memoryPorts();
    breakIt(ports, down);
    const readiness = await ask(ports, 'ready');
    expect(readiness.statusCode).toBe(503);
    expect(readySchema.parse(readiness.json)).toEqual({
      status: 'not_ready',
      checks: { database: 'ok', storage: 'ok', workflow: 'ok', [name]: 'down' },
    });
    const { statusCode, json } = await ask(ports, 'detailed');
    expect(statusCode).toBe(503);
    expect(healthDetailedSchema.parse(json)).toEqual(json);
    expect(json).toMatchObject({ status: 'unhealthy', checks: { [name]: 'down' } });
    expect(json.probes[name].problem).toBe('TransientStoreError');
    expect(json.checks.jobs).toBe(name === 'database' ? 'unknown' : 'none');
    expect((await ask(ports, 'live')).statusCode).toBe(200);
  });

  it.each(BREAKS)('fails within three seconds while the %s does not answer at all', async (name, breakIt) => {
    const ports = memoryPorts();
    breakIt(ports, silent);
    const { statusCode, json, ms } = await ask(ports, 'detailed');
    expect(statusCode).toBe(503);
    expect(json.probes[name].problem).toBe('timeout');
    expect(ms).toBeLessThan(3000);
  });
});

describe('the state of the jobs', () => {
  const open = async () => {
    let now = new Date('2026-03-02T09:00:00.000Z');
    const ports = memoryPorts({ now: () => now });
    const insights = daysOf(30).map((day) => insightOf('c1', day.date, day));
    await ports.insights.put({ tenant: 'acme', configId: 1 }, insights);
    const tick = (at: string) => {
      now = new Date(at);
      return campaignJobs.with({ ports: () => ports, log: quiet })({ scheduledAt: at });
    };
    const jobs = async (at: string) => {
      now = new Date(at);
      const { statusCode, json } = await ask(ports, 'detailed');
      expect(statusCode).toBe(200);
      return json;
    };
    return { ports, tick, jobs };
  };

  it('tells when each was done last, and of no tenant', async () => {
    const { tick, jobs } = await open();
    await tick('2026-03-02T09:00:00.000Z');
    const json = await jobs('2026-03-02T09:01:00.000Z');
    expect(json).toMatchObject({
      status: 'healthy',
      checks: { jobs: 'ok' },
      last_tick: '2026-03-02T09:00:00.000Z',
    });
    expect(json.jobs).toContainEqual({
      job: 'daily-classification',
      status: 'COMPLETED',
      period: '2026-03-02T09:00Z',
      completed_at: '2026-03-02T09:00:00.000Z',
    });
    expect(JSON.stringify(json)).not.toContain('acme');
  });

  it('is degraded while the last period of a job has failed, and well once it is done', async () => {
    const { ports, tick, jobs } = await open();
    const { entityDays, days } = ports.insights;
    ports.insights.days = () => {
      throw new TransientStoreError('down');
    };
    await tick('2026-03-02T09:00:00.000Z');
    const json = await jobs('2026-03-02T09:01:00.000Z');
    expect(json).toMatchObject({ status: 'degraded', checks: { database: 'ok', jobs: 'failed' } });
    Object.assign(ports.insights, { days, entityDays });
    await tick('2026-03-02T09:15:00.000Z');
    expect(await jobs('2026-03-02T09:16:00.000Z')).toMatchObject({
      status: 'healthy',
      checks: { jobs: 'ok' },
    });
  });

  it('is degraded when nobody looks for jobs any more, and names those that are due', async () => {
    const { tick, jobs } = await open();
    await tick('2026-03-02T09:00:00.000Z');
    expect((await jobs('2026-03-02T10:10:00.000Z')).checks.jobs).toBe('late');
    const json = await jobs('2026-03-02T10:20:00.000Z');
    expect(json).toMatchObject({ status: 'degraded', checks: { jobs: 'late' } });
    const late = json.jobs.filter((one: { status: string }) => one.status === 'LATE');
    expect(late.map((one: { job: string }) => one.job)).toEqual(['hourly-anomaly-detection']);
  });
});

describe('the clients of AWS', () => {
  const SETTINGS = {
    DATA_BUCKET: 'data',
    CAMPAIGNS_TABLE: 'campaigns',
    STATE_MACHINE_ARN: 'arn:aws:states:eu-central-1:000000000000:stateMachine:m',
  };
  const pointAt = (url: string) => {
    for (const [name, value] of Object.entries({
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    })) {
      vi.stubEnv(name, value);
    }
  };

  it('fail within three seconds where nobody listens', async () => {
    pointAt('http://127.0.0.1:1');
    const { statusCode, json, ms } = await ask(awsPorts(SETTINGS), 'detailed');
    expect(statusCode).toBe(503);
    expect(json.checks).toEqual({ database: 'down', storage: 'down', workflow: 'down', jobs: 'unknown' });
    expect(ms).toBeLessThan(3000);
  });

  it('fail within three seconds where the other side takes the connection and says nothing', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    server.on('connection', (socket) => socket.on('error', () => {}));
    pointAt(`http://127.0.0.1:${port}`);
    const { statusCode, json, ms } = await ask(awsPorts(SETTINGS), 'ready');
    server.close();
    expect(statusCode).toBe(503);
    expect(json.checks).toEqual({ database: 'down', storage: 'down', workflow: 'down' });
    expect(ms).toBeLessThan(3000);
  });

  it('fail where the deployment lacks a setting', async () => {
    const { statusCode, json } = await ask(awsPorts({}), 'detailed');
    expect(statusCode).toBe(503);
    expect(json.checks).toMatchObject({ database: 'down', storage: 'down', workflow: 'down' });
  });
});
