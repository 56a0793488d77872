import { customerPathSchema, customerSegmentSchema, datasetQuerySchema } from '../contracts/api.ts';
import { findLabel } from './find-label.ts';
import { publishedDataset } from './published-run.ts';
import { defineRoute } from './route.ts';

/** One customer's segment in the dataset's current run. */
export const customerSegment = defineRoute({
  method: 'GET',
  path: '/v1/customers/{customerId}/segment',
  scope: 'segments:read',
  summary: 'Segment of one customer, with the raw features',
  params: customerPathSchema,
  query: datasetQuerySchema,
  status: 200,
  answer: customerSegmentSchema,
  problems: { 404: 'The customer is not in the current run, or nothing is published.' },
  async handle({ tenant, params: { customerId }, query }, ports) {
    const record = await publishedDataset(ports, tenant, query.dataset);
    const { dataset, currentRunId: run_id } = record;
    const [label, segments] = await Promise.all([
      findLabel(ports, record, customerId),
      ports.segments.segments(tenant, dataset, run_id),
    ]);
    const segment = segments.find(({ segment_id }) => segment_id === label.segmentId);
    if (!segment) throw new Error(`segment ${label.segmentId} of a published run is not stored`);
    return {
      body: {
        customer_id: label.customerId,
        dataset,
        run_id,
        segment_id: label.segmentId,
        segment_name: segment.name,
        confidence: label.confidence,
        distance_to_center: label.distance,
        features: label.features,
      },
    };
  },
});
