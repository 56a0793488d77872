import { experimentRoutes } from '../routes/experiments-table.ts';
import { httpHandler } from '../routes/http-handler.ts';

/** Lambda entry point of the routes about experiments. */
export const handler = httpHandler({ routes: experimentRoutes });
