import { lastWholeDay } from '../campaign-day.ts';
import { inputsOf } from '../campaigns/classifier-inputs.ts';
import { classifyCampaigns, featureRecord } from '../classify-campaigns.ts';
import {
  campaignPathSchema,
  campaignQuerySchema,
  campaignTierSchema,
  classificationSummarySchema,
  classificationsPageSchema,
  classificationsQuerySchema,
  classifyAnswerSchema,
  classifyBodySchema,
  featuresAnswerSchema,
  featuresQuerySchema,
  MOST_ANSWERED,
} from '../contracts/campaign-classifications.ts';
import { COLLECTION } from '../contracts/campaign-collections.ts';
import { type Classification, TIERS, type Tier } from '../contracts/campaign-records.ts';
import { NotFoundError } from '../errors.ts';
import { accountFeatures, newestClassifications } from '../judge-campaigns.ts';
import { entityNotFound } from './campaign-insights.ts';
import { defineRoute } from './route.ts';

/** Most former tiers of a campaign in one answer: a quarter of daily ones. */
const HISTORY = 90;

/** Classifies now. */
export const classifyNow = defineRoute({
  method: 'POST',
  path: '/api/v1/classifications/campaigns/classify',
  scope: 'campaigns:write',
  summary: 'Classify the campaigns of an account by their last 7 days',
  description:
    'Tiers, features and what they were compared with are stored and answered. Campaigns without spend get no tier.',
  body: classifyBodySchema,
  status: 200,
  answer: classifyAnswerSchema,
  async handle({ tenant, body }, ports) {
    const { config_id, campaign_ids, method } = body;
    const at = ports.clock.now();
    const asOf = body.as_of ?? lastWholeDay(at);
    const account = { tenant, configId: config_id };
    const done = await classifyCampaigns(ports, account, { asOf, at, method, campaignIds: campaign_ids });
    return {
      body: {
        config_id,
        as_of: asOf,
        method: done.method,
        model_id: done.modelId,
        averages: done.averages,
        classified: done.classifications.length,
        classifications: done.classifications.slice(0, MOST_ANSWERED),
        insufficient_data: done.insufficient.slice(0, MOST_ANSWERED),
      },
    };
  },
});

/** Lists tiers. */
export const listClassifications = defineRoute({
  method: 'GET',
  path: '/api/v1/classifications/campaigns',
  scope: 'campaigns:read',
  summary: 'Newest tier of each campaign, by campaign id',
  query: classificationsQuerySchema,
  status: 200,
  answer: classificationsPageSchema,
  async handle({ tenant, query: { config_id, tier, limit, cursor } }, { campaignDocuments }) {
    const collection = COLLECTION.classifications(config_id);
    const page = await campaignDocuments.list<Classification>(tenant, collection, {
      label: tier,
      limit,
      cursor,
    });
    return {
      body: {
        config_id,
        classifications: page.items.map(({ value }) => value),
        ...(page.cursor && { cursor: page.cursor }),
      },
    };
  },
});

/** One campaign's tier. */
export const getClassification = defineRoute({
  method: 'GET',
  path: '/api/v1/classifications/campaigns/{id}',
  scope: 'campaigns:read',
  summary: 'Newest tier of a campaign, and those before it',
  params: campaignPathSchema,
  query: campaignQuerySchema,
  status: 200,
  answer: campaignTierSchema,
  problems: { 404: 'The campaign was not classified.' },
  async handle({ tenant, params: { id }, query: { config_id } }, { campaignDocuments }) {
    const [newest, past] = await Promise.all([
      campaignDocuments.get<Classification>(tenant, COLLECTION.classifications(config_id), id),
      campaignDocuments.list<Classification>(tenant, COLLECTION.classificationHistory(config_id, id), {
        limit: HISTORY,
        descending: true,
      }),
    ]);
    if (!newest) {
      throw new NotFoundError(
        `The account ${config_id} has no classified campaign ${id}. POST /api/v1/classifications/campaigns/classify classifies; campaigns without spend get no tier.`,
        { reason: 'not_classified', campaign_id: id },
      );
    }
    const history = past.items.map(({ value: { tier, confidence_score, classified_at } }) => ({
      tier,
      confidence_score,
      classified_at,
    }));
    return { body: { ...newest.value, history } };
  },
});

/** Counts tiers. */
export const classificationSummary = defineRoute({
  method: 'GET',
  path: '/api/v1/classifications/summary',
  scope: 'campaigns:read',
  summary: 'Campaigns, spend and leads by tier',
  query: campaignQuerySchema,
  status: 200,
  answer: classificationSummarySchema,
  async handle({ tenant, query: { config_id } }, ports) {
    const newest = [...(await newestClassifications(ports, { tenant, configId: config_id })).values()];
    const totals = (tier: Tier) => {
      const ofTier = newest.filter((one) => one.tier === tier);
      const sum = (metric: string) =>
        ofTier.reduce((total, one) => total + Number(one.metrics_snapshot[metric] ?? 0), 0);
      return { campaigns: ofTier.length, spend_7d: sum('spend_7d'), leads_7d: sum('leads_7d') };
    };
    const moved = (way: string) => newest.filter((one) => one.tier_change_direction === way).length;
    const times = newest.map((one) => one.classified_at).sort();
    return {
      body: {
        config_id,
        total: newest.length,
        by_tier: Object.fromEntries(TIERS.map((tier) => [tier, totals(tier)])) as Record<
          Tier,
          ReturnType<typeof totals>
        >,
        moved_up: moved('up'),
        moved_down: moved('down'),
        classified_at: times.at(-1) ?? null,
      },
    };
  },
});

/** Features of one campaign. */
export const getFeatures = defineRoute({
  method: 'GET',
  path: '/v1/campaigns/features',
  scope: 'campaigns:read',
  summary: 'The 27 features of a campaign on a day, and what the classifier sees of it',
  query: featuresQuerySchema,
  status: 200,
  answer: featuresAnswerSchema,
  problems: { 404: 'The account has no such campaign in the 30 days.' },
  async handle({ tenant, query: { config_id, campaign_id, as_of } }, ports) {
    const at = ports.clock.now();
    const asOf = as_of ?? lastWholeDay(at);
    const account = { tenant, configId: config_id };
    const found = await accountFeatures(ports, account, asOf);
    const entity = found.features.entityIds.indexOf(campaign_id);
    if (entity < 0) throw entityNotFound(config_id, 'campaign', campaign_id);
    return {
      body: {
        ...featureRecord(found, entity, account, { asOf, at }),
        averages: found.features.averages,
        inputs: inputsOf(found.inputs, entity),
      },
    };
  },
});
