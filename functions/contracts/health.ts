import { z } from 'zod';
import { isoTime } from './api-fields.ts';
import { CAMPAIGN_JOBS } from './campaign-jobs.ts';

const NAMES = CAMPAIGN_JOBS.map(({ name }) => name);

/** Tenant of what belongs to none: no tenant can be called so. */
export const NO_TENANT = '*';

/** Collection of what the function of the jobs leaves behind. Ids: names of jobs, and `LAST_TICK`. */
export const HEARTBEATS = 'HEARTBEATS';
/** Id of the record of the last tick, whatever was due. */
export const LAST_TICK = '@tick';

/** How the last period of a job ended in the latest tick that worked on it: failed where it did for one of the accounts. */
export interface JobHeartbeat {
  /** Tick that tells, ISO time; its shares of the accounts tell together. */
  readonly tick: string;
  readonly period: string;
  readonly status: 'COMPLETED' | 'FAILED';
  readonly completed_at: string;
}

/** What the API rests on. */
export const DEPENDENCIES = ['database', 'storage', 'workflow'] as const;
export type Dependency = (typeof DEPENDENCIES)[number];

const stateSchema = z.enum(['ok', 'down']);
const statesSchema = z.object({ database: stateSchema, storage: stateSchema, workflow: stateSchema });

/** Answer of `GET /health/live`. */
export const liveSchema = z
  .object({ status: z.literal('alive') })
  .meta({ id: 'HealthLive', examples: [{ status: 'alive' }] });

/** Answer of `GET /health/ready`. */
export const readySchema = z.object({ status: z.enum(['ready', 'not_ready']), checks: statesSchema }).meta({
  id: 'HealthReady',
  examples: [{ status: 'ready', checks: { database: 'ok', storage: 'ok', workflow: 'ok' } }],
});

const probeSchema = z.object({
  latency_ms: z.int(),
  problem: z.string().nullable().meta({ description: 'Name of the error, or `timeout`.' }),
});

/** Answer of `GET /health/detailed`. */
export const healthDetailedSchema = z
  .object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']).meta({
      description: '`unhealthy`, with 503: something is down. `degraded`: a job failed or is late.',
    }),
    version: z.string(),
    timestamp: isoTime,
    checks: z
      .object({ ...statesSchema.shape, jobs: z.enum(['ok', 'failed', 'late', 'none', 'unknown']) })
      .meta({
        description:
          'DynamoDB, S3, Step Functions, and the jobs: `none` before the first, `unknown` without a database.',
      }),
    probes: z.object({ database: probeSchema, storage: probeSchema, workflow: probeSchema }),
    jobs: z.array(
      z.object({
        job: z.enum(NAMES),
        status: z.enum(['COMPLETED', 'FAILED', 'LATE', 'NONE']).meta({
          description: 'Of the last period, over all accounts. `LATE`: a later one is due and not done.',
        }),
        period: z.string().nullable(),
        completed_at: isoTime.nullable(),
      }),
    ),
    last_tick: isoTime.nullable().meta({ description: 'When jobs were looked for last.' }),
  })
  .meta({ id: 'HealthDetailed' });
export type HealthDetailed = z.output<typeof healthDetailedSchema>;
