import { clusteringStatus, trainClustering } from './clustering.ts';
import { experimentReadout } from './experiment-readout.ts';
import { getExperiment, listExperiments, postExperiment, stopExperiment } from './experiments.ts';
import type { Route } from './route.ts';
import {
  acceptRecommendation,
  dismissRecommendation,
  experimentSegments,
  getSegmentation,
  listRecommendations,
  putSegmentation,
  segmentationEligibility,
  segmentationMetrics,
} from './segmentation.ts';
import { allocate, convert } from './visitors.ts';

/** Routes about experiments, those of visitors first: their function reads clusters and writes no file. */
export const experimentRoutes: readonly Route[] = [
  allocate, //                POST /api/v1/experiments/{experimentId}/allocate
  convert, //                 POST /api/v1/experiments/{experimentId}/convert
  postExperiment, //          POST /api/v1/experiments
  listExperiments, //         GET  /api/v1/experiments
  getExperiment, //           GET  /api/v1/experiments/{experimentId}
  stopExperiment, //          POST /api/v1/experiments/{experimentId}/stop
  experimentReadout, //       GET  /api/v1/experiments/{experimentId}/readout
  getSegmentation, //         GET  /api/v1/segmentation/{experimentId}/config
  putSegmentation, //         PUT  /api/v1/segmentation/{experimentId}/config
  segmentationEligibility, // GET  /api/v1/segmentation/{experimentId}/eligibility
  experimentSegments, //      GET  /api/v1/segmentation/{experimentId}/segments
  clusteringStatus, //        GET  /api/v1/segmentation/{experimentId}/clustering/status
  listRecommendations, //     GET  /api/v1/segmentation/{experimentId}/recommendations
  acceptRecommendation, //    POST /api/v1/segmentation/{experimentId}/recommendations/{id}/accept
  dismissRecommendation, //   POST /api/v1/segmentation/{experimentId}/recommendations/{id}/dismiss
  segmentationMetrics, //     GET  /api/v1/segmentation/{experimentId}/metrics
];

/** The one route that writes a dataset and starts a run: its function has rights that no visitor's request should have. */
export const trainingRoutes: readonly Route[] = [
  trainClustering, //         POST /api/v1/segmentation/{experimentId}/clustering/train
];
