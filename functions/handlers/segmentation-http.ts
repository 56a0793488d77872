import { httpHandler } from '../routes/http-handler.ts';
import { segmentationRoutes } from '../routes/segmentation-table.ts';

/** Lambda entry point of the routes that segment while the caller waits. */
export const handler = httpHandler({ routes: segmentationRoutes });
