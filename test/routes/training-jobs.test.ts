import { describe, expect, it } from 'vitest';
import { COLLECTION } from '../../functions/contracts/campaign-collections.ts';
import { trainingRequestSchema } from '../../functions/contracts/campaign-jobs.ts';
import { jobRecordSchema } from '../../functions/contracts/campaign-records.ts';
import { handler } from '../../functions/handlers/campaign-jobs.ts';
import { createLogger } from '../../functions/observability.ts';
import { insightOf } from '../adapters/campaign-store-contract.ts';
import { generatedAccount } from '../campaigns/generated-account.ts';
import { daysOf } from '../campaigns/insight-fixture.ts';
import { openApi } from './api-fixture.ts';

const TRAIN = { method: 'POST', path: '/api/v1/classifications/train', body: { config_id: 1 } };

async function openAccount(campaigns: ReturnType<typeof generatedAccount>) {
  const api = openApi(() => new Date('2026-03-02T08:00:30.000Z'));
  for (const { id, days } of campaigns) {
    const insights = days.map((day) => insightOf(id, day.date, day));
    await api.ports.insights.put({ tenant: 'acme', configId: 1 }, insights);
  }
  /** Delivers what was published, as the bus does. */
  const deliver = async () => {
    const event = api.ports.contents.events.find((one) => one.type === 'Training Requested');
    const training = trainingRequestSchema.parse({ tenant: event?.tenant, ...event?.detail });
    const log = createLogger({ write: () => {} });
    return handler.with({ ports: () => api.ports, log })({ training });
  };
  const jobs = async (query = {}, tenant = 'acme') =>
    (await api.call({ path: '/v1/jobs', query: { job: 'model-training', ...query }, tenant })).json.jobs;
  return { ...api, deliver, jobs };
}

/** 60 campaigns of 21 weeks each. */
const large = () => openAccount(generatedAccount(60, 180));
/** More campaigns than a caller waits for, each of a few days. */
const wide = () => openAccount(Array.from({ length: 1001 }, (_, n) => ({ id: `w${n}`, days: daysOf(2) })));

describe('a training that takes longer than a caller waits', () => {
  it.each([
    ['samples', large],
    ['campaigns', wide],
  ])('of more than 1,000 %s is accepted as a job', async (_, open) => {
    const { call, jobs, ports } = await open();
    const { statusCode, json } = await call(TRAIN);
    expect(statusCode).toBe(202);
    expect(jobRecordSchema.parse(json)).toEqual(json);
    expect(json).toMatchObject({
      job: 'model-training',
      status: 'PENDING',
      config_id: 1,
      model_type: 'CAMPAIGN_CLASSIFIER',
      period: '2026-03-02T08:00Z',
    });
    expect(await jobs()).toEqual([json]);
    expect(await jobs({}, 'other')).toEqual([]);
    expect(ports.contents.events).toEqual([
      {
        type: 'Training Requested',
        tenant: 'acme',
        detail: { config_id: 1, requested_at: '2026-03-02T08:00:00.000Z', as_of: '2026-03-01' },
      },
    ]);
  });

  it('asked for twice in a minute is one job', async () => {
    const { call, jobs } = await wide();
    const [first, second] = [await call(TRAIN), await call(TRAIN)];
    expect(second.json).toEqual(first.json);
    expect(await jobs()).toHaveLength(1);
  });

  it('is done once however often it is delivered, and its job names the model', async () => {
    const { call, deliver, jobs, ports } = await large();
    await call(TRAIN);
    const done = [await deliver(), await deliver()].map(({ nCompleted }) => nCompleted);
    expect(done).toEqual([1, 0]);
    const [job] = await jobs();
    expect(job).toMatchObject({ status: 'COMPLETED', progress: 1, error_message: null });
    const model = await call({ path: `/api/v1/models/${job.model_id}` });
    expect(model.json.samples_count).toBeGreaterThan(1000);
    const models = await ports.campaignDocuments.list('acme', COLLECTION.models, { limit: 10 });
    expect(models.items).toHaveLength(1);
  }, 120_000);

  it('fails with what is missing where there is too little to learn from', async () => {
    const { call, deliver, jobs } = await wide();
    await call(TRAIN);
    expect(await deliver()).toMatchObject({ nFailed: 1 });
    const [job] = await jobs({ status: 'FAILED' });
    expect(job.error_message).toMatch(/^InsufficientDataError: There are \d+ samples/);
  });
});
