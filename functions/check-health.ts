import { campaignTimeZone } from './campaign-day.ts';
import { CAMPAIGN_JOBS } from './contracts/campaign-jobs.ts';
import { lastDue, parseCron } from './contracts/cron.ts';
import { SCHEDULE_PERIOD_MINUTES } from './contracts/env.ts';
import {
  DEPENDENCIES,
  type Dependency,
  HEARTBEATS,
  type HealthDetailed,
  type JobHeartbeat,
  LAST_TICK,
  NO_TENANT,
} from './contracts/health.ts';
import type { Ports } from './ports.ts';

type Stores = Pick<Ports, 'campaignDocuments' | 'probes'>;

/** Longest that one dependency is waited for, ms: whoever asks after our health does not wait long either. */
const PROBE_MS = 2000;
/** A job is late where its time has passed for three looks at what is due. */
const LATE_MS = 3 * SCHEDULE_PERIOD_MINUTES * 60_000;
const DAY_MS = 86_400_000;

/** What one dependency answered. */
export interface Probe {
  /** Name of the error, or `timeout`; null where it answered. */
  readonly problem: string | null;
  readonly latency_ms: number;
}

/** The dependencies, and what the jobs left behind as far as the database tells. */
export interface Health {
  readonly probes: Readonly<Record<Dependency, Probe>>;
  readonly isReady: boolean;
  readonly heartbeats: ReadonlyMap<string, JobHeartbeat> | undefined;
}

/** Asks DynamoDB, S3 and Step Functions at once for something small: two seconds at most, and never a throw. */
export async function checkHealth(ports: Stores): Promise<Health> {
  let heartbeats: Health['heartbeats'];
  const asked: Record<Dependency, () => Promise<void>> = {
    async database() {
      const limit = CAMPAIGN_JOBS.length + 1;
      const page = await ports.campaignDocuments.list<JobHeartbeat>(NO_TENANT, HEARTBEATS, { limit });
      heartbeats = new Map(page.items.map(({ id, value }) => [id, value]));
    },
    storage: () => ports.probes.storage(),
    workflow: () => ports.probes.workflow(),
  };
  const found = await Promise.all(
    DEPENDENCIES.map(async (name) => [name, await probe(asked[name])] as const),
  );
  return {
    probes: Object.fromEntries(found) as Record<Dependency, Probe>,
    isReady: found.every(([, { problem }]) => problem === null),
    heartbeats,
  };
}

async function probe(ask: () => Promise<void>): Promise<Probe> {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, PROBE_MS, 'timeout');
  });
  // A port whose setting is missing throws when it is first touched.
  const asked = Promise.resolve()
    .then(ask)
    .then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.name : 'Error'),
    );
  const problem = await Promise.race([asked, timeout]);
  clearTimeout(timer);
  return { problem, latency_ms: Math.round(performance.now() - started) };
}

/** How the last period of each job ended, and whether a later one is missing. */
export function jobStates(
  heartbeats: ReadonlyMap<string, JobHeartbeat>,
  now: Date,
): Pick<HealthDetailed, 'jobs' | 'last_tick'> & { readonly state: HealthDetailed['checks']['jobs'] } {
  const lastTick = heartbeats.get(LAST_TICK)?.completed_at ?? null;
  const jobs = CAMPAIGN_JOBS.map(({ name: job, cron }) => {
    const beat = heartbeats.get(job);
    if (!beat) return { job, status: 'NONE' as const, period: null, completed_at: null };
    const { period, completed_at } = beat;
    const status = isLate(cron, period, now) ? ('LATE' as const) : beat.status;
    return { job, status, period, completed_at };
  });
  const has = (status: (typeof jobs)[number]['status']) => jobs.some((one) => one.status === status);
  const tickIsLate = lastTick !== null && now.getTime() - Date.parse(lastTick) > LATE_MS;
  const state = has('FAILED') ? 'failed' : has('LATE') || tickIsLate ? 'late' : lastTick ? 'ok' : 'none';
  return { jobs, last_tick: lastTick, state };
}

function isLate(cron: string, period: string, now: Date): boolean {
  const parsed = parseCron(cron);
  const until = now.getTime() - LATE_MS;
  const due = parsed && lastDue(parsed, campaignTimeZone(), until - DAY_MS, until);
  return due !== undefined && due > Date.parse(period);
}
