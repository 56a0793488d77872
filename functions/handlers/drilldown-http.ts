import { drilldownRoutes } from '../routes/drilldown-table.ts';
import { httpHandler } from '../routes/http-handler.ts';

/** Lambda entry point of the routes that compute on the customers in the body. */
export const handler = httpHandler({ routes: drilldownRoutes });
