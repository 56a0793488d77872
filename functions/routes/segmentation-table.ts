import { createClusters, createClustersByQuery } from './cluster.ts';
import { previewSegments } from './preview.ts';
import type { Route } from './route.ts';
import { runSegmentation, runTree } from './run-segmentation.ts';
import { listClusters, listOutliers, updateCluster } from './segmentation-lists.ts';

/** Routes of the segmentation: what runs found, and what a request carries is segmented at once. Their function has memory and time for it. */
export const segmentationRoutes: readonly Route[] = [
  createClusters, //        POST /api/segmentation/cluster
  createClustersByQuery, // GET  /api/segmentation/cluster
  listClusters, //          GET  /api/segmentation/list
  listOutliers, //          GET  /api/segmentation/outliers
  updateCluster, //         PUT  /api/segmentation/update
  runSegmentation, //       GET  /v1/runs/{runId}/segmentation
  runTree, //               GET  /v1/runs/{runId}/tree
  previewSegments, //       POST /v1/segments/preview
];
