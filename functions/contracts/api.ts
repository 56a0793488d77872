import { z } from 'zod';
import { count, cursor, dataset, isoTime, limit, nextCursor, optionalDataset } from './api-fields.ts';

/**
 * The HTTP API in zod (runs: `api-runs.ts`): requests are checked against these schemas, and `docs/openapi.json` is generated from them.
 * Objects about runs are camelCase; what the segment endpoints of the source printed is snake_case.
 */

/** Problem document of every error, RFC 9457. */
export const problemSchema = z
  .looseObject({
    type: z.string().meta({ examples: ['about:blank'] }),
    title: z.string().meta({ description: 'Name of the error.', examples: ['InvalidRequestError'] }),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong, what was expected, what to do.' }),
    requestId: z.string().meta({ description: 'Quote it when you report a problem; the log holds it.' }),
    errors: z
      .array(
        z.object({
          in: z.enum(['body', 'query', 'path']),
          pointer: z.string().meta({ description: 'JSON pointer (RFC 6901) of the field.' }),
          detail: z.string(),
        }),
      )
      .optional(),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457 problem document; other members say where the problem sits.',
  });

/** `GET /health`. */
export const healthSchema = z
  .object({ status: z.literal('ok'), service: z.literal('segmentation-agent') })
  .meta({ id: 'Health', examples: [{ status: 'ok', service: 'segmentation-agent' }] });

/** Body of `POST /segment/manual`: raw recency, frequency and monetary value of one customer. */
export const manualBodySchema = z
  .strictObject({
    recency: z.number().min(0).max(1e9).meta({ description: 'Days since the last purchase.' }),
    frequency: z.number().min(0).max(1e12).meta({ description: 'Number of orders.' }),
    monetary: z
      .number()
      .min(0)
      .max(1e15)
      .meta({ description: 'Total spend, in the currency of the orders.' }),
    dataset: optionalDataset,
  })
  .meta({ id: 'ManualSegmentRequest', examples: [{ recency: 30, frequency: 5, monetary: 1500 }] });

/** Body of `POST /segment/customer`. */
export const customerBodySchema = z
  .strictObject({
    customer_id: z
      .union([z.int(), z.string().trim().min(1).max(256)], 'must be a whole number or 1 to 256 characters')
      .meta({ description: 'As in the orders; a number is the same as its digits.' }),
    dataset: optionalDataset,
  })
  .meta({ id: 'CustomerSegmentRequest', examples: [{ customer_id: 12347 }, { customer_id: 'C-0042' }] });

/** Names of the features on the wire of the `/segment` routes, by the name in the model. */
export const STATS_FEATURES = {
  recency_days: 'Recency',
  frequency: 'Frequency',
  monetary: 'Monetary',
} as const;

/** The four statistics of each of them. */
export const STATS = ['mean', 'median', 'min', 'max'] as const;

const statsSchema = z.object(
  Object.fromEntries(
    Object.values(STATS_FEATURES).flatMap((feature) =>
      STATS.map((stat) => [`${feature}_${stat}`, z.number()]),
    ),
  ),
);

/** Answer of `POST /segment/manual` and `POST /segment/customer`. */
export const segmentAnswerSchema = z
  .object({
    segment_id: count.meta({ description: '0 is the largest segment.' }),
    segment_name: z.string(),
    stats: statsSchema.meta({ description: 'Over all customers of the segment: days, orders, spend.' }),
    confidence: z.number().min(0).max(1).meta({ description: 'max(0, 1 − distance_to_center ÷ 5).' }),
    distance_to_center: z.number().min(0).meta({ description: 'Euclidean, on the standardised features.' }),
  })
  .meta({
    id: 'SegmentAnswer',
    examples: [
      {
        segment_id: 0,
        segment_name: 'Regular customers',
        stats: {
          Recency_mean: 43.7,
          Recency_median: 33,
          Recency_min: 1,
          Recency_max: 187,
          Frequency_mean: 3.7,
          Frequency_median: 3,
          Frequency_min: 1,
          Frequency_max: 14,
          Monetary_mean: 1353.6,
          Monetary_median: 819.5,
          Monetary_min: 3.75,
          Monetary_max: 21535.9,
        },
        confidence: 0.95,
        distance_to_center: 0.25,
      },
    ],
  });

/** Query of `GET /v1/customers/{customerId}/segment`. */
export const datasetQuerySchema = z.strictObject({ dataset: optionalDataset });

/** Path of `GET /v1/customers/{customerId}/segment`. */
export const customerPathSchema = z.object({
  customerId: z
    .string()
    .min(1)
    .max(256)
    .meta({ description: 'As in the orders, percent-encoded.', examples: ['12347'] }),
});

/** Answer of `GET /v1/customers/{customerId}/segment`. */
export const customerSegmentSchema = z
  .object({
    customer_id: z.string(),
    dataset,
    run_id: z.string(),
    segment_id: count,
    segment_name: z.string(),
    confidence: z.number().min(0).max(1),
    distance_to_center: z.number().min(0),
    features: z.record(z.string(), z.union([z.number(), z.string(), z.array(z.string()).readonly()])).meta({
      description: 'Raw values by column, as far as there are any; instants in ms since the epoch.',
    }),
  })
  .meta({
    id: 'CustomerSegment',
    examples: [
      {
        customer_id: '12347',
        dataset: 'orders',
        run_id: 'r0f3a2b1c4d5e6f708192a3b4',
        segment_id: 0,
        segment_name: 'Regular customers',
        confidence: 0.93,
        distance_to_center: 0.35,
        features: { recency_days: 2, frequency: 7, monetary: 4310 },
      },
    ],
  });

const segmentSchema = z
  .object({
    segment_id: count.meta({ description: '0 is the largest.' }),
    name: z.string(),
    size: count,
    share: z.number().min(0).max(1),
    name_rule: z.string().meta({ description: 'Rule that chose the name, in words.' }),
    statistics: z.record(
      z.string(),
      z.object({ mean: z.number(), median: z.number(), min: z.number(), max: z.number() }),
    ),
    center: z.record(z.string(), z.number()).meta({ description: 'In raw units, by feature name.' }),
    categories: z
      .record(
        z.string(),
        z.array(z.object({ value: z.string(), share: z.number().min(0).max(1) })).readonly(),
      )
      .optional()
      .meta({ description: 'Most frequent texts of each category or list; of tables only.' }),
    distinctive: z
      .array(z.object({ feature: z.string(), difference: z.number() }))
      .readonly()
      .optional()
      .meta({ description: 'Furthest from the mean of all, in standard deviations; of tables only.' }),
  })
  .meta({ id: 'Segment' });

/** Query of `GET /v1/segments`. */
export const segmentsQuerySchema = z.strictObject({
  dataset: optionalDataset,
  limit: limit(100, 50),
  cursor,
});

/** Answer of `GET /v1/segments`. */
export const segmentsPageSchema = z
  .object({
    dataset,
    runId: z.string(),
    publishedAt: isoTime,
    segments: z.array(segmentSchema),
    cursor: nextCursor,
  })
  .meta({ id: 'SegmentsPage' });

export type SegmentAnswer = z.output<typeof segmentAnswerSchema>;
export type CustomerSegment = z.output<typeof customerSegmentSchema>;
export type SegmentsPage = z.output<typeof segmentsPageSchema>;
