import { lastWholeDay } from '../campaign-day.ts';
import { requestJob } from '../campaign-job-records.ts';
import {
  activateModel,
  activeModel,
  modelNotFound,
  modelOf,
  modelUse,
  withStatus,
} from '../campaign-models.ts';
import { COLLECTION } from '../contracts/campaign-collections.ts';
import type { AccountRef } from '../contracts/campaign-entities.ts';
import { ASKED_JOBS } from '../contracts/campaign-jobs.ts';
import {
  modelAccountQuerySchema,
  modelMetricsSchema,
  modelPathSchema,
  modelsPageSchema,
  modelsQuerySchema,
  modelTypePathSchema,
  rulesDecideSchema,
  trainBodySchema,
} from '../contracts/campaign-models.ts';
import { jobRecordSchema, type TrainedModel, trainedModelSchema } from '../contracts/campaign-records.ts';
import { TRAINING_REQUESTED } from '../contracts/env.ts';
import { NotFoundError } from '../errors.ts';
import { newestClassifications } from '../judge-campaigns.ts';
import type { Ports } from '../ports.ts';
import { readTrainingSamples, trainCampaignModel } from '../train-campaign-model.ts';
import { defineRoute } from './route.ts';

const UNKNOWN = 'The tenant has no such model.';

/** Trains now. */
export const trainModel = defineRoute({
  method: 'POST',
  path: '/api/v1/classifications/train',
  scope: 'campaigns:write',
  summary: 'Train the classifier of an account on its last 180 days',
  description:
    'Up to 1,000 samples (a campaign and week) are trained on while you wait: 200 with the model. More of them, or more than 1,000 campaigns, are trained on in the background: 202 with a job, which `GET /v1/jobs?job=model-training` lists with the model that came of it. It learns which tier the next 7 days of a campaign turn out to be. The model is activated only where it beats the rules on held-out campaigns; otherwise the rules go on deciding, and `validation_metrics` says by how much it fell short.',
  body: trainBodySchema,
  status: 200,
  answer: trainedModelSchema,
  accepted: jobRecordSchema,
  problems: { 409: 'Another training ended at the same moment.', 422: 'There is too little to learn from.' },
  async handle({ tenant, body: { config_id, as_of } }, ports) {
    const at = ports.clock.now();
    const asOf = as_of ?? lastWholeDay(at);
    const account = { tenant, configId: config_id };
    const campaigns = await ports.insights.entities(account, 'campaign', { limit: MOST_AT_ONCE + 1 });
    if (campaigns.items.length > MOST_AT_ONCE) return requestTraining(ports, account, asOf, at);
    const samples = await readTrainingSamples(ports, account, asOf);
    if (samples.labels.length > MOST_AT_ONCE) return requestTraining(ports, account, asOf, at);
    return { body: await trainCampaignModel(ports, account, { asOf, at, samples }) };
  },
});

/** Campaigns, and samples, of a training that a caller waits for: the API waits 30 s. */
const MOST_AT_ONCE = 1000;

/** Has a training done by the function of the jobs. Asked for twice in a minute, it is one job. */
async function requestTraining(ports: Ports, account: AccountRef, asOf: string, at: Date) {
  const dueMs = Math.floor(at.getTime() / 60_000) * 60_000;
  const { campaignDocuments, events } = ports;
  const body = await requestJob(campaignDocuments, { account, job: ASKED_JOBS.training, dueMs }, at);
  const { tenant, configId } = account;
  // Sent again where the first request did not get so far; a job is claimed once.
  await events.publish([
    {
      type: TRAINING_REQUESTED,
      tenant,
      detail: { config_id: configId, requested_at: new Date(dueMs).toISOString(), as_of: asOf },
    },
  ]);
  return { status: 202 as const, body };
}

/** Lists models. */
export const listModels = defineRoute({
  method: 'GET',
  path: '/api/v1/models',
  scope: 'campaigns:read',
  summary: 'Trained models with their metrics and status, newest first',
  query: modelsQuerySchema,
  status: 200,
  answer: modelsPageSchema,
  async handle({ tenant, query: { config_id, model_type, limit, cursor } }, ports) {
    const page = await ports.campaignDocuments.list<TrainedModel>(tenant, COLLECTION.models, {
      label: model_type,
      descending: true,
      limit,
      cursor,
    });
    const models = page.items.map(({ value }) => value);
    const wanted = models.filter((one) => config_id === undefined || one.config_id === config_id);
    return {
      body: {
        models: await Promise.all(wanted.map((one) => withStatus(ports, tenant, one))),
        ...(page.cursor && { cursor: page.cursor }),
      },
    };
  },
});

/** One model. */
export const getModel = defineRoute({
  method: 'GET',
  path: '/api/v1/models/{id}',
  scope: 'campaigns:read',
  summary: 'A trained model',
  params: modelPathSchema,
  status: 200,
  answer: trainedModelSchema,
  problems: { 404: UNKNOWN },
  handle: async ({ tenant, params: { id } }, ports) => ({ body: await knownModel(ports, tenant, id) }),
});

/** The model that decides. */
export const getActiveModel = defineRoute({
  method: 'GET',
  path: '/api/v1/models/active/{type}',
  scope: 'campaigns:read',
  summary: 'The model of a kind that decides for an account',
  params: modelTypePathSchema,
  query: modelAccountQuerySchema,
  status: 200,
  answer: trainedModelSchema,
  problems: { 404: 'No model is active: the rules decide.' },
  async handle({ tenant, params: { type }, query: { config_id } }, ports) {
    const model = await activeModel(ports, { tenant, configId: config_id }, type);
    if (model) return { body: model };
    throw new NotFoundError(
      type === 'CAMPAIGN_CLASSIFIER'
        ? `No ${type} is active for the account ${config_id}: the rules decide. POST /api/v1/classifications/train trains one.`
        : `No ${type} is active for the account ${config_id}: each campaign chooses for itself. The job daily-model-retraining trains one.`,
      { reason: 'no_active_model' },
    );
  },
});

/** What a model is worth. */
export const getModelMetrics = defineRoute({
  method: 'GET',
  path: '/api/v1/models/{id}/metrics',
  scope: 'campaigns:read',
  summary: 'How well a model told held-out campaigns, and how much it is used',
  params: modelPathSchema,
  status: 200,
  answer: modelMetricsSchema,
  problems: { 404: UNKNOWN },
  async handle({ tenant, params: { id } }, ports) {
    const model = await knownModel(ports, tenant, id);
    const account = { tenant, configId: model.config_id ?? 0 };
    const isClassifier = model.model_type === 'CAMPAIGN_CLASSIFIER';
    const newest = isClassifier ? [...(await newestClassifications(ports, account)).values()] : [];
    const used = newest.filter((one) => one.model_id === id);
    const confidence = used.reduce((sum, one) => sum + one.confidence_score, 0);
    const use = await modelUse(ports, tenant, id);
    const metric = (name: string) => {
      const value = model.validation_metrics[name];
      return typeof value === 'number' ? value : null;
    };
    return {
      body: {
        model_id: id,
        accuracy: metric('accuracy'),
        f1_macro: metric('f1_macro'),
        f1_weighted: metric('f1_weighted'),
        cv_mean: metric('cv_mean'),
        rules_accuracy: metric('rules_accuracy'),
        mase: metric('mase'),
        smape: metric('smape'),
        own_mase: metric('own_mase'),
        samples_trained: model.samples_count,
        last_trained: model.trained_at,
        predictions_count: use?.predictions_count ?? used.length,
        avg_confidence: used.length === 0 ? null : confidence / used.length,
      },
    };
  },
});

/** Lets a model decide, a former one too. */
export const activateModelRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/models/{id}/activate',
  scope: 'campaigns:write',
  summary: 'Let a model decide for its account; a former one comes back with the very bytes that it had',
  params: modelPathSchema,
  status: 200,
  answer: trainedModelSchema,
  problems: { 404: UNKNOWN, 409: 'Somebody else activated one at the same moment.' },
  async handle({ tenant, params: { id } }, ports) {
    const { config_id, model_type } = await knownModel(ports, tenant, id);
    await activateModel(ports, { tenant, configId: config_id ?? 0 }, model_type, id);
    return { body: await knownModel(ports, tenant, id) };
  },
});

/** Lets the rules decide. */
export const deactivateModel = defineRoute({
  method: 'DELETE',
  path: '/api/v1/models/active/{type}',
  scope: 'campaigns:write',
  summary: 'Let the rules, or the campaigns’ own choices of a method, decide for an account again',
  params: modelTypePathSchema,
  query: modelAccountQuerySchema,
  status: 200,
  answer: rulesDecideSchema,
  async handle({ tenant, params: { type }, query: { config_id } }, ports) {
    await activateModel(ports, { tenant, configId: config_id }, type, null);
    const method = type === 'CAMPAIGN_CLASSIFIER' ? ('rules' as const) : ('auto' as const);
    return { body: { config_id, model_type: type, method } };
  },
});

async function knownModel(ports: Ports, tenant: string, id: string): Promise<TrainedModel> {
  const model = await modelOf(ports, tenant, id);
  if (!model) throw modelNotFound(id);
  return model;
}
