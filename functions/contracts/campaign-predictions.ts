import { z } from 'zod';
import { cursor, limit, nextCursor } from './api-fields.ts';
import { configIdTextSchema, daySchema, entityIdSchema, entityTypeSchema } from './campaign-entities.ts';
import { forecastBodySchema } from './campaign-forecasts.ts';
import { PREDICTION_TYPES, predictionSchema } from './campaign-records.ts';

/** Body of `POST /api/v1/predictions/cpl` and `/leads`: the day after `as_of`. */
export const predictionBodySchema = forecastBodySchema
  .omit({ horizon_days: true })
  .meta({ id: 'PredictionRequest', examples: [{ config_id: 1, entity_id: '23851234567890123' }] });

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
