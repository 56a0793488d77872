import { z } from 'zod';
import { cursor, limit, nextCursor } from './api-fields.ts';
import {
  configIdSchema,
  configIdTextSchema,
  daySchema,
  ENTITY_STATUSES,
  entityIdSchema,
  entityTypeSchema,
} from './campaign-entities.ts';

/** Most days of insights in one request. */
export const MOST_INSIGHTS = 5000;

/** Most days that one request reads of one entity. */
export const MOST_INSIGHT_DAYS = 400;

const amount = z.number().min(0).max(1e12);
const whole = z.int().min(0).max(1e12);

/** What one entity did on one day. */
export const insightDaySchema = z.strictObject({
  date: daySchema,
  spend: amount.meta({ description: 'In the currency of the account.' }),
  impressions: whole,
  clicks: whole,
  leads: whole,
  reach: whole.nullable().default(null).meta({ description: 'People reached; null where not measured.' }),
  frequency: z
    .number()
    .min(0)
    .max(1e6)
    .nullable()
    .default(null)
    .meta({ description: 'Impressions per person reached; null where not measured.' }),
  status: z.enum(ENTITY_STATUSES).nullable().default(null),
  daily_budget: amount.nullable().default(null).meta({ description: 'Null where there is none of its own.' }),
});
export type InsightDay = z.output<typeof insightDaySchema>;

const label = z.string().max(256);

/** One day of one entity, and what it is called. */
export const insightSchema = insightDaySchema.extend({
  entity_type: entityTypeSchema.default('campaign'),
  entity_id: entityIdSchema,
  name: label.optional(),
  campaign_id: entityIdSchema.optional().meta({ description: 'Of an ad set or ad: its campaign.' }),
  adset_id: entityIdSchema.optional().meta({ description: 'Of an ad: its ad set.' }),
});
export type Insight = z.output<typeof insightSchema>;

/** What is known of an entity beside its days. */
export const campaignEntitySchema = z
  .object({
    entity_type: entityTypeSchema,
    entity_id: entityIdSchema,
    name: label.optional(),
    campaign_id: entityIdSchema.optional(),
    adset_id: entityIdSchema.optional(),
  })
  .meta({ id: 'CampaignEntity' });
export type CampaignEntity = z.output<typeof campaignEntitySchema>;

/** Body of `POST /v1/campaigns/insights`. */
export const insightsBodySchema = z
  .strictObject({
    config_id: configIdSchema,
    insights: z.array(insightSchema).min(1).max(MOST_INSIGHTS),
  })
  .meta({
    id: 'CampaignInsightsRequest',
    examples: [
      {
        config_id: 1,
        insights: [
          {
            entity_type: 'campaign',
            entity_id: '23851234567890123',
            name: 'Leads | Curitiba',
            date: '2026-02-03',
            spend: 182.4,
            impressions: 12876,
            clicks: 214,
            leads: 6,
            reach: 9410,
            frequency: 1.37,
            status: 'ACTIVE',
            daily_budget: 200,
          },
        ],
      },
    ],
  });

/** Answer of `POST /v1/campaigns/insights`. */
export const insightsAnswerSchema = z
  .object({
    config_id: configIdSchema,
    days: z.int().meta({ description: 'Days written: of one entity and date given twice, the later one.' }),
    entities: z.int(),
  })
  .meta({ id: 'CampaignInsightsAnswer' });

/** Query of `GET /v1/campaigns/insights`. */
export const insightsQuerySchema = z.strictObject({
  config_id: configIdTextSchema,
  entity_type: entityTypeSchema.default('campaign'),
  entity_id: entityIdSchema,
  from: daySchema,
  to: daySchema,
});

/** Answer of `GET /v1/campaigns/insights`. */
export const insightDaysSchema = z
  .object({
    config_id: configIdSchema,
    entity: campaignEntitySchema,
    days: z.array(insightDaySchema).meta({ description: 'Ascending; days without data are left out.' }),
  })
  .meta({ id: 'CampaignInsightDays' });

/** Query of `GET /v1/campaigns/entities`. */
export const entitiesQuerySchema = z.strictObject({
  config_id: configIdTextSchema,
  entity_type: entityTypeSchema.default('campaign'),
  limit: limit(1000, 100),
  cursor,
});

/** Answer of `GET /v1/campaigns/entities`. */
export const entitiesPageSchema = z
  .object({ config_id: configIdSchema, entities: z.array(campaignEntitySchema), cursor: nextCursor })
  .meta({ id: 'CampaignEntitiesPage' });

/** Answer of `GET /v1/campaigns/accounts`. */
export const accountsSchema = z
  .object({ accounts: z.array(z.object({ config_id: configIdSchema })) })
  .meta({ id: 'CampaignAccounts' });
