import { createClusters, createClustersByQuery } from './cluster.ts';
import type { Route } from './route.ts';

/** Routes that segment what a request carries, or try a segmentation out. Their function has memory and time for it. */
export const segmentationRoutes: readonly Route[] = [
  createClusters, //        POST /api/segmentation/cluster
  createClustersByQuery, // GET  /api/segmentation/cluster
];
