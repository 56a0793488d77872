import { segmentSubsegmentExplore } from './explore-subsegments.ts';
import {
  purchasingSegmentation,
  purchasingSegmentationDendrogram,
  segmentHierarchyChart,
} from './purchasing.ts';
import type { Route } from './route.ts';

/** Routes that compute on the customers in the body. They run on a function of their own, with more memory and no store. */
export const drilldownRoutes: readonly Route[] = [
  segmentSubsegmentExplore, //         POST /api/v1/ai/segment_subsegment_explore
  purchasingSegmentation, //           POST /api/v1/ai/purchasing_segmentation
  purchasingSegmentationDendrogram, // POST /api/v1/ai/purchasing_segmentation_dendrogram
  segmentHierarchyChart, //            POST /api/v1/ai/segment_hierarchy_chart
];
