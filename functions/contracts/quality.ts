import { z } from 'zod';
import { DATASET_KINDS } from './dataset.ts';
import { ENTITY_COLUMN_TYPES } from './recipe.ts';

const count = z.int().min(0);
const share = z.number().min(0).max(1);

/** How the values of a column were distributed: what the next run is compared with. */
export const driftBinsSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('numbers'),
    edges: z.array(z.number()).meta({ description: 'Upper ends of all bins but the last, ascending.' }),
    shares: z.array(share),
    missing: share,
  }),
  z.object({
    kind: z.literal('texts'),
    texts: z.array(z.string()),
    shares: z.array(share),
    other: share,
    missing: share,
  }),
]);
export type DriftBins = z.output<typeof driftBinsSchema>;

const columnQualitySchema = z.object({
  name: z.string(),
  source: z.string().meta({ description: 'Header of the input.' }),
  type: z.enum(ENTITY_COLUMN_TYPES),
  unit: z.string(),
  missing: count.meta({ description: 'Entities without a value.' }),
  unreadable: count.meta({ description: 'Cells that are no value of the type; they are missing.' }),
  distinct: z.object({ count, exact: z.boolean() }).optional(),
  numbers: z
    .object({
      mean: z.number(),
      standardDeviation: z.number(),
      min: z.number(),
      max: z.number(),
      quantiles: z.record(z.string(), z.number()),
      outlierShare: share.meta({ description: 'Beyond 1.5 interquartile ranges from the quartiles.' }),
      histogram: z.object({ edges: z.array(z.number()), counts: z.array(count) }),
    })
    .optional(),
  top: z.array(z.object({ value: z.string(), share })).optional(),
  bins: driftBinsSchema.optional(),
});
export type ColumnQuality = z.output<typeof columnQualitySchema>;

/** Artefact `quality_report.json`: what was read and what was done to it. Its bytes depend on content and settings alone. */
export const qualityReportSchema = z
  .object({
    kind: z.enum(DATASET_KINDS),
    referenceAt: z.string().meta({ description: 'Instant that recency and windows count from.' }),
    files: z.array(
      z.object({
        name: z.string(),
        bytes: count,
        format: z.string(),
        compression: z.string(),
        encoding: z.string(),
        columns: count,
      }),
    ),
    rows: z.object({ read: count, used: count, rejected: count, byRule: z.record(z.string(), count) }),
    rejected: z
      .array(
        z.object({
          rule: z.string(),
          count,
          examples: z.array(z.object({ file: z.string(), place: count, masked: z.string() })),
        }),
      )
      .meta({ description: 'Rules that left rows out, with the first rows; letters and digits are masked.' }),
    entities: count,
    idColumn: z.string().nullable(),
    timeColumn: z.string().nullable(),
    columns: z.array(columnQualitySchema),
    ignored: z.array(z.object({ name: z.string(), reason: z.string(), detail: z.string() })),
    assumedMissing: z.array(z.object({ column: z.string(), value: z.string(), count, reason: z.string() })),
    features: z.array(
      z.object({
        name: z.string(),
        source: z.string(),
        scaling: z.string(),
        explained: share.meta({ description: 'Share of its variance that lies between the segments (η²).' }),
        importance: share.meta({ description: 'Its share of all variance between segments; they sum to 1.' }),
      }),
    ),
    leftOut: z.array(
      z.object({ name: z.string(), source: z.string(), reason: z.string(), detail: z.string() }),
    ),
  })
  .meta({ id: 'QualityReport' });
export type QualityReport = z.output<typeof qualityReportSchema>;

/** `drift.json`: how the columns moved since the run that was served before. */
export const driftReportSchema = z
  .object({
    against: z.string().meta({ description: 'Run that is compared with.' }),
    columns: z.array(
      z.object({
        name: z.string(),
        psi: z.number().min(0).meta({ description: 'Population stability index, in the former run’s bins.' }),
        verdict: z
          .enum(['stable', 'moved', 'shifted'])
          .meta({ description: 'Below 0.1, below 0.25, above.' }),
      }),
    ),
    added: z.array(z.string()),
    removed: z.array(z.string()),
  })
  .meta({ id: 'DriftReport' });
export type DriftReport = z.output<typeof driftReportSchema>;

/** Answer of `GET /v1/runs/{runId}/quality`. */
export const qualityAnswerSchema = z
  .object({
    runId: z.string(),
    report: qualityReportSchema,
    drift: driftReportSchema.optional().meta({ description: 'Absent where nothing was served before.' }),
  })
  .meta({ id: 'QualityAnswer' });
export type QualityAnswer = z.output<typeof qualityAnswerSchema>;
