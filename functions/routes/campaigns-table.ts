import { getInsights, listAccounts, listEntities, putInsights } from './campaign-insights.ts';
import type { Route } from './route.ts';

/** Routes about advertising campaigns. Their function alone may read and write them. */
export const campaignRoutes: readonly Route[] = [
  putInsights, //  POST /v1/campaigns/insights
  getInsights, //  GET  /v1/campaigns/insights
  listEntities, // GET  /v1/campaigns/entities
  listAccounts, // GET  /v1/campaigns/accounts
];
