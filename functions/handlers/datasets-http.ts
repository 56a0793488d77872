import { datasetRoutes } from '../routes/datasets-table.ts';
import { httpHandler } from '../routes/http-handler.ts';

/** Lambda entry point of the routes about the configuration of datasets. */
export const handler = httpHandler({ routes: datasetRoutes });
