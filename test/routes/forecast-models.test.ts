import { beforeEach, describe, expect, it } from 'vitest';
import { JOB_WORK } from '../../functions/campaign-job-work.ts';
import { COLLECTION, documentId } from '../../functions/contracts/campaign-collections.ts';
import type { ForecastRecord, Prediction, TrainedModel } from '../../functions/contracts/campaign-records.ts';
import { Random } from '../../functions/stats/random.ts';
import { trainForecastModels } from '../../functions/train-forecast-models.ts';
import { AS_OF, daysOf } from '../campaigns/insight-fixture.ts';
import { openApi } from './api-fixture.ts';

const account = { tenant: 'acme', configId: 1 };
const query = { config_id: '1' };
const LEADS = '/api/v1/models/active/TIME_SERIES_LEADS';

/** Campaigns whose leads climb by the same step for 90 days, under noise that a backtest of one of them drowns in. */
async function openAccount(nCampaigns = 16) {
  const api = openApi(() => new Date('2026-03-02T12:00:00.000Z'));
  for (let n = 0; n < nCampaigns; n++) {
    const random = new Random(3).fork(n);
    const days = daysOf(90, (back) => ({
      leads: Math.max(0, Math.round(200 + 3 * (90 - back) + random.normal(0, 60))),
      spend: 1000 + Math.round(random.normal(0, 50)),
    }));
    const insights = days.map((day) => ({ entity_type: 'campaign' as const, entity_id: `c${n}`, ...day }));
    await api.ports.insights.put(account, insights);
  }
  const train = (time: string, asOf = AS_OF) =>
    trainForecastModels(api.ports, account, { asOf, at: new Date(time) });
  const forecast = (time: string) =>
    JOB_WORK['batch-predictions']({ ports: api.ports, account, at: new Date(time) });
  const activate = (id: string) => api.call({ method: 'POST', path: `/api/v1/models/${id}/activate` });
  const stored = async (metric: 'leads' | 'spend') => {
    const [of, type] = [COLLECTION.forecasts(1, 'campaign', 'c0'), metric.toUpperCase()];
    const record = await api.ports.campaignDocuments.get<ForecastRecord>(
      'acme',
      of,
      documentId(AS_OF, metric),
    );
    const prediction = await api.ports.campaignDocuments.get<Prediction>(
      'acme',
      COLLECTION.predictions(1, 'campaign', 'c0'),
      documentId('2026-03-02', `${type}_FORECAST`, AS_OF),
    );
    return { forecast: record!.value, prediction: prediction!.value };
  };
  return { ...api, train, forecast, activate, stored };
}

describe('models of time series', () => {
  let api: Awaited<ReturnType<typeof openAccount>>;
  beforeEach(async () => {
    api = await openAccount();
  });

  it('are versions with the method they chose, by which days, and how it did on days that the choice did not see', async () => {
    const models = await api.train('2026-03-02T08:00:00.000Z');
    expect(models.map(({ model_type }) => model_type)).toEqual(['TIME_SERIES_CPL', 'TIME_SERIES_LEADS']);
    const leads = models[1]!;
    expect(leads).toMatchObject({
      version: '2026-03-02T08:00:00.000Z',
      parameters: { method: 'linear', candidates: ['ema', 'linear'], target_metric: 'leads' },
      samples_count: 16,
      status: 'ACTIVE',
      validation_metrics: { beats_own: true },
    });
    const { ema_mase, linear_mase } = leads.training_metrics;
    expect(Number(linear_mase)).toBeLessThan(Number(ema_mase));
    const { mase, own_mase } = leads.validation_metrics;
    expect(Number(mase)).toBeLessThan(Number(own_mase));
    const listed = await api.call({
      path: '/api/v1/models',
      query: { ...query, model_type: 'TIME_SERIES_LEADS' },
    });
    expect(listed.json.models).toEqual([leads]);
    expect((await api.call({ path: LEADS, query })).json).toEqual(leads);
  });

  it('make the forecasts of the job, which name them, and spend has none', async () => {
    await api.forecast('2026-03-02T08:15:00.000Z');
    expect(await api.stored('leads')).toMatchObject({
      forecast: { model_version: '1' },
      prediction: { model_id: null },
    });
    const [, leads] = await api.train('2026-03-02T09:00:00.000Z');
    await api.forecast('2026-03-02T12:15:00.000Z');
    expect(await api.stored('leads')).toMatchObject({
      forecast: { method: 'linear', band: 'calibrated', model_version: leads!.version },
      prediction: { model_id: leads!.id },
    });
    expect((await api.stored('spend')).prediction.model_id).toBeNull();
    const metrics = (await api.call({ path: `/api/v1/models/${leads!.id}/metrics` })).json;
    expect(metrics).toMatchObject({
      accuracy: null,
      mase: leads!.validation_metrics.mase,
      samples_trained: 16,
      predictions_count: 16 * 7,
    });
    const { json } = await api.call({ path: `/api/v1/models/${leads!.id}` });
    expect(json.last_used_at).toBe('2026-03-02T12:15:00.000Z');
  });

  it('give way to a newer version and come back byte for byte; campaigns choose for themselves again', async () => {
    const [, first] = await api.train('2026-03-02T08:00:00.000Z');
    const [, second] = await api.train('2026-03-02T09:00:00.000Z');
    const status = async ({ id }: TrainedModel) =>
      (await api.call({ path: `/api/v1/models/${id}` })).json.status;
    expect([await status(first!), await status(second!)]).toEqual(['DEPRECATED', 'ACTIVE']);
    const bytes = api.ports.contents.objects.get(first!.model_path)?.slice();
    expect((await api.activate(first!.id)).json.status).toBe('ACTIVE');
    expect(api.ports.contents.objects.get(first!.model_path)).toEqual(bytes);
    await api.forecast('2026-03-02T12:15:00.000Z');
    expect((await api.stored('leads')).prediction.model_id).toBe(first!.id);
    const gone = await api.call({ method: 'DELETE', path: LEADS, query });
    expect(gone.json).toMatchObject({ method: 'auto' });
    await api.forecast('2026-03-02T16:15:00.000Z');
    expect((await api.stored('leads')).prediction.model_id).toBeNull();
    expect((await api.call({ path: LEADS, query })).json.detail).toContain(
      'each campaign chooses for itself',
    );
  });

  it('fails to find a model in too few campaigns: there is none, and the job goes on', async () => {
    const young = await openAccount(3);
    expect(await young.train('2026-03-02T08:00:00.000Z')).toEqual([]);
    const work = JOB_WORK['daily-model-retraining'];
    expect(
      await work({ ports: young.ports, account, at: new Date('2026-03-02T08:00:00.000Z') }),
    ).toMatchObject({
      made: expect.any(Number),
    });
    expect((await young.call({ path: LEADS, query })).statusCode).toBe(404);
  }, 60_000);
});
