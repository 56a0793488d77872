import { z } from 'zod';
import { cursor, limit, nextCursor } from './api-fields.ts';
import {
  configIdSchema,
  configIdTextSchema,
  daySchema,
  entityIdSchema,
  entityTypeSchema,
} from './campaign-entities.ts';
import { forecastBodySchema } from './campaign-forecasts.ts';
import { PREDICTION_TYPES, predictionSchema, TARGET_METRICS } from './campaign-records.ts';

/** Body of `POST /api/v1/predictions/cpl` and `/leads`: the day after `as_of`. */
export const predictionBodySchema = forecastBodySchema
  .omit({ horizon_days: true })
  .meta({ id: 'PredictionRequest', examples: [{ config_id: 1, entity_id: '23851234567890123' }] });

/** Most entities of one `POST /api/v1/predictions/batch`. */
export const MOST_PREDICTED = 200;

/** Body of `POST /api/v1/predictions/batch`. */
export const predictionBatchBodySchema = z
  .strictObject({
    config_id: configIdSchema,
    entities: z
      .array(z.strictObject({ entity_type: entityTypeSchema.default('campaign'), entity_id: entityIdSchema }))
      .min(1)
      .max(MOST_PREDICTED)
      .refine(
        (entities) =>
          new Set(entities.map((one) => `${one.entity_type} ${one.entity_id}`)).size === entities.length,
        'must not name an entity twice',
      ),
    metrics: z
      .array(z.enum(TARGET_METRICS))
      .min(1)
      .default(['cpl', 'leads'])
      .refine((metrics) => new Set(metrics).size === metrics.length, 'must not name a metric twice'),
    method: z.enum(['auto', 'ema', 'linear']).default('auto').meta({
      description: '`auto`: `ema` or `linear`, whichever a backtest finds better for the entity.',
    }),
    band: forecastBodySchema.shape.band,
    window_days: forecastBodySchema.shape.window_days,
    as_of: forecastBodySchema.shape.as_of,
  })
  .meta({
    id: 'PredictionBatchRequest',
    examples: [{ config_id: 1, entities: [{ entity_id: '23851234567890123' }], metrics: ['cpl'] }],
  });

/** Answer of `POST /api/v1/predictions/batch`. */
export const predictionBatchSchema = z
  .object({
    config_id: configIdSchema,
    as_of: daySchema,
    predicted: z.int(),
    refused: z.int(),
    results: z
      .array(
        z.object({
          entity_type: entityTypeSchema,
          entity_id: entityIdSchema,
          metric: z.enum(TARGET_METRICS),
          prediction: predictionSchema.nullable(),
          problem: z
            .object({ title: z.enum(['NotFoundError', 'InsufficientDataError']), detail: z.string() })
            .nullable()
            .meta({ description: 'Why there is no prediction; null where there is one.' }),
        }),
      )
      .meta({ description: 'In the order of the entities, of each in the order of the metrics.' }),
  })
  .meta({ id: 'PredictionBatch' });
export type PredictionBatch = z.output<typeof predictionBatchSchema>;

/** Path and query of `GET /api/v1/predictions/series/{type}/{id}`. */
export const predictionSeriesPathSchema = z.object({ type: entityTypeSchema, id: entityIdSchema });
export const predictionSeriesQuerySchema = z.strictObject({
  config_id: configIdTextSchema,
  prediction_type: z.enum(PREDICTION_TYPES).optional(),
  from: daySchema.optional(),
  to: daySchema.optional(),
  limit: limit(1000, 100),
  cursor,
});

/** Answer of `GET /api/v1/predictions/series/{type}/{id}`. */
export const predictionSeriesSchema = z
  .object({
    predictions: z.array(predictionSchema).meta({
      description: 'Newest day first; a page may hold fewer than its limit although more follow.',
    }),
    cursor: nextCursor,
  })
  .meta({ id: 'PredictionSeries' });
