import { z } from 'zod';
import { cursor, isoTime, limit, nextCursor } from './api-fields.ts';
import { configIdSchema, configIdTextSchema, daySchema } from './campaign-entities.ts';
import { MODEL_TYPES, trainedModelSchema } from './campaign-records.ts';

/** Body of `POST /api/v1/classifications/train`. */
export const trainBodySchema = z
  .strictObject({ config_id: configIdSchema, as_of: daySchema.optional() })
  .meta({ id: 'TrainClassifierRequest', examples: [{ config_id: 1 }] });

/** Query of `GET /api/v1/models`. */
export const modelsQuerySchema = z.strictObject({
  config_id: configIdTextSchema.optional(),
  model_type: z.enum(MODEL_TYPES).optional(),
  limit: limit(100, 20),
  cursor,
});

/** Answer of `GET /api/v1/models`. */
export const modelsPageSchema = z
  .object({
    models: z.array(trainedModelSchema).meta({
      description: 'Newest first; a page may hold fewer than its limit although more follow.',
    }),
    cursor: nextCursor,
  })
  .meta({ id: 'ModelsPage' });

/** Paths of one model, and of the active one of a kind. */
export const modelPathSchema = z.object({ id: z.string().min(1).max(128) });
export const modelTypePathSchema = z.object({ type: z.enum(MODEL_TYPES) });
export const modelAccountQuerySchema = z.strictObject({ config_id: configIdTextSchema });

/** Answer of `DELETE /api/v1/models/active/{type}`. */
export const rulesDecideSchema = z
  .object({
    config_id: configIdSchema,
    model_type: z.enum(MODEL_TYPES),
    method: z
      .enum(['rules', 'auto'])
      .meta({ description: 'auto: each campaign is forecast by what its own backtest finds best.' }),
  })
  .meta({ id: 'RulesDecide' });

/** Answer of `GET /api/v1/models/{id}/metrics`. */
export const modelMetricsSchema = z
  .object({
    model_id: z.string(),
    accuracy: z
      .number()
      .nullable()
      .meta({ description: 'Of held-out campaigns, five folds; null for a forecaster.' }),
    f1_macro: z.number().nullable(),
    f1_weighted: z.number().nullable(),
    cv_mean: z.number().nullable(),
    rules_accuracy: z.number().nullable().meta({ description: 'Of the rules on the same samples.' }),
    mase: z.number().nullable().meta({ description: 'Of a forecaster, on held-out days; else null.' }),
    smape: z.number().nullable().meta({ description: '0 to 200.' }),
    own_mase: z
      .number()
      .nullable()
      .meta({ description: "Of the campaigns' own choices of a method on the same days." }),
    samples_trained: z.int(),
    last_trained: isoTime.nullable(),
    predictions_count: z.int().meta({
      description: 'Campaigns whose newest tier is of this model; predictions in the newest run of the job.',
    }),
    avg_confidence: z.number().nullable(),
  })
  .meta({ id: 'ModelMetrics' });
