import { segmentSubsegmentExplore } from './explore-subsegments.ts';
import {
  purchasingSegmentation,
  purchasingSegmentationDendrogram,
  segmentHierarchyChart,
} from './purchasing.ts';
import type { Route } from './route.ts';
import { drillSegment, segmentChildren } from './segment-drilldown.ts';

/** Routes that drill down. They run on a function of their own, with more memory. */
export const drilldownRoutes: readonly Route[] = [
  segmentSubsegmentExplore, //         POST /api/v1/ai/segment_subsegment_explore
  purchasingSegmentation, //           POST /api/v1/ai/purchasing_segmentation
  purchasingSegmentationDendrogram, // POST /api/v1/ai/purchasing_segmentation_dendrogram
  segmentHierarchyChart, //            POST /api/v1/ai/segment_hierarchy_chart
  drillSegment, //                     POST /v1/segments/{segmentId}/drilldown
  segmentChildren, //                  GET  /v1/segments/{segmentId}/drilldown
];
