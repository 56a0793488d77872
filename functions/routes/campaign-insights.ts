import { dayNumber, dayText } from '../contracts/campaign-entities.ts';
import {
  accountsSchema,
  entitiesPageSchema,
  entitiesQuerySchema,
  insightDaysSchema,
  insightsAnswerSchema,
  insightsBodySchema,
  insightsQuerySchema,
  MOST_INSIGHT_DAYS,
} from '../contracts/campaign-insights.ts';
import { InvalidRequestError, NotFoundError } from '../errors.ts';
import { defineRoute } from './route.ts';

/** Takes daily insights in. */
export const putInsights = defineRoute({
  method: 'POST',
  path: '/v1/campaigns/insights',
  scope: 'campaigns:write',
  summary: 'Write daily insights of an advertising account',
  description:
    'Each (entity, date) replaces what was there: days that come late or corrected are sent the same way, and a request may be repeated. No other day is touched.',
  body: insightsBodySchema,
  bodyBytes: 4 * 1024 * 1024,
  status: 200,
  answer: insightsAnswerSchema,
  async handle({ tenant, body: { config_id, insights } }, { insights: store, clock }) {
    // Somewhere on Earth it is tomorrow already.
    const lastDay = dayText(Math.floor(clock.now().getTime() / 86_400_000) + 1);
    const late = insights.findIndex(({ date }) => date > lastDay);
    if (late >= 0) {
      throw new InvalidRequestError(
        `Invalid input: body /insights/${late}/date: ${insights[late]?.date} lies in the future. Send days that have passed; a forecast is not an insight.`,
        { reason: 'future_day' },
      );
    }
    return { body: { config_id, ...(await store.put({ tenant, configId: config_id }, insights)) } };
  },
});

/** Days of one entity. */
export const getInsights = defineRoute({
  method: 'GET',
  path: '/v1/campaigns/insights',
  scope: 'campaigns:read',
  summary: 'Daily insights of one entity',
  query: insightsQuerySchema,
  status: 200,
  answer: insightDaysSchema,
  problems: { 404: 'The account has no such entity.' },
  async handle({ tenant, query }, { insights }) {
    const { config_id, entity_type, entity_id, from, to } = query;
    const days = dayNumber(to) - dayNumber(from) + 1;
    if (days < 1 || days > MOST_INSIGHT_DAYS) {
      throw new InvalidRequestError(
        `Invalid input: ${from} to ${to} are ${Math.max(days, 0)} days. Ask for 1 to ${MOST_INSIGHT_DAYS} days, \`to\` not before \`from\`.`,
        { reason: 'day_range' },
      );
    }
    const account = { tenant, configId: config_id };
    const [entity, found] = await Promise.all([
      insights.entity(account, entity_type, entity_id),
      insights.entityDays(account, entity_type, entity_id, { from, to }),
    ]);
    if (!entity) throw entityNotFound(config_id, entity_type, entity_id);
    return { body: { config_id, entity, days: found } };
  },
});

/** Entities of an account. */
export const listEntities = defineRoute({
  method: 'GET',
  path: '/v1/campaigns/entities',
  scope: 'campaigns:read',
  summary: 'Campaigns, ad sets or ads of an advertising account, by id',
  query: entitiesQuerySchema,
  status: 200,
  answer: entitiesPageSchema,
  async handle({ tenant, query: { config_id, entity_type, limit, cursor } }, { insights }) {
    const page = await insights.entities({ tenant, configId: config_id }, entity_type, { limit, cursor });
    return {
      body: { config_id, entities: [...page.items], ...(page.cursor && { cursor: page.cursor }) },
    };
  },
});

/** Accounts of the tenant. */
export const listAccounts = defineRoute({
  method: 'GET',
  path: '/v1/campaigns/accounts',
  scope: 'campaigns:read',
  summary: 'Advertising accounts that insights were written for',
  status: 200,
  answer: accountsSchema,
  async handle({ tenant }, { insights }) {
    const accounts = await insights.accounts(tenant);
    return { body: { accounts: accounts.map(({ configId }) => ({ config_id: configId })) } };
  },
});

/** What a route answers for an entity without insights, or another tenant's. */
export function entityNotFound(configId: number, entityType: string, entityId: string): NotFoundError {
  return new NotFoundError(
    `The account ${configId} has no ${entityType} ${entityId}. GET /v1/campaigns/entities lists what it has; POST /v1/campaigns/insights adds to it.`,
    { reason: 'no_such_entity', entity_type: entityType, entity_id: entityId },
  );
}
