import { z } from 'zod';
import { count } from './api-fields.ts';

const cell = z.union([z.number(), z.string(), z.array(z.string()).readonly(), z.null()]);

const distancePart = z.object({
  feature: z.string(),
  part: z.number().meta({ description: 'Squared, on the scaled features.' }),
  share: z.number().meta({ description: 'Of the whole.' }),
});

/** Answer of `GET /v1/customers/{customerId}/explanation`. */
export const explanationSchema = z
  .object({
    customer_id: z.string(),
    dataset: z.string(),
    run_id: z.string(),
    segment_id: count,
    segment_name: z.string(),
    held: z.boolean().meta({
      description:
        'The churn budget of the dataset keeps the customer here although the center of the runner-up is nearer.',
    }),
    distance_to_center: z.number().min(0),
    distance_parts: z.array(distancePart).meta({
      description:
        'What each feature adds to the squared distance to the center, the largest first; they sum to it.',
    }),
    runner_up: z
      .object({
        segment_id: count,
        segment_name: z.string(),
        distance_to_center: z.number().min(0),
        margin: z.number().max(1).meta({
          description:
            '(its distance − own) ÷ its distance: 0 on the border, 1 on the own center, below 0 for a customer who is held.',
        }),
        margin_parts: z.array(distancePart).meta({
          description: 'What speaks for the own segment first, what against it last.',
        }),
      })
      .nullable(),
    smallest_changes: z
      .array(
        z.object({
          column: z.string(),
          unit: z.string(),
          from: cell,
          to: cell,
          segment_id: count,
          segment_name: z.string(),
          displacement: z.number().min(0),
        }),
      )
      .meta({
        description:
          'Per column the smallest change of it alone that moves the customer, tried on the model; the smallest on the scaled features first. None for a customer who is held: nothing need change.',
      }),
  })
  .meta({
    id: 'CustomerExplanation',
    examples: [
      {
        customer_id: '12347',
        dataset: 'orders',
        run_id: 'r1',
        segment_id: 0,
        segment_name: 'Regular customers',
        held: false,
        distance_to_center: 0.5,
        distance_parts: [{ feature: 'recency_days', part: 0.25, share: 1 }],
        runner_up: {
          segment_id: 1,
          segment_name: 'Champions',
          distance_to_center: 1,
          margin: 0.5,
          margin_parts: [{ feature: 'recency_days', part: 0.75, share: 1 }],
        },
        smallest_changes: [
          {
            column: 'frequency',
            unit: 'orders',
            from: 7,
            to: 12,
            segment_id: 1,
            segment_name: 'Champions',
            displacement: 0.4,
          },
        ],
      },
    ],
  });
export type CustomerExplanation = z.output<typeof explanationSchema>;
