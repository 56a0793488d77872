import { z } from 'zod';
import { cursor, limit, nextCursor } from './api-fields.ts';
import { campaignSelection } from './campaign-classifications.ts';
import { configIdSchema, configIdTextSchema, daySchema, entityIdSchema } from './campaign-entities.ts';
import { RECOMMENDATION_TYPES, recommendationSchema } from './campaign-records.ts';

/** Body of `POST /api/v1/recommendations/generate`. */
export const generateBodySchema = z
  .strictObject(campaignSelection)
  .meta({ id: 'GenerateRecommendationsRequest', examples: [{ config_id: 1 }] });

/** Answer of `POST /api/v1/recommendations/generate`. */
export const generateAnswerSchema = z
  .object({
    config_id: configIdSchema,
    as_of: daySchema,
    recommendations: z.array(recommendationSchema).meta({ description: 'New ones; at most 1000 are shown.' }),
    generated: z.int(),
    already_known: z.int().meta({
      description: 'Not issued again: active, or applied or dismissed and not yet expired.',
    }),
  })
  .meta({ id: 'GenerateRecommendationsAnswer' });

/** Query of `GET /api/v1/recommendations`. */
export const recommendationsQuerySchema = z.strictObject({
  config_id: configIdTextSchema,
  active_only: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true')
    .meta({
      description: 'False shows those that were applied or dismissed, or have expired, too.',
      override: { type: 'boolean', default: true },
    }),
  recommendation_type: z.enum(RECOMMENDATION_TYPES).optional(),
  entity_id: entityIdSchema.optional().meta({ description: 'A campaign.' }),
  min_priority: z
    .string()
    .regex(/^([1-9]|10)$/, 'must be a whole number from 1 to 10')
    .transform(Number)
    .optional()
    .meta({ override: { type: 'integer', minimum: 1, maximum: 10 } }),
  limit: limit(1000, 100),
  cursor,
});

/** Answer of `GET /api/v1/recommendations`. */
export const recommendationsPageSchema = z
  .object({
    config_id: configIdSchema,
    recommendations: z
      .array(recommendationSchema)
      .meta({ description: 'By campaign; a page may hold fewer than its limit although more follow.' }),
    cursor: nextCursor,
  })
  .meta({ id: 'RecommendationsPage' });

/** Path of one recommendation. */
export const recommendationPathSchema = z.object({ id: z.string().min(1).max(512) });

const person = z.string().trim().min(1).max(256).optional();

/** Body of `POST /api/v1/recommendations/{id}/apply`. */
export const applyBodySchema = z
  .strictObject({ applied_by: person.meta({ description: 'Default: the id of the key.' }) })
  .meta({ id: 'ApplyRecommendationRequest', examples: [{}, { applied_by: 'maria' }] });

/** Body of `POST /api/v1/recommendations/{id}/dismiss`. */
export const dismissBodySchema = z
  .strictObject({
    dismissed_by: person.meta({ description: 'Default: the id of the key.' }),
    reason: z.string().trim().min(1).max(2000).optional(),
  })
  .meta({ id: 'DismissRecommendationRequest', examples: [{ reason: 'Campanha institucional' }] });

/** Query of `GET /api/v1/recommendations/summary`. */
export const recommendationSummaryQuerySchema = z.strictObject({ config_id: configIdTextSchema });

/** Answer of `GET /api/v1/recommendations/summary`. */
export const recommendationSummarySchema = z
  .object({
    config_id: configIdSchema,
    active: z.int(),
    active_by_type: z.record(z.enum(RECOMMENDATION_TYPES), z.int()),
    high_priority: z.int().meta({ description: 'Active, of priority 8 or more.' }),
    applied: z.int(),
    dismissed: z.int(),
    expired: z.int(),
  })
  .meta({ id: 'RecommendationSummary' });
