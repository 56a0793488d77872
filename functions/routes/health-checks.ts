import { checkHealth, type Health, jobStates } from '../check-health.ts';
import { ENV } from '../contracts/env.ts';
import { type HealthDetailed, healthDetailedSchema, liveSchema, readySchema } from '../contracts/health.ts';
import { defineRoute, type Route } from './route.ts';

const DOWN = { status: 503 } as const;

const statesOf = ({ probes: { database, storage, workflow } }: Health) => {
  const state = ({ problem }: { problem: string | null }) => (problem === null ? 'ok' : 'down');
  return { database: state(database), storage: state(storage), workflow: state(workflow) } as const;
};

/** Whether the process answers; asks nothing else. */
const live = defineRoute({
  method: 'GET',
  path: '/health/live',
  summary: 'Does the process answer?',
  status: 200,
  answer: liveSchema,
  handle: () => ({ body: { status: 'alive' as const } }),
});

/** Whether everything that requests need answers. */
const ready = defineRoute({
  method: 'GET',
  path: '/health/ready',
  summary: 'Do DynamoDB, S3 and Step Functions answer?',
  status: 200,
  answer: readySchema,
  unavailable: readySchema,
  async handle(_, ports) {
    const health = await checkHealth(ports);
    const checks = statesOf(health);
    if (health.isReady) return { body: { status: 'ready' as const, checks } };
    return { ...DOWN, body: { status: 'not_ready' as const, checks } };
  },
});

/** Everything known of the state of the service. */
const detailed = defineRoute({
  method: 'GET',
  path: '/health/detailed',
  summary: 'State of DynamoDB, S3, Step Functions and the last job of each kind',
  status: 200,
  answer: healthDetailedSchema,
  unavailable: healthDetailedSchema,
  async handle(_, ports) {
    const health = await checkHealth(ports);
    const now = ports.clock.now();
    const { state, ...jobs } = jobStates(health.heartbeats ?? new Map(), now);
    const isFine = state === 'ok' || state === 'none';
    const status: HealthDetailed['status'] = !health.isReady ? 'unhealthy' : isFine ? 'healthy' : 'degraded';
    return {
      ...(!health.isReady && DOWN),
      body: {
        status,
        version: process.env[ENV.appVersion] ?? 'unknown',
        timestamp: now.toISOString(),
        checks: { ...statesOf(health), jobs: health.heartbeats ? state : 'unknown' },
        probes: health.probes,
        ...jobs,
      },
    };
  },
});

/** Routes of the function that looks at what the service rests on; anybody may ask, and hears of no tenant. */
export const healthRoutes: readonly Route[] = [
  live, //     GET /health/live
  ready, //    GET /health/ready
  detailed, // GET /health/detailed
];
