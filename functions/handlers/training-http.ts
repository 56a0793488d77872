import { trainingRoutes } from '../routes/experiments-table.ts';
import { httpHandler } from '../routes/http-handler.ts';

/** Lambda entry point of the route that finds clusters of an experiment's visitors. */
export const handler = httpHandler({ routes: trainingRoutes });
