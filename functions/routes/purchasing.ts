import { hierarchyAnswerSchema, hierarchyBodySchema } from '../contracts/hierarchy-chart.ts';
import {
  dendrogramAnswerSchema,
  dendrogramBodySchema,
  purchasingAnswerSchema,
  purchasingBodySchema,
} from '../contracts/purchasing-segmentation.ts';
import { segmentHierarchy } from '../drilldown/hierarchy.ts';
import { purchasingDendrogram } from '../drilldown/purchasing-dendrogram.ts';
import { segmentPurchasing } from '../drilldown/segment-purchasing.ts';
import { loadKernels } from '../kernels/instance.ts';
import { purchasingUpload } from './drilldown-runs.ts';
import { DRILLDOWN_BODY_BYTES, INLINE } from './explore-subsegments.ts';
import { defineRoute } from './route.ts';

const shared = {
  method: 'POST',
  scope: 'drilldown',
  credentials: 'customerApi',
  bodyBytes: DRILLDOWN_BODY_BYTES,
  status: 200,
} as const;

/** First-level segmentation; its labels feed the drill-down. */
export const purchasingSegmentation = defineRoute({
  ...shared,
  path: '/api/v1/ai/purchasing_segmentation',
  summary: 'Segments of customers by purchases',
  description:
    'K-means, Ward and DBSCAN on the customers of the body, every candidate scored, the best one described. With `upload_id` instead of customers it works on an uploaded file: 202, and `Location` leads to the progress and the result, the same bytes.',
  body: purchasingBodySchema,
  byUpload: { route: purchasingUpload, ...INLINE },
  answer: purchasingAnswerSchema,
  problems: { 422: 'The customers are too few or too alike for every candidate.' },
  async handle({ body }) {
    return { body: segmentPurchasing(await loadKernels(), body) };
  },
});

/** The merge tree of the customers. */
export const purchasingSegmentationDendrogram = defineRoute({
  ...shared,
  path: '/api/v1/ai/purchasing_segmentation_dendrogram',
  summary: 'Merge tree of customers by purchases',
  description:
    'The full tree as SciPy’s linkage and as nested objects, the heights to cut at, and one cut as labels.',
  body: dendrogramBodySchema,
  answer: dendrogramAnswerSchema,
  async handle({ body }) {
    return { body: purchasingDendrogram(await loadKernels(), body) };
  },
});

/** Segments of segments, as data and as a picture. */
export const segmentHierarchyChart = defineRoute({
  ...shared,
  path: '/api/v1/ai/segment_hierarchy_chart',
  summary: 'Sunburst of segments down to a few customers each',
  description:
    'Splits each segment further by its own best k; the tree fits any sunburst or treemap, the SVG any slide.',
  body: hierarchyBodySchema,
  answer: hierarchyAnswerSchema,
  async handle({ body }) {
    return { body: segmentHierarchy(await loadKernels(), body) };
  },
});
