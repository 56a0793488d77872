import { customerPathSchema, customerSegmentSchema, datasetQuerySchema } from '../contracts/api.ts';
import { findCustomer } from './find-customer.ts';
import { publishedDataset, publishedRun } from './published-run.ts';
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
    const [customer, { segments }] = await Promise.all([
      findCustomer(ports, record, customerId),
      publishedRun(ports, record),
    ]);
    const segment = segments.find(({ segment_id }) => segment_id === customer.segmentId);
    if (!segment) throw new Error(`segment ${customer.segmentId} of a published run is not stored`);
    return {
      body: {
        customer_id: customer.customerId,
        dataset,
        run_id,
        segment_id: customer.segmentId,
        segment_name: segment.name,
        confidence: customer.confidence,
        distance_to_center: customer.distance,
        features: customer.features,
      },
    };
  },
});
