import { scoreRow } from '../clustering/score-row.ts';
import {
  customerBodySchema,
  manualBodySchema,
  type SegmentAnswer,
  STATS,
  STATS_FEATURES,
  segmentAnswerSchema,
} from '../contracts/api.ts';
import type { SegmentRecord } from '../contracts/records.ts';
import { findCustomer } from './find-customer.ts';
import { publishedDataset, publishedRun, segmentOf } from './published-run.ts';
import { defineRoute } from './route.ts';

/** Scores a customer who need not be in the data. */
export const segmentManual = defineRoute({
  method: 'POST',
  path: '/segment/manual',
  scope: 'segments:read',
  summary: 'Segment of a customer given by recency, frequency and monetary value',
  description: 'Scales the three values as the model was fitted and takes the nearest center.',
  body: manualBodySchema,
  status: 200,
  answer: segmentAnswerSchema,
  problems: { 404: 'Nothing is published (`Model artifact not found`).' },
  async handle({ tenant, body: { recency, frequency, monetary, dataset } }, ports) {
    const { model, segments } = await publishedRun(ports, await publishedDataset(ports, tenant, dataset));
    const score = scoreRow(model, { recency_days: recency, frequency, monetary });
    return { body: answerOf(segments, segmentOf(model, score.label), score) };
  },
});

/** Looks up a customer of the data. */
export const segmentCustomer = defineRoute({
  method: 'POST',
  path: '/segment/customer',
  scope: 'segments:read',
  summary: 'Segment of a customer of the dataset',
  body: customerBodySchema,
  status: 200,
  answer: segmentAnswerSchema,
  problems: {
    404: 'The customer is not in the current run (`Customer not found`), or nothing is published (`Model artifact not found`).',
  },
  async handle({ tenant, body: { customer_id, dataset } }, ports) {
    const record = await publishedDataset(ports, tenant, dataset);
    const [customer, { segments }] = await Promise.all([
      findCustomer(ports, record, String(customer_id)),
      publishedRun(ports, record),
    ]);
    return { body: answerOf(segments, customer.segmentId, customer) };
  },
});

function answerOf(
  segments: readonly SegmentRecord[],
  segmentId: number,
  { confidence, distance }: { confidence: number; distance: number },
): SegmentAnswer {
  const segment = segments.find(({ segment_id }) => segment_id === segmentId);
  if (!segment) throw new Error(`segment ${segmentId} of a published run is not stored`);
  return {
    segment_id: segmentId,
    segment_name: segment.name,
    stats: statsOf(segment),
    confidence,
    distance_to_center: distance,
  };
}

/** The twelve numbers of the source: `Recency_mean` … `Monetary_max`. */
function statsOf({ statistics }: SegmentRecord): Record<string, number> {
  return Object.fromEntries(
    Object.entries(STATS_FEATURES).flatMap(([feature, word]) =>
      STATS.map((stat): [string, number] => [`${word}_${stat}`, statistics[feature]?.[stat] ?? Number.NaN]),
    ),
  );
}
