import { z } from 'zod';
import { count, dataset } from './api-fields.ts';

/** A raw record. */
export const rawRecordSchema = z
  .record(
    z.string().max(256),
    z.union([z.string().max(65_536), z.number(), z.boolean(), z.array(z.string()), z.null()]),
  )
  .meta({
    description:
      'By header name, as a file holds it or as JSON; what is left out is missing. Of orders: `recency_days`, `frequency`, `monetary`.',
  });

/** Body of `POST /v1/datasets/{dataset}/score`. */
export const scoreBodySchema = z
  .strictObject({
    record: rawRecordSchema,
  })
  .meta({
    id: 'ScoreRequest',
    examples: [{ record: { country: 'BR', behavior_score: 71, ltv_class: 'High' } }],
  });

/** Answer of `POST /v1/datasets/{dataset}/score`. */
export const scoreAnswerSchema = z
  .object({
    dataset,
    run_id: z.string(),
    segment_id: count,
    segment_name: z.string(),
    confidence: z.number().min(0).max(1),
    distance_to_center: z.number().min(0),
  })
  .meta({ id: 'ScoreAnswer' });
