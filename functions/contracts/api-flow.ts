import { z } from 'zod';
import { count, dataset, isoTime } from './api-fields.ts';

const place = z
  .union([count, z.enum(['noise', 'entered', 'left'])])
  .meta({ description: 'A segment id, or outside of the run: `entered` before, `left` after.' });
const side = z.object({ place, size: count });

/** Answer of `GET /v1/runs/{runId}/flow`. */
export const runFlowSchema = z
  .object({
    runId: z.string(),
    formerRunId: z.string().nullable().meta({
      description: 'The run that was served when this one was labelled; null for a dataset’s first.',
    }),
    events: z
      .array(
        z.object({
          kind: z.enum(['kept', 'split', 'merged', 'born', 'died']),
          from: z.array(count).readonly(),
          to: z.array(count).readonly(),
          by: z.enum(['overlap', 'centers']),
          similarity: z.number().min(0).max(1),
          overlaps: z
            .array(
              z.object({
                from: count,
                to: count,
                shared: count,
                jaccard: z.number(),
                shareOfFrom: z.number(),
                shareOfTo: z.number(),
              }),
            )
            .readonly(),
        }),
      )
      .readonly()
      .meta({ description: 'What became of each segment; ids are those that segments keep.' }),
    flow: z
      .object({
        from: z.array(side).readonly(),
        to: z.array(side).readonly(),
        counts: z
          .array(z.array(count).readonly())
          .readonly()
          .meta({ description: 'Customers by row of `from` and column of `to`.' }),
        stayed: count,
        moved: count,
        entered: count,
        left: count,
      })
      .nullable(),
    borders: z
      .object({
        budget: z.number().min(0).max(1),
        margin: z.number().min(0).max(1).meta({
          description: 'Who is nearer to another center by no more than this share of the distance stays.',
        }),
        held: count,
        nCustomers: count.meta({ description: 'Customers of both runs.' }),
      })
      .optional()
      .meta({
        description:
          'Only with a `churnBudget`: how many customers stayed in their segment although another center is nearer.',
      }),
    causes: z
      .object({
        moved: count,
        data: z.number(),
        centers: z.number(),
        count: z.number(),
        unknown: z.number(),
        byCause: z.record(z.string(), count),
      })
      .meta({
        description:
          'How many moves are due to changed values, moved centers, another number of segments; the four sum to `moved`.',
      }),
    labelWrites: z
      .object({ written: count, unchanged: count, left: count, held: count.optional() })
      .meta({ description: 'Labels written, labels of former runs that still hold, and departures noted.' }),
  })
  .meta({
    id: 'RunFlow',
    examples: [
      {
        runId: 'r2a600a2a6ffb5d035b2a2c3b',
        formerRunId: 'r0d9e51c7b7a3f60a4b1c8d2e',
        events: [
          {
            kind: 'kept',
            from: [0],
            to: [0],
            by: 'overlap',
            similarity: 0.9,
            overlaps: [{ from: 0, to: 0, shared: 90, jaccard: 0.9, shareOfFrom: 0.9, shareOfTo: 1 }],
          },
        ],
        flow: {
          from: [
            { place: 0, size: 100 },
            { place: 'entered', size: 0 },
          ],
          to: [
            { place: 0, size: 90 },
            { place: 'left', size: 10 },
          ],
          counts: [
            [90, 10],
            [0, 0],
          ],
          stayed: 90,
          moved: 0,
          entered: 0,
          left: 10,
        },
        causes: {
          moved: 0,
          data: 0,
          centers: 0,
          count: 0,
          unknown: 0,
          byCause: { data: 0, centers: 0, count: 0, either: 0, together: 0, unknown: 0 },
        },
        labelWrites: { written: 0, unchanged: 90, left: 10 },
      },
    ],
  });

/** Body of `POST /v1/datasets/{dataset}/rollback`. */
export const rollbackBodySchema = z
  .strictObject({
    runId: z.string().min(1).max(64).optional().meta({
      description: 'A finished run of the dataset; default: the one served before the current one.',
    }),
  })
  .meta({ id: 'RollbackRequest', examples: [{}] });

/** Answer of `POST /v1/datasets/{dataset}/rollback`. */
export const rollbackAnswerSchema = z
  .object({
    dataset,
    runId: z.string().meta({ description: 'The run that is served now.' }),
    rolledBackFrom: z.string(),
    publishedAt: isoTime,
  })
  .meta({ id: 'RollbackAnswer' });
