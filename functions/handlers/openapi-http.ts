import { openapiRoutes } from '../routes/all-routes.ts';
import { httpHandler } from '../routes/http-handler.ts';

/** Lambda entry point of the description of the HTTP API, which needs the schemas of all routes. */
export const handler = httpHandler({ routes: openapiRoutes });
