import { rateLimit, requestsPerMinute } from '../rate-limit.ts';
import { campaignRoutes } from '../routes/campaigns-table.ts';
import { httpHandler } from '../routes/http-handler.ts';

/** Lambda entry point of the routes about advertising campaigns. */
export const handler = httpHandler({ routes: campaignRoutes, admitRate: rateLimit(requestsPerMinute()) });
