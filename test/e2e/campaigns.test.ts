import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayNumber, dayText } from '../../functions/contracts/campaign-entities.ts';
import { CAMPAIGN_JOBS } from '../../functions/contracts/campaign-jobs.ts';
import type {
  AnomalyRecord,
  Classification,
  JobRecord,
  Recommendation,
} from '../../functions/contracts/campaign-records.ts';
import { HEARTBEATS } from '../../functions/contracts/health.ts';
import type { CampaignJobsResult } from '../../functions/handlers/campaign-jobs.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';
import { storedItems } from '../support/stored-sizes.ts';

const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;
/** The last quarter of an hour that has struck. */
const AT = Math.floor(Date.now() / QUARTER_MS) * QUARTER_MS;
const TIME_ZONE = 'America/Sao_Paulo';
/** Yesterday by the clocks of the accounts. */
const AS_OF = dayText(dayNumber(new Intl.DateTimeFormat('sv-SE', { timeZone: TIME_ZONE }).format(AT)) - 1);
/** Periods of an account that one tick looks back on. */
const DUE = CAMPAIGN_JOBS.reduce((sum, { catchUp }) => sum + catchUp, 0);
const iso = (ms: number) => new Date(ms).toISOString();

/** A second before a quarter of an hour, until the test moves it on: what is due then fires. */
const clock = {
  at: AT - 1000,
  waiting: [] as { due: number; callback: () => void }[],
  now: () => clock.at,
  after(delayMs: number, callback: () => void) {
    const timer = { due: clock.at + delayMs, callback };
    clock.waiting.push(timer);
    return () => {
      clock.waiting = clock.waiting.filter((one) => one !== timer);
    };
  },
  moveTo(ms: number) {
    clock.at = ms;
    const due = clock.waiting.filter((timer) => timer.due <= ms);
    clock.waiting = clock.waiting.filter((timer) => timer.due > ms);
    for (const { callback } of due) callback();
  },
};

let stack: Stack;
let acme: ReturnType<typeof apiOf>;
let jobsFunction: string;

const invoke = async (scheduledAt: number): Promise<CampaignJobsResult> =>
  JSON.parse(
    await stack.cloud.lambda.invoke(jobsFunction, JSON.stringify({ scheduledAt: iso(scheduledAt) })),
  );
const jobsOf = async (api = acme) => (await api.get<{ jobs: JobRecord[] }>('/v1/jobs?limit=1000')).body.jobs;
/** All that is stored of campaigns, but for the heartbeats that every tick leaves behind. */
const campaignItems = async () => {
  const [, table = ''] = Object.entries(stack.cloud.tables).find(([id]) => id.includes('Campaigns'))!;
  const items: string[] = [];
  for await (const item of storedItems(stack.cloud, table)) {
    if (item.collection?.S !== HEARTBEATS) items.push(JSON.stringify(item));
  }
  return items.sort();
};

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await holds()); waited += 200) {
    if (waited > 60_000) throw new Error(`Waited a minute for ${what}.`);
    await delay(200);
  }
}

/** 28 days up to yesterday, each as `of` says by how many days it lies back. */
const history = (entity_id: string, of: (back: number) => object) =>
  Array.from({ length: 28 }, (_, n) => 27 - n).map((back) => ({
    entity_type: 'campaign',
    entity_id,
    date: dayText(dayNumber(AS_OF) - back),
    spend: 100 + (back % 5),
    impressions: 10_000 + 10 * (back % 3),
    clicks: 100 + (back % 4),
    leads: 10 + (back % 3),
    ...of(back),
  }));

beforeAll(async () => {
  stack = await startStack(undefined, undefined, { schedules: clock });
  acme = apiOf(stack, await stack.keyOf('acme'));
  jobsFunction = stack.cloud.lambda.functionNames.find((name) => name.includes('CampaignJobs'))!;
});
afterAll(async () => {
  await stack?.remove();
});

describe('campaigns on the whole stack', () => {
  it('become features, tiers, recommendations and anomalies, one of which is acknowledged', async () => {
    const insights = [
      ...history('good', () => ({ leads: 40 })),
      ...history('usual', () => ({})),
      ...history('waste', () => ({ leads: 0 })),
      ...history('spike', (back) => (back === 0 ? { spend: 900, leads: 90 } : {})),
    ];
    const put = await acme.post('/v1/campaigns/insights', { config_id: 1, insights });
    expect(put.status).toBe(200);
    const { body: good } = await acme.get<{ features: object; insufficient_data: boolean }>(
      '/v1/campaigns/features?config_id=1&campaign_id=good',
    );
    expect(good).toMatchObject({
      features: { leads_7d: 280, days_with_leads_7d: 7 },
      insufficient_data: false,
    });

    const { body: told } = await acme.post<{ classifications: Classification[] }>(
      '/api/v1/classifications/campaigns/classify',
      { config_id: 1 },
    );
    const tiers = told.classifications.map(({ campaign_id, tier }) => `${campaign_id} ${tier}`);
    expect(tiers).toContain('good HIGH_PERFORMER');
    expect(tiers).toContain('waste UNDERPERFORMER');

    await acme.post('/api/v1/recommendations/generate', { config_id: 1 });
    const { body: advice } = await acme.get<{ recommendations: Recommendation[] }>(
      '/api/v1/recommendations?config_id=1&active_only=true',
    );
    const types = advice.recommendations.map((one) => `${one.entity_id} ${one.recommendation_type}`);
    expect(types).toContain('good SCALE_UP');
    expect(types).toContain('waste PAUSE_CAMPAIGN');

    const detected = await acme.post<{ anomalies: AnomalyRecord[] }>('/api/v1/anomalies/detect', {
      config_id: 1,
    });
    const spike = detected.body.anomalies.find((one) => one.anomaly_type === 'SPEND_SPIKE')!;
    expect(spike).toMatchObject({ entity_id: 'spike', severity: 'CRITICAL', is_acknowledged: false });
    expect(spike.notified_at).not.toBeNull();
    const path = `/api/v1/anomalies/${spike.id}/acknowledge`;
    const acknowledged = await acme.post(path, { resolution_notes: 'Orçamento corrigido' });
    expect([acknowledged.status, acknowledged.body]).toMatchObject([200, { is_acknowledged: true }]);
    const { body: list } = await acme.get<{ anomalies: AnomalyRecord[] }>(
      '/api/v1/anomalies?config_id=1&acknowledged=true',
    );
    expect(list.anomalies.map(({ id, resolution_notes }) => [id, resolution_notes])).toEqual([
      [spike.id, 'Orçamento corrigido'],
    ]);
  }, 60_000);

  it('have their jobs run by the scheduler, once, and a second delivery of the same tick writes nothing', async () => {
    clock.moveTo(AT);
    await until('the jobs', async () => {
      const jobs = await jobsOf();
      return jobs.length === DUE && jobs.every(({ status }) => status === 'COMPLETED');
    });
    const before = await campaignItems();
    expect(await invoke(AT)).toMatchObject({ nAccounts: 1, nCompleted: 0, nFailed: 0 });
    expect(await campaignItems()).toEqual(before);
  }, 90_000);

  it('have hours that were missed caught up, and of two ticks at once each period is done by one', async () => {
    const before = await jobsOf();
    const later = AT + 3 * HOUR_MS;
    const both = await Promise.all([invoke(later), invoke(later)]);
    const jobs = await jobsOf();
    const fresh = jobs.length - before.length;
    expect(both.map(({ nFailed }) => nFailed)).toEqual([0, 0]);
    expect(both[0]!.nCompleted + both[1]!.nCompleted).toBe(fresh);
    const periods = jobs.map(({ job, period }) => `${job} ${period}`);
    expect(new Set(periods).size).toBe(periods.length);
    const hourly = jobs.filter(({ job }) => job === 'hourly-anomaly-detection');
    const hours = hourly.map(({ period }) => Date.parse(period)).sort((a, b) => b - a);
    // Three hours passed without a tick, and each has its detection.
    expect(hours.slice(0, 3).map((hour, n) => hours[0]! - hour - n * HOUR_MS)).toEqual([0, 0, 0]);
    expect(later - hours[0]!).toBeLessThan(HOUR_MS);
    expect(hourly).toHaveLength(6);
  }, 90_000);

  it('of many accounts are handed out over the event bus, and each account has its turn', async () => {
    const agency = apiOf(stack, await stack.keyOf('agency'));
    for (let config_id = 1; config_id <= 26; config_id++) {
      const insights = history('c1', () => ({})).slice(-1);
      expect((await agency.post('/v1/campaigns/insights', { config_id, insights })).status).toBe(200);
    }
    expect(await invoke(AT)).toMatchObject({ nAccounts: 0, nCompleted: 0, nShares: 2 });
    await until('the first job of each account', async () => {
      const first = (await jobsOf(agency)).filter(({ job }) => job === CAMPAIGN_JOBS[0].name);
      return first.length === 26 && first.every(({ status }) => status === 'COMPLETED');
    });
  }, 120_000);
});
