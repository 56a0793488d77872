import { campaignRoutes } from './campaigns-table.ts';
import { datasetRoutes } from './datasets-table.ts';
import { drilldownRoutes } from './drilldown-table.ts';
import { experimentRoutes, trainingRoutes } from './experiments-table.ts';
import { fileRoutes } from './files-table.ts';
import { healthRoutes } from './health-checks.ts';
import { openapiRoute } from './openapi.ts';
import type { Route } from './route.ts';
import { segmentationRoutes } from './segmentation-table.ts';
import { routes } from './table.ts';
import { webhookRoutes } from './webhooks-table.ts';

/** Routes of the function that describes the API: it alone loads the schemas of all the others. */
export const openapiRoutes: readonly Route[] = [
  openapiRoute(() => allRoutes), // GET /openapi.json
];

/** Every route of the API, whichever function answers it. */
export const allRoutes: readonly Route[] = [
  ...routes,
  ...openapiRoutes,
  ...healthRoutes,
  ...datasetRoutes,
  ...drilldownRoutes,
  ...experimentRoutes,
  ...trainingRoutes,
  ...segmentationRoutes,
  ...fileRoutes,
  ...campaignRoutes,
  ...webhookRoutes,
];
