import { httpHandler } from '../routes/http-handler.ts';
import { webhookRoutes } from '../routes/webhooks-table.ts';

/** Lambda entry point of the routes about webhooks: besides the function that signs, it alone reaches their secrets. */
export const handler = httpHandler({ routes: webhookRoutes });
