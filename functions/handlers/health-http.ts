import { healthRoutes } from '../routes/health-checks.ts';
import { httpHandler } from '../routes/http-handler.ts';

/** Lambda entry point of the routes about the state of the service. */
export const handler = httpHandler({ routes: healthRoutes });
