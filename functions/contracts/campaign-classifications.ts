import { z } from 'zod';
import { cursor, isoTime, limit, nextCursor } from './api-fields.ts';
import { configIdSchema, configIdTextSchema, daySchema, entityIdSchema } from './campaign-entities.ts';
import { accountAveragesSchema } from './campaign-features.ts';
import { classificationSchema, featureRecordSchema, TIERS } from './campaign-records.ts';

/** Ways to tiers: `auto` takes the active model, and the rules where there is none. */
export const CLASSIFY_METHODS = ['auto', 'rules', 'model'] as const;
export type ClassifyMethod = (typeof CLASSIFY_METHODS)[number];

const asOf = daySchema.optional().meta({
  description: 'Last day to be looked at; default: yesterday in the time zone of the deployment.',
});

/** Most campaigns that a request names one by one. */
const MOST_NAMED = 1000;

/** Which campaigns of an account a request is about. */
export const campaignSelection = {
  config_id: configIdSchema,
  campaign_ids: z.array(entityIdSchema).min(1).max(MOST_NAMED).optional().meta({
    description: 'Default: all of the account. Averages are of the whole account either way.',
  }),
  as_of: asOf,
};

/** Body of `POST /api/v1/classifications/campaigns/classify`. */
export const classifyBodySchema = z
  .strictObject({ ...campaignSelection, method: z.enum(CLASSIFY_METHODS).default('auto') })
  .meta({ id: 'ClassifyRequest', examples: [{ config_id: 1 }] });

/** Most classifications of one answer; all are stored. */
export const MOST_ANSWERED = 1000;

/** Answer of `POST /api/v1/classifications/campaigns/classify`. */
export const classifyAnswerSchema = z
  .object({
    config_id: configIdSchema,
    as_of: daySchema,
    method: z.enum(['rules', 'model']),
    model_id: z.string().nullable(),
    averages: accountAveragesSchema,
    classified: z.int().meta({ description: 'Campaigns that got a tier; all are stored.' }),
    classifications: z
      .array(classificationSchema)
      .meta({ description: `The first ${MOST_ANSWERED}; GET lists all.` }),
    insufficient_data: z
      .array(entityIdSchema)
      .meta({ description: `Campaigns without spend in the 7 days: no tier. The first ${MOST_ANSWERED}.` }),
  })
  .meta({ id: 'ClassifyAnswer' });

/** Query of `GET /api/v1/classifications/campaigns`. */
export const classificationsQuerySchema = z.strictObject({
  config_id: configIdTextSchema,
  tier: z.enum(TIERS).optional(),
  limit: limit(1000, 100),
  cursor,
});

/** Answer of `GET /api/v1/classifications/campaigns`. */
export const classificationsPageSchema = z
  .object({
    config_id: configIdSchema,
    classifications: z.array(classificationSchema),
    cursor: nextCursor,
  })
  .meta({ id: 'ClassificationsPage' });

/** Path and query of one campaign. */
export const campaignPathSchema = z.object({ id: entityIdSchema });
export const campaignQuerySchema = z.strictObject({ config_id: configIdTextSchema });

/** Answer of `GET /api/v1/classifications/campaigns/{id}`. */
export const campaignTierSchema = classificationSchema
  .extend({
    history: z
      .array(classificationSchema.pick({ tier: true, confidence_score: true, classified_at: true }))
      .meta({ description: 'Up to 90 classifications, newest first.' }),
  })
  .meta({ id: 'CampaignTier' });

const tierTotalsSchema = z.object({
  campaigns: z.int(),
  spend_7d: z.number(),
  leads_7d: z.number(),
});

/** Answer of `GET /api/v1/classifications/summary`. */
export const classificationSummarySchema = z
  .object({
    config_id: configIdSchema,
    total: z.int(),
    by_tier: z.record(z.enum(TIERS), tierTotalsSchema),
    moved_up: z.int(),
    moved_down: z.int(),
    classified_at: isoTime.nullable().meta({ description: 'Of the newest classification.' }),
  })
  .meta({ id: 'ClassificationSummary' });

/** Query of `GET /v1/campaigns/features`. */
export const featuresQuerySchema = z.strictObject({
  config_id: configIdTextSchema,
  campaign_id: entityIdSchema,
  as_of: asOf,
});

/** Answer of `GET /v1/campaigns/features`. */
export const featuresAnswerSchema = featureRecordSchema
  .extend({
    averages: accountAveragesSchema,
    inputs: z
      .record(z.string(), z.number().nullable())
      .meta({ description: 'What the classifier sees; null is unknown.' }),
  })
  .meta({ id: 'CampaignFeaturesAnswer' });
