import { z } from 'zod';
import { ANOMALY_TYPES } from './anomaly-types.ts';
import { cursor, isoTime, limit, nextCursor } from './api-fields.ts';
import {
  configIdSchema,
  configIdTextSchema,
  daySchema,
  entityIdSchema,
  entityTypeSchema,
} from './campaign-entities.ts';
import { anomalyRecordSchema, SEVERITIES } from './campaign-records.ts';

/** Most days that one request looks at. */
export const MOST_DETECTED_DAYS = 31;

/** Body of `POST /api/v1/anomalies/detect`. */
export const detectBodySchema = z
  .strictObject({
    config_id: configIdSchema,
    entity_type: entityTypeSchema.default('campaign'),
    entity_ids: z.array(entityIdSchema).min(1).max(1000).optional().meta({
      description: 'Default: all of the account.',
    }),
    as_of: daySchema.optional().meta({ description: 'Last day that is looked at; default: yesterday.' }),
    days: z.int().min(1).max(MOST_DETECTED_DAYS).default(1).meta({ description: 'Days up to `as_of`.' }),
    seasonal: z.boolean().default(true).meta({
      description: 'Whether a day is judged against its own weekday, where two weeks or more are known.',
    }),
    z_threshold: z.number().min(0.5).max(20).default(2.5),
    iqr_multiplier: z.number().min(0.1).max(20).default(1.5),
    min_history_days: z.int().min(3).max(28).default(7),
  })
  .meta({ id: 'DetectAnomaliesRequest', examples: [{ config_id: 1 }] });

/** Answer of `POST /api/v1/anomalies/detect`. */
export const detectAnswerSchema = z
  .object({
    config_id: configIdSchema,
    as_of: daySchema,
    anomalies: z.array(anomalyRecordSchema).meta({ description: 'At most 1000 are shown; all are stored.' }),
    detected: z.int(),
    already_known: z.int().meta({ description: 'Of those detected, stored before.' }),
  })
  .meta({ id: 'DetectAnomaliesAnswer' });

/** Query of `GET /api/v1/anomalies`. */
export const anomaliesQuerySchema = z.strictObject({
  config_id: configIdTextSchema,
  severity: z.enum(SEVERITIES).optional(),
  anomaly_type: z.enum(ANOMALY_TYPES).optional(),
  entity_type: entityTypeSchema.optional(),
  entity_id: entityIdSchema.optional(),
  from: daySchema.optional(),
  to: daySchema.optional(),
  acknowledged: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ override: { type: 'boolean' } }),
  limit: limit(1000, 100),
  cursor,
});

/** Answer of `GET /api/v1/anomalies`. */
export const anomaliesPageSchema = z
  .object({
    config_id: configIdSchema,
    anomalies: z.array(anomalyRecordSchema).meta({
      description: 'Newest day first; a page may hold fewer than its limit although more follow.',
    }),
    cursor: nextCursor,
  })
  .meta({ id: 'AnomaliesPage' });

/** Query of `GET /api/v1/anomalies/summary`. */
export const anomalySummaryQuerySchema = z.strictObject({
  config_id: configIdTextSchema,
  from: daySchema.optional().meta({ description: 'Default: 30 days before `to`.' }),
  to: daySchema.optional().meta({ description: 'Default: yesterday.' }),
});

/** Answer of `GET /api/v1/anomalies/summary`. */
export const anomalySummarySchema = z
  .object({
    config_id: configIdSchema,
    from: daySchema,
    to: daySchema,
    total: z.int(),
    unacknowledged: z.int(),
    by_severity: z.record(z.enum(SEVERITIES), z.int()),
    by_type: z.record(z.enum(ANOMALY_TYPES), z.int()),
    last_detected_at: isoTime.nullable(),
  })
  .meta({ id: 'AnomalySummary' });

/** Path of one anomaly. */
export const anomalyPathSchema = z.object({ id: z.string().min(1).max(1024) });

/** Body of `POST /api/v1/anomalies/{id}/acknowledge`. */
export const acknowledgeBodySchema = z
  .strictObject({
    acknowledged_by: z
      .string()
      .trim()
      .min(1)
      .max(256)
      .optional()
      .meta({ description: 'Default: the id of the key.' }),
    resolution_notes: z.string().trim().min(1).max(2000).optional(),
  })
  .meta({ id: 'AcknowledgeAnomalyRequest', examples: [{ resolution_notes: 'Orçamento corrigido' }] });
