import { beforeAll, describe, expect, it } from 'vitest';
import type { TrainedModel } from '../../functions/contracts/campaign-records.ts';
import { generatedAccount } from '../campaigns/generated-account.ts';
import { daysOf } from '../campaigns/insight-fixture.ts';
import { openApi } from './api-fixture.ts';

const TRAIN = '/api/v1/classifications/train';
const CLASSIFY = '/api/v1/classifications/campaigns/classify';
const ACTIVE = '/api/v1/models/active/CAMPAIGN_CLASSIFIER';
const account = { config_id: '1' };

async function openAccount(campaigns: { id: string; days: ReturnType<typeof daysOf> }[]) {
  let now = new Date('2026-03-02T08:00:00.000Z');
  const api = openApi(() => now);
  for (const { id, days } of campaigns) {
    await api.ports.insights.put(
      { tenant: 'acme', configId: 1 },
      days.map((day) => ({ entity_type: 'campaign', entity_id: id, ...day })),
    );
  }
  const train = () => api.call({ method: 'POST', path: TRAIN, body: { config_id: 1 } });
  const classify = (method = 'auto') =>
    api.call({ method: 'POST', path: CLASSIFY, body: { config_id: 1, method } });
  return { ...api, train, classify, setNow: (text: string) => (now = new Date(text)) };
}

describe('a classifier that beats the rules', () => {
  let api: Awaited<ReturnType<typeof openAccount>>;
  let first: TrainedModel;
  beforeAll(async () => {
    api = await openAccount(generatedAccount(40, 150));
    first = (await api.train()).json;
  }, 60_000);

  it('is trained with the hyper-parameters of the source, measured in five folds, and activated', async () => {
    expect(first).toMatchObject({
      model_type: 'CAMPAIGN_CLASSIFIER',
      status: 'ACTIVE',
      is_active: true,
      parameters: {
        n_estimators: 100,
        max_depth: 4,
        learning_rate: 0.1,
        min_child_weight: 3,
        subsample: 0.8,
        colsample_bytree: 0.8,
        objective: 'multi:softprob',
        num_class: 4,
        eval_metric: 'mlogloss',
      },
      validation_metrics: { beats_rules: true },
    });
    const { accuracy, rules_accuracy, fold_accuracies } = first.validation_metrics;
    expect(Number(accuracy)).toBeGreaterThan(Number(rules_accuracy));
    expect(fold_accuracies).toHaveLength(5);
    expect(first.samples_count).toBeGreaterThan(500);
    expect((await api.call({ path: ACTIVE, query: account })).json.id).toBe(first.id);
  });

  it('decides where `auto` is asked for, and leaves the rules to whoever asks for them', async () => {
    const { json } = await api.classify();
    expect(json).toMatchObject({ method: 'model', model_id: first.id, classified: 40 });
    for (const one of json.classifications) {
      const values = Object.values(one.probabilities) as number[];
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
      expect(one.confidence_score).toBe(Math.max(...values));
      const importances = Object.values(one.feature_importances) as number[];
      expect(importances.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
    }
    const metrics = (await api.call({ path: `/api/v1/models/${first.id}/metrics` })).json;
    expect(metrics).toMatchObject({ predictions_count: 40, samples_trained: first.samples_count });
    expect(metrics.avg_confidence).toBeGreaterThan(0.25);
    expect((await api.classify('rules')).json).toMatchObject({ method: 'rules', model_id: null });
  });

  it('gives way to a new version and comes back byte for byte; the rules come back too', async () => {
    const { call, classify, setNow, train, ports } = api;
    const tell = async () => JSON.stringify((await classify()).json.classifications.map(probabilities));
    const activate = (id: string) => call({ method: 'POST', path: `/api/v1/models/${id}/activate` });
    const file = ports.contents.objects.get(first.model_path)?.slice();
    const more = generatedAccount(4, 150, 9).map(({ id, days }) => ({ id: `x${id}`, days }));
    for (const { id, days } of more) {
      await ports.insights.put(
        { tenant: 'acme', configId: 1 },
        days.map((day) => ({ entity_type: 'campaign', entity_id: id, ...day })),
      );
    }
    setNow('2026-03-02T09:00:00.000Z');
    const second: TrainedModel = (await train()).json;
    expect(second.model_path).not.toBe(first.model_path);
    expect(second.status).toBe('ACTIVE');
    const list = (await call({ path: '/api/v1/models', query: account })).json.models;
    expect(list.map(({ id, status }: TrainedModel) => [id, status])).toEqual([
      [second.id, 'ACTIVE'],
      [first.id, 'DEPRECATED'],
    ]);
    expect((await activate(first.id)).json).toMatchObject({ status: 'ACTIVE', is_active: true });
    const [ofFirst] = [await tell(), await activate(second.id)];
    const [ofSecond] = [await tell(), await activate(first.id)];
    expect(ofSecond).not.toBe(ofFirst);
    expect(await tell()).toBe(ofFirst);
    expect(ports.contents.objects.get(first.model_path)).toEqual(file);
    expect((await call({ method: 'DELETE', path: ACTIVE, query: account })).json.method).toBe('rules');
    expect((await call({ path: ACTIVE, query: account })).statusCode).toBe(404);
    expect((await classify()).json.method).toBe('rules');
  }, 60_000);

  it('fails to be seen or activated by another tenant, or to be read when its file was changed', async () => {
    const { call, ports } = await openAccount(generatedAccount(8, 120));
    const trained = await call({ method: 'POST', path: TRAIN, body: { config_id: 1 } });
    const { id, model_path }: TrainedModel = trained.json;
    const path = `/api/v1/models/${id}`;
    for (const request of [
      { path },
      { path: `${path}/metrics` },
      { method: 'POST', path: `${path}/activate` },
    ]) {
      expect((await call({ ...request, tenant: 'rival' })).json.reason).toBe('no_such_model');
    }
    await call({ method: 'DELETE', path: ACTIVE, query: account });
    const bytes = ports.contents.objects.get(model_path)!;
    ports.contents.objects.set(
      model_path,
      bytes.map((byte, at) => (at === 40 ? byte + 1 : byte)),
    );
    const changed = await call({ method: 'POST', path: `${path}/activate` });
    expect([changed.statusCode, changed.json.reason]).toEqual([500, 'model_changed']);
  }, 60_000);
});

describe('a classifier that does not', () => {
  it('stays beside the rules, and says by how much it fell short', async () => {
    // Two kinds of campaigns that never change: the rules are always right.
    const campaigns = Array.from({ length: 12 }, (_, n) => ({
      id: `c${n}`,
      days: daysOf(120, () => ({ leads: n % 2 === 0 ? 6 : 3 })),
    }));
    const { train, classify } = await openAccount(campaigns);
    const { json } = await train();
    expect(json).toMatchObject({
      status: 'READY',
      is_active: false,
      validation_metrics: { beats_rules: false, rules_accuracy: 1 },
    });
    expect((await classify()).json.method).toBe('rules');
  }, 60_000);

  it('fails to be trained on too few samples, and leaves the rules to decide', async () => {
    const { train, classify } = await openAccount([{ id: 'c1', days: daysOf(60) }]);
    expect((await train()).json).toMatchObject({ status: 422, reason: 'too_few_samples' });
    expect((await classify()).json.method).toBe('rules');
  });
});

const probabilities = (one: { campaign_id: string; probabilities: object }) => [
  one.campaign_id,
  one.probabilities,
];
