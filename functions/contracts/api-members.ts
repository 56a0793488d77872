import { z } from 'zod';
import { count, cursor, dataset, limit, nextCursor, optionalDataset } from './api-fields.ts';

/** Path of `GET /v1/segments/{segmentId}/members`. */
export const segmentPathSchema = z.object({
  segmentId: z
    .string()
    .regex(/^\d{1,5}$/, 'must be the number of a segment')
    .transform(Number)
    .meta({
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern;
        Object.assign(jsonSchema, { type: 'integer', minimum: 0 });
      },
      examples: [0],
    }),
});

/** Query of `GET /v1/segments/{segmentId}/members`. */
export const membersQuerySchema = z.strictObject({
  dataset: optionalDataset,
  limit: limit(1000, 100),
  cursor,
});

/** Answer of `GET /v1/segments/{segmentId}/members`. */
export const membersPageSchema = z
  .object({
    dataset,
    run_id: z.string(),
    segment_id: count,
    segment_name: z.string(),
    size: count.meta({ description: 'Members in all.' }),
    members: z.array(
      z.object({
        customer_id: z.string(),
        confidence: z.number().min(0).max(1),
        distance_to_center: z.number().min(0),
      }),
    ),
    cursor: nextCursor,
  })
  .meta({
    id: 'MembersPage',
    examples: [
      {
        dataset: 'orders',
        run_id: 'r0f3a2b1c4d5e6f708192a3b4',
        segment_id: 0,
        segment_name: 'Regular customers',
        size: 1871,
        members: [{ customer_id: '12347', confidence: 0.93, distance_to_center: 0.35 }],
      },
    ],
  });
