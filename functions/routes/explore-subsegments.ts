import { exploreAnswerSchema, exploreBodySchema, MOST_INLINE_CUSTOMERS } from '../contracts/drilldown.ts';
import { exploreSubsegments } from '../drilldown/explore-subsegments.ts';
import { loadKernels } from '../kernels/instance.ts';
import { exploreUpload } from './drilldown-runs.ts';
import { defineRoute } from './route.ts';

/** Largest body of a drill-down after unpacking, bytes: 60,000 customers. A gzip body of 4 MB may hold it. */
export const DRILLDOWN_BODY_BYTES = 20 * 1024 * 1024;

/** What a body with customers in it holds at most. */
export const INLINE = { insteadOf: 'customers', most: MOST_INLINE_CUSTOMERS } as const;

/** Splits segments that the caller has found before, on the customers in the body; keeps nothing. */
export const segmentSubsegmentExplore = defineRoute({
  method: 'POST',
  path: '/api/v1/ai/segment_subsegment_explore',
  scope: 'drilldown',
  credentials: 'customerApi',
  summary: 'Micro-segments inside existing segments',
  description:
    'Splits each parent cluster, or one, by k-means on the customers of the body; every k is scored, the best one described. Up to 60,000 customers and 20 MiB (plain or gzip; a plain body beyond 6 MB does not get through the platform, so compress it). With `upload_id` instead of customers and labels it works on an uploaded file of any size: 202, and `Location` leads to the progress and the result, the same bytes.',
  body: exploreBodySchema,
  bodyBytes: DRILLDOWN_BODY_BYTES,
  byUpload: { route: exploreUpload, ...INLINE },
  status: 200,
  answer: exploreAnswerSchema,
  async handle({ body }) {
    return { body: exploreSubsegments(await loadKernels(), body) };
  },
});
