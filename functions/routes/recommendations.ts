import { lastWholeDay } from '../campaign-day.ts';
import { MOST_ANSWERED } from '../contracts/campaign-classifications.ts';
import { COLLECTION, idsBelow, parseDocumentRef } from '../contracts/campaign-collections.ts';
import {
  applyBodySchema,
  dismissBodySchema,
  generateAnswerSchema,
  generateBodySchema,
  recommendationPathSchema,
  recommendationSummaryQuerySchema,
  recommendationSummarySchema,
  recommendationsPageSchema,
  recommendationsQuerySchema,
} from '../contracts/campaign-recommendations.ts';
import {
  RECOMMENDATION_TYPES,
  type Recommendation,
  type RecommendationType,
  recommendationSchema,
} from '../contracts/campaign-records.ts';
import { ConflictError, NotFoundError } from '../errors.ts';
import type { CampaignDocument, Ports } from '../ports.ts';
import { ACTIVE, closed, isOpen, recommendCampaigns } from '../recommend-campaigns.ts';
import { defineRoute } from './route.ts';

const DECIDED = 'It was applied or dismissed before, or has expired.';
const UNKNOWN = 'The tenant has no such recommendation.';

/** Issues recommendations now. */
export const generateRecommendations = defineRoute({
  method: 'POST',
  path: '/api/v1/recommendations/generate',
  scope: 'campaigns:write',
  summary: 'Issue what the rules recommend for the campaigns of an account',
  description:
    'At most three are active per campaign, and one of a kind. One that was applied or dismissed comes again only after it would have expired.',
  body: generateBodySchema,
  status: 200,
  answer: generateAnswerSchema,
  async handle({ tenant, body: { config_id, campaign_ids, as_of } }, ports) {
    const at = ports.clock.now();
    const asOf = as_of ?? lastWholeDay(at);
    const account = { tenant, configId: config_id };
    const { issued, known } = await recommendCampaigns(ports, account, {
      asOf,
      at,
      campaignIds: campaign_ids,
    });
    return {
      body: {
        config_id,
        as_of: asOf,
        recommendations: issued.slice(0, MOST_ANSWERED),
        generated: issued.length,
        already_known: known,
      },
    };
  },
});

/** Lists recommendations. */
export const listRecommendations = defineRoute({
  method: 'GET',
  path: '/api/v1/recommendations',
  scope: 'campaigns:read',
  summary: 'Recommendations of an account, by campaign',
  query: recommendationsQuerySchema,
  status: 200,
  answer: recommendationsPageSchema,
  async handle({ tenant, query }, { campaignDocuments, clock }) {
    const { config_id, active_only, recommendation_type, entity_id, min_priority = 1, limit, cursor } = query;
    const page = await campaignDocuments.list<Recommendation>(tenant, COLLECTION.recommendations(config_id), {
      ...(entity_id !== undefined && idsBelow('campaign', entity_id)),
      label: active_only ? ACTIVE : undefined,
      limit,
      cursor,
    });
    const now = clock.now();
    const recommendations = page.items
      .map(({ value }) => shown(value, now))
      .filter((one) => !active_only || one.is_active)
      .filter((one) => recommendation_type === undefined || one.recommendation_type === recommendation_type)
      .filter((one) => one.priority >= min_priority);
    return { body: { config_id, recommendations, ...(page.cursor && { cursor: page.cursor }) } };
  },
});

/** Records that a recommendation was followed. */
export const applyRecommendation = defineRoute({
  method: 'POST',
  path: '/api/v1/recommendations/{id}/apply',
  scope: 'campaigns:write',
  summary: 'Record that a recommendation was followed, by whom and when',
  description: 'It changes nothing at the advertising platform.',
  params: recommendationPathSchema,
  body: applyBodySchema,
  bodyOptional: true,
  status: 200,
  answer: recommendationSchema,
  problems: { 404: UNKNOWN, 409: DECIDED },
  handle: ({ tenant, keyId, params: { id }, body: { applied_by = keyId } }, ports) =>
    decide(ports, tenant, id, { was_applied: true, applied_at: nowOf(ports), applied_by }),
});

/** Records that a recommendation was declined. */
export const dismissRecommendation = defineRoute({
  method: 'POST',
  path: '/api/v1/recommendations/{id}/dismiss',
  scope: 'campaigns:write',
  summary: 'Record that a recommendation was declined, by whom, when and why',
  params: recommendationPathSchema,
  body: dismissBodySchema,
  bodyOptional: true,
  status: 200,
  answer: recommendationSchema,
  problems: { 404: UNKNOWN, 409: DECIDED },
  handle: ({ tenant, keyId, params: { id }, body: { dismissed_by = keyId, reason = null } }, ports) =>
    decide(ports, tenant, id, {
      dismissed: true,
      dismissed_at: nowOf(ports),
      dismissed_by,
      dismissed_reason: reason,
    }),
});

/** Counts recommendations. */
export const recommendationSummary = defineRoute({
  method: 'GET',
  path: '/api/v1/recommendations/summary',
  scope: 'campaigns:read',
  summary: 'Recommendations of an account in numbers',
  query: recommendationSummaryQuerySchema,
  status: 200,
  answer: recommendationSummarySchema,
  async handle({ tenant, query: { config_id } }, { campaignDocuments, clock }) {
    const now = clock.now();
    const all: Recommendation[] = [];
    let cursor: string | undefined;
    do {
      const page = await campaignDocuments.list<Recommendation>(
        tenant,
        COLLECTION.recommendations(config_id),
        { limit: 1000, cursor },
      );
      all.push(...page.items.map(({ value }) => value));
      cursor = page.cursor;
    } while (cursor !== undefined);
    const open = all.filter((one) => isOpen(one, now));
    const applied = all.filter((one) => one.was_applied).length;
    const dismissed = all.filter((one) => one.dismissed).length;
    return {
      body: {
        config_id,
        active: open.length,
        active_by_type: Object.fromEntries(
          RECOMMENDATION_TYPES.map((type) => [
            type,
            open.filter((one) => one.recommendation_type === type).length,
          ]),
        ) as Record<RecommendationType, number>,
        high_priority: open.filter(({ priority }) => priority >= 8).length,
        applied,
        dismissed,
        expired: all.length - open.length - applied - dismissed,
      },
    };
  },
});

const nowOf = ({ clock }: Ports) => clock.now().toISOString();

/** As it is read: an expired one asks for nothing any more, also while no job has closed it. */
function shown(recommendation: Recommendation, now: Date): Recommendation {
  return { ...recommendation, is_active: isOpen(recommendation, now) };
}

async function decide(
  { campaignDocuments, clock }: Ports,
  tenant: string,
  ref: string,
  decision: Partial<Recommendation>,
): Promise<{ body: Recommendation }> {
  const document = await recommendationAt(campaignDocuments, tenant, ref);
  if (!document) {
    throw new NotFoundError(
      `There is no recommendation ${ref}. GET /api/v1/recommendations lists them with their ids.`,
      { reason: 'no_such_recommendation' },
    );
  }
  const next = closed(document, decision);
  if (isOpen(document.value, clock.now()) && (await campaignDocuments.write(next))) {
    return { body: next.value };
  }
  const { was_applied, dismissed } = document.value;
  throw new ConflictError(
    `The recommendation is ${was_applied ? 'applied' : dismissed ? 'dismissed' : 'expired or was just decided on'} already. Read it again; the rules issue a new one where it still holds.`,
    { reason: 'not_active' },
  );
}

/** The recommendation of an id as callers know it; undefined for one of nobody or of another tenant. */
async function recommendationAt(
  store: Ports['campaignDocuments'],
  tenant: string,
  ref: string,
): Promise<CampaignDocument<Recommendation> | undefined> {
  const [configId, id, ...more] = parseDocumentRef(ref) ?? [];
  if (typeof configId !== 'number' || typeof id !== 'string' || id === '' || more.length > 0)
    return undefined;
  return store.get<Recommendation>(tenant, COLLECTION.recommendations(configId), id);
}
