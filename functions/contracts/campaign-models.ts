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
  .object({ config_id: configIdSchema, model_type: z.enum(MODEL_TYPES), method: z.literal('rules') })
  .meta({ id: 'RulesDecide' });

/** Answer of `GET /api/v1/models/{id}/metrics`. */
export const modelMetricsSchema = z
  .object({
    model_id: z.string(),
    accuracy: z.number().meta({ description: 'Of held-out campaigns, five folds.' }),
    f1_macro: z.number(),
    f1_weighted: z.number(),
    cv_mean: z.number(),
    rules_accuracy: z.number().meta({ description: 'Of the rules on the same samples.' }),
    samples_trained: z.int(),
    last_trained: isoTime.nullable(),
    predictions_count: z.int().meta({ description: 'Campaigns whose newest tier is of this model.' }),
    avg_confidence: z.number().nullable(),
  })
  .meta({ id: 'ModelMetrics' });
