import { z } from 'zod';
import { count, cursor, dataset, isoTime, limit, nextCursor } from './api-fields.ts';
import { RUN_STATUSES } from './records.ts';
import { runRequestSchema, STEPS } from './workflow.ts';

/** Body of `POST /v1/runs`. */
export const startRunBodySchema = z.strictObject({ dataset, ...runRequestSchema.shape }).meta({
  id: 'StartRunRequest',
  examples: [
    {
      dataset: 'orders',
      files: ['files/acme/orders/2026-11.csv.gz'],
      nClusters: { min: 3, max: 8 },
      seed: 42,
    },
  ],
});

/** Answer of `POST /v1/runs`. */
export const startedRunSchema = z
  .object({
    runId: z.string().meta({ description: 'Follows from the content of the files and the request.' }),
    dataset,
    executionId: z.string(),
  })
  .meta({ id: 'StartedRun' });

/** Path of `GET /v1/runs/{runId}`. */
export const runPathSchema = z.object({ runId: z.string().min(1).max(64) });

/** Query of `GET /v1/runs`. */
export const runsQuerySchema = z.strictObject({ limit: limit(100, 20), cursor });

const rowsSchema = z.object({
  read: count,
  used: count,
  rejected: count,
  byRule: z.record(z.string(), count).meta({ description: 'Rows dropped, by cleaning rule.' }),
});

const scoresSchema = z.object({
  inertia: z.number(),
  silhouette: z.number().min(-1).max(1),
  daviesBouldin: z.number().min(0),
  iterations: count,
  restarts: count,
});

const runFields = {
  runId: z.string(),
  dataset,
  status: z.enum(RUN_STATUSES).meta({
    description:
      '`expired`: everything that the run had written is deleted, as `keepRuns` of the dataset says; `expiring`: it is about to be. A run that succeeded can be served again.',
  }),
  trigger: z.enum(['drop', 'schedule', 'api']),
  startedAt: isoTime,
  finishedAt: isoTime.optional(),
  rows: rowsSchema.optional(),
  nEntities: count.optional().meta({ description: 'Customers segmented.' }),
  nSegments: count.optional(),
  scores: scoresSchema.optional(),
  publishedAt: isoTime.optional().meta({ description: 'When the dataset last began to serve it.' }),
  expiredAt: isoTime.optional(),
  problem: z
    .looseObject({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })
    .optional()
    .meta({ description: 'Why the run failed: file, line and reason as far as they are known.' }),
};

/** One run in a list. */
export const runSummarySchema = z.object(runFields).meta({ id: 'RunSummary' });

/** Answer of `GET /v1/runs`. */
export const runsPageSchema = z
  .object({ runs: z.array(runSummarySchema), cursor: nextCursor })
  .meta({ id: 'RunsPage' });

/** How far one step of a run has come. */
export const stepReportSchema = z
  .object({
    step: z.enum(STEPS),
    items: z.object({ total: count, done: count, failed: count }),
    rows: count.meta({ description: 'Rows or customers handled so far.' }),
    startedAt: isoTime,
    updatedAt: isoTime,
    durationMs: count.meta({ description: 'From the first start to the last report.' }),
    peakMemoryMb: count.meta({ description: 'Largest resident memory of one worker, MiB.' }),
  })
  .meta({ id: 'StepReport' });

/** Answer of `GET /v1/runs/{runId}`. */
export const runDetailSchema = z
  .object({
    ...runFields,
    executionId: z.string(),
    request: runRequestSchema,
    steps: z.array(stepReportSchema).meta({ description: 'Steps that have begun, in their order.' }),
    artifacts: z
      .array(z.object({ name: z.string(), key: z.string(), bytes: count, sha256: z.string() }))
      .optional(),
  })
  .meta({ id: 'RunDetail' });

export type RunSummary = z.output<typeof runSummarySchema>;
export type RunDetail = z.output<typeof runDetailSchema>;
export type StepReport = z.output<typeof stepReportSchema>;
