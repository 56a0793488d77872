import { z } from 'zod';
import { cursor, limit, nextCursor } from './api-fields.ts';
import {
  configIdSchema,
  configIdTextSchema,
  daySchema,
  entityIdSchema,
  entityTypeSchema,
} from './campaign-entities.ts';
import { FORECAST_METHODS, forecastRecordSchema, TARGET_METRICS } from './campaign-records.ts';

/** Days of history that a forecast rests on, unless asked otherwise. */
export const FORECAST_WINDOW_DAYS = 90;

/** Body of `POST /api/v1/forecasts/cpl`, `/leads` and `/spend`. */
export const forecastBodySchema = z
  .strictObject({
    config_id: configIdSchema,
    entity_type: entityTypeSchema.default('campaign'),
    entity_id: entityIdSchema,
    horizon_days: z.int().min(1).max(90).default(7),
    method: z.enum(['auto', ...FORECAST_METHODS]).default('auto'),
    band: z.enum(['model', 'calibrated']).optional().meta({
      description:
        'Default: `calibrated`, where the history allows. `model` is the formula of the method itself.',
    }),
    window_days: z.int().min(7).max(365).default(FORECAST_WINDOW_DAYS),
    as_of: daySchema
      .optional()
      .meta({ description: 'Last day that the forecast knows of; default: yesterday.' }),
  })
  .meta({ id: 'ForecastRequest', examples: [{ config_id: 1, entity_id: '23851234567890123' }] });
export type ForecastRequest = z.output<typeof forecastBodySchema>;

/** Path of one forecast. */
export const forecastPathSchema = z.object({ id: z.string().min(1).max(1024) });

/** Path and query of `GET /api/v1/forecasts/series/{entity_id}`. */
export const forecastSeriesPathSchema = z.object({ entity_id: entityIdSchema });
export const forecastSeriesQuerySchema = z.strictObject({
  config_id: configIdTextSchema,
  entity_type: entityTypeSchema.default('campaign'),
  target_metric: z.enum(TARGET_METRICS).optional(),
  from: daySchema.optional(),
  to: daySchema.optional(),
  limit: limit(400, 100),
  cursor,
});

/** Answer of `GET /api/v1/forecasts/series/{entity_id}`. */
export const forecastSeriesSchema = z
  .object({
    config_id: configIdSchema,
    entity_type: entityTypeSchema,
    entity_id: entityIdSchema,
    forecasts: z.array(forecastRecordSchema).meta({
      description: 'Newest first; a page may hold fewer than its limit although more follow.',
    }),
    cursor: nextCursor,
  })
  .meta({ id: 'ForecastSeries' });
