import { beforeEach, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { JOB_ATTEMPTS } from '../../functions/campaign-job-records.ts';
import { JOB_WORK } from '../../functions/campaign-job-work.ts';
import { COLLECTION, documentId, idsBelow } from '../../functions/contracts/campaign-collections.ts';
import { CAMPAIGN_JOBS } from '../../functions/contracts/campaign-jobs.ts';
import type { JobRecord, Recommendation } from '../../functions/contracts/campaign-records.ts';
import { parseCron } from '../../functions/contracts/cron.ts';
import { InvalidDatasetError } from '../../functions/errors.ts';
import { handler } from '../../functions/handlers/campaign-jobs.ts';
import { createLogger } from '../../functions/observability.ts';
import { insightOf } from '../adapters/campaign-store-contract.ts';
import { dayOf, daysOf } from '../campaigns/insight-fixture.ts';

/** 06:00 in São Paulo, which has no summer time. */
const CLASSIFICATION = '2026-03-02T09:00:00.000Z';

describe('the jobs about campaigns', () => {
  let ports: MemoryPorts;
  let now: Date;
  let log: string[];
  const tick = (scheduledAt: string) => {
    now = new Date(scheduledAt);
    return handler.with({ ports: () => ports, log: createLogger({ write: (line) => log.push(line) }) })({
      scheduledAt,
    });
  };
  const jobs = async (tenant = 'acme') => {
    const page = await ports.campaignDocuments.list<JobRecord>(tenant, COLLECTION.jobs, { limit: 100 });
    return page.items.map(({ value }) => value);
  };
  const told = async (tenant?: string) =>
    (await jobs(tenant)).map(({ job, period, status }) => `${period} ${job} ${status}`);
  const tiers = async (tenant = 'acme', configId = 1) =>
    (
      await ports.campaignDocuments.list(tenant, COLLECTION.classificationHistory(configId, 'c1'), {
        limit: 100,
      })
    ).items;

  beforeEach(async () => {
    log = [];
    ports = memoryPorts({ now: () => now });
    const insights = daysOf(30).map((day) => insightOf('c1', day.date, day));
    await ports.insights.put({ tenant: 'acme', configId: 1 }, insights);
  });

  it('recur at the times of the source, all on quarters of an hour', () => {
    const times = CAMPAIGN_JOBS.map(({ name, cron }) => `${name} ${cron}`);
    expect(times).toEqual([
      'daily-ml-pipeline 0 2 * * *',
      'daily-model-retraining 0 5 * * *',
      'daily-classification 0 6 * * *',
      'daily-recommendations 0 7 * * *',
      'daily-prediction-validation 0 8 * * *',
      'hourly-anomaly-detection 30 * * * *',
      'batch-predictions 15 */4 * * *',
    ]);
    for (const { cron } of CAMPAIGN_JOBS) expect(parseCron(cron)).toBeDefined();
  });

  it('run when they are due by the clocks of the deployment, as of the day before', async () => {
    await tick('2026-03-02T08:45:00.000Z');
    expect(await told()).toContain('2026-03-02T05:00Z daily-ml-pipeline COMPLETED');
    expect(await told()).toContain('2026-03-01T09:00Z daily-classification COMPLETED');
    await tick(CLASSIFICATION);
    expect(await told()).toContain('2026-03-02T09:00Z daily-classification COMPLETED');
    const newest = await ports.campaignDocuments.get('acme', COLLECTION.classifications(1), 'c1');
    expect(newest?.value).toMatchObject({ as_of: '2026-03-01', classified_at: CLASSIFICATION });
    expect((await jobs()).at(-1)).toMatchObject({ progress: 1, error_message: null, config_id: 1 });
  });

  it('write once however often and at once a period is delivered', async () => {
    await Promise.all([tick(CLASSIFICATION), tick(CLASSIFICATION)]);
    const [once, records] = [await tiers(), await told()];
    expect(records.every((line) => line.endsWith('COMPLETED'))).toBe(true);
    expect(await tick(CLASSIFICATION)).toMatchObject({ nAccounts: 1, nCompleted: 0, nFailed: 0 });
    expect(await tick('2026-03-02T09:15:00.000Z')).toMatchObject({ nCompleted: 0 });
    expect(await tiers()).toEqual(once);
    expect(await told()).toEqual(records);
    expect(once.map(({ id }) => id)).toContain(CLASSIFICATION);
  });

  it('detect anomalies, forecast and hold the forecasts against what came, each once', async () => {
    const account = { tenant: 'acme', configId: 1 };
    const put = (day: ReturnType<typeof dayOf>) =>
      ports.insights.put(account, [insightOf('c1', day.date, day)]);
    await put(dayOf(0, { spend: 900 }));
    const documents = async () =>
      Promise.all(
        [
          COLLECTION.anomalies(1),
          COLLECTION.forecasts(1, 'campaign', 'c1'),
          COLLECTION.predictions(1, 'campaign', 'c1'),
        ].map(
          async (collection) =>
            (await ports.campaignDocuments.list('acme', collection, { limit: 100 })).items,
        ),
      );
    await tick('2026-03-02T16:00:00.000Z');
    const [anomalies, forecasts] = await documents();
    expect(anomalies!.map(({ id }) => id)).toContain(
      documentId('2026-03-01', 'campaign', 'c1', 'SPEND_SPIKE'),
    );
    expect(forecasts!.map(({ id }) => id)).toContain(documentId('2026-03-01', 'spend'));
    const published = ports.contents.events.length;
    expect(published).toBeGreaterThan(0);

    await put(dayOf(-1, { spend: 120 }));
    await tick('2026-03-03T11:00:00.000Z');
    const after = await documents();
    const actual = after[2]!.find(
      ({ id }) => id === documentId('2026-03-02', 'SPEND_FORECAST', '2026-03-01'),
    );
    expect(actual?.value).toMatchObject({ actual_value: 120 });
    await tick('2026-03-03T11:00:00.000Z');
    expect(await documents()).toEqual(after);
    const critical = ports.contents.events.filter((event) => event.type === 'Critical Anomaly');
    const spikes = critical.filter(({ detail }) => detail.anomaly_date === '2026-03-01');
    expect(new Set(spikes.map(({ detail }) => detail.id)).size).toBe(spikes.length);
  });

  it('catch up what was missed, late but as of its own time', async () => {
    await tick('2026-03-02T16:00:00.000Z');
    const newest = await ports.campaignDocuments.get('acme', COLLECTION.classifications(1), 'c1');
    expect(newest?.value).toMatchObject({ classified_at: CLASSIFICATION });
    expect((await told()).filter((line) => line.includes('daily-classification'))).toEqual([
      '2026-03-02T09:00Z daily-classification COMPLETED',
    ]);
  });

  it('run for every account of every tenant, and record each for its own', async () => {
    const insights = daysOf(30).map((day) => insightOf('c1', day.date, day));
    await ports.insights.put({ tenant: 'rival', configId: 7 }, insights);
    await tick(CLASSIFICATION);
    expect(await told('rival')).toHaveLength((await told()).length);
    expect(await tiers('rival', 7)).not.toEqual([]);
    expect(await tiers('rival', 1)).toEqual([]);
  });

  it('issue recommendations and close those that have expired', async () => {
    const waste = daysOf(30, () => ({ leads: 0 })).map((day) => insightOf('w', day.date, day));
    await ports.insights.put({ tenant: 'acme', configId: 1 }, waste);
    const labels = async () => {
      const collection = COLLECTION.recommendations(1);
      const page = await ports.campaignDocuments.list<Recommendation>('acme', collection, {
        ...idsBelow('campaign', 'w'),
        limit: 9,
      });
      return page.items.map(({ label, value }) => `${value.recommendation_type} ${label}`);
    };
    await tick('2026-03-02T05:00:00.000Z');
    expect(await labels()).toEqual(['PAUSE_CAMPAIGN active']);
    await tick('2026-03-20T05:00:00.000Z');
    expect(await labels()).toEqual(['PAUSE_CAMPAIGN closed']);
  });

  it('fails for one account without keeping others from their turn, and tries it three times', async () => {
    const insights = daysOf(30).map((day) => insightOf('c1', day.date, day));
    await ports.insights.put({ tenant: 'rival', configId: 7 }, insights);
    const work = JOB_WORK['daily-classification']!;
    let broken = true;
    JOB_WORK['daily-classification'] = async (task) => {
      if (broken && task.account.tenant === 'acme') throw new InvalidDatasetError('no such day');
      return work(task);
    };
    try {
      const failed = () => jobs().then((all) => all.filter(({ status }) => status === 'FAILED'));
      const first = await tick(CLASSIFICATION);
      expect(first.nFailed).toBe(1);
      expect((await failed()).map(({ error_message }) => error_message)).toEqual([
        'InvalidDatasetError: no such day',
      ]);
      expect((await told('rival')).at(-1)).toContain('COMPLETED');
      for (let n = 1; n < JOB_ATTEMPTS; n++) expect((await tick(CLASSIFICATION)).nFailed).toBe(1);
      expect((await tick(CLASSIFICATION)).nFailed).toBe(0);
      broken = false;
      expect((await tick(CLASSIFICATION)).nCompleted).toBe(0);
      expect((await tick('2026-03-03T09:00:00.000Z')).nFailed).toBe(0);
      const line = log.map((text) => JSON.parse(text)).find(({ event }) => event === 'job failed');
      expect(line).toMatchObject({ failedJobs: 1, job: expect.any(String) });
      // The alarm watches the metric without dimensions.
      expect(line._aws.CloudWatchMetrics).toEqual([
        { Namespace: 'tessella', Dimensions: [[]], Metrics: [{ Name: 'failedJobs', Unit: 'Count' }] },
      ]);
    } finally {
      JOB_WORK['daily-classification'] = work;
    }
  });

  it('leave the insights they judge as they came', async () => {
    const account = { tenant: 'acme', configId: 1 };
    const kept = () =>
      ports.insights.entityDays(account, 'campaign', 'c1', { from: '2025-01-01', to: '2026-12-31' });
    const before = await kept();
    expect(before).toHaveLength(30);
    ports.insights.put = () => Promise.reject(new Error('a job wrote insights'));
    for (const at of ['02T05:00', '02T16:00', '03T08:00', '03T16:00']) await tick(`2026-03-${at}:00.000Z`);
    const records = await jobs();
    expect(new Set(records.map(({ job }) => job)).size).toBe(CAMPAIGN_JOBS.length);
    expect(records.map(({ error_message }) => error_message).filter((text) => text !== null)).toEqual([]);
    expect(await kept()).toEqual(before);
  });

  it('take over from a holder that died, and leave one that works alone', async () => {
    const work = JOB_WORK['daily-classification']!;
    JOB_WORK['daily-classification'] = () => new Promise(() => {});
    void tick(CLASSIFICATION);
    await new Promise((ready) => setTimeout(ready, 50));
    JOB_WORK['daily-classification'] = work;
    await tick('2026-03-02T09:14:00.000Z');
    expect((await told()).at(-1)).toContain('RUNNING');
    await tick('2026-03-02T09:15:01.000Z');
    expect((await told()).filter((line) => line.includes('RUNNING'))).toEqual([]);
  });
});
