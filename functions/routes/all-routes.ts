import { campaignRoutes } from './campaigns-table.ts';
import { datasetRoutes } from './datasets-table.ts';
import { drilldownRoutes } from './drilldown-table.ts';
import { experimentRoutes, trainingRoutes } from './experiments-table.ts';
import { fileRoutes } from './files-table.ts';
import type { Route } from './route.ts';
import { segmentationRoutes } from './segmentation-table.ts';
import { routes } from './table.ts';

/** Every route of the API, whichever function answers it. */
export const allRoutes: readonly Route[] = [
  ...routes,
  ...datasetRoutes,
  ...drilldownRoutes,
  ...experimentRoutes,
  ...trainingRoutes,
  ...segmentationRoutes,
  ...fileRoutes,
  ...campaignRoutes,
];
