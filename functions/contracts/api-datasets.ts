import { z } from 'zod';
import { cursor, dataset, isoTime, limit, nextCursor } from './api-fields.ts';
import { datasetConfigSchema } from './dataset.ts';
import { ENTITY_COLUMN_TYPES, featureSpecSchema } from './recipe.ts';

/** Path of everything about one dataset. */
export const datasetPathSchema = z.object({ dataset });

const wholeNumber = (description: string) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .optional()
    .meta({ description, override: { type: 'integer', minimum: 0 } });

const version = z
  .int()
  .min(0)
  .meta({ description: '1 for the first; grows with every change; 0: not saved.' });

/** Query of a change: the version that the caller has seen. */
export const expectedVersionQuerySchema = z.strictObject({
  expectedVersion: wholeNumber(
    'Version that the change is made to, 0 where nothing is saved; another one answers 409. Absent: whatever is saved.',
  ),
});

/** Query of `GET /v1/datasets/{dataset}`. */
export const datasetVersionQuerySchema = z.strictObject({
  version: wholeNumber('A version of old; default: the newest.'),
});

/** Body of `PUT /v1/datasets/{dataset}`: the configuration itself. */
export const datasetConfigBodySchema = datasetConfigSchema.meta({
  id: 'DatasetConfig',
  examples: [
    {
      kind: 'leads',
      idColumn: 'lead_id',
      timeColumn: 'created_at',
      timeZone: 'America/Sao_Paulo',
      maxDataAgeMonths: 6,
      featuresToUse: ['ltv', 'behavior_score', 'engagement_score', 'geo', 'time'],
      nClusters: 5,
      schedule: { cron: '0 3 * * MON', timeZone: 'America/Sao_Paulo' },
      personal: { columns: ['email', 'phone'] },
    },
  ],
});

const currentSchema = z
  .object({ runId: z.string(), publishedAt: isoTime })
  .meta({ description: 'The run whose segments are served.' });

/** What the files themselves say, where no configuration decides; its `config` may be saved as it is. */
export const datasetInferenceSchema = z
  .object({
    config: datasetConfigBodySchema,
    columns: z
      .array(
        z.object({
          name: z.string(),
          type: z.enum(ENTITY_COLUMN_TYPES),
          unit: z.string(),
          source: z.string().meta({ description: 'Header of the input.' }),
        }),
      )
      .meta({ description: 'Columns of the table of entities.' }),
    ignored: z.array(z.object({ name: z.string(), reason: z.string(), detail: z.string() })),
    assumedMissing: z
      .array(z.object({ column: z.string(), value: z.string(), count: z.int(), reason: z.string() }))
      .meta({ description: 'Values that are read as missing; `count` is of the sample.' }),
    features: z.array(featureSpecSchema).meta({ description: 'How the columns become features.' }),
  })
  .meta({ id: 'DatasetInference' });
export type DatasetInference = z.output<typeof datasetInferenceSchema>;

/** Answer of `GET /v1/datasets/{dataset}`. */
export const datasetDetailSchema = z
  .object({
    dataset,
    version,
    savedAt: isoTime.optional(),
    config: datasetConfigBodySchema.optional(),
    inferred: datasetInferenceSchema
      .optional()
      .meta({ description: 'What the last run found out; shown while nothing is saved.' }),
    current: currentSchema.optional(),
  })
  .meta({ id: 'DatasetDetail' });

/** Answer of a change. */
export const savedDatasetSchema = z
  .object({ dataset, version, savedAt: isoTime, config: datasetConfigBodySchema.nullable() })
  .meta({ id: 'SavedDataset' });

/** Query of `GET /v1/datasets`. */
export const datasetsQuerySchema = z.strictObject({ limit: limit(100, 50), cursor });

/** Answer of `GET /v1/datasets`. */
export const datasetsPageSchema = z
  .object({
    datasets: z.array(
      z.object({
        dataset,
        version,
        kind: datasetConfigSchema.shape.kind,
        savedAt: isoTime.optional(),
        current: currentSchema.optional(),
      }),
    ),
    cursor: nextCursor,
  })
  .meta({ id: 'DatasetsPage' });

/** Body of `POST /v1/datasets/{dataset}/inference`. */
export const inferenceBodySchema = z
  .strictObject({
    files: z.array(z.string().min(1).max(1024)).min(1).max(100).meta({
      description: 'Keys or folders of your tenant, as of a run; the first 10 files are looked at.',
    }),
    save: z.boolean().default(false).meta({ description: 'Save what was inferred as the configuration.' }),
    expectedVersion: z.int().min(0).optional(),
  })
  .meta({ id: 'InferenceRequest', examples: [{ files: ['files/acme/leads/'], save: true }] });

/** Answer of `POST /v1/datasets/{dataset}/inference`. */
export const inferenceAnswerSchema = z
  .object({ dataset, version, inferred: datasetInferenceSchema })
  .meta({ id: 'InferenceAnswer' });
