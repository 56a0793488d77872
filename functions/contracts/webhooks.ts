import { z } from 'zod';
import { count, cursor, isoTime, limit, nextCursor } from './api-fields.ts';
import { nameSchema } from './workflow.ts';

/** Where a tenant wants to be told, as stored. */
export interface WebhookRecord {
  readonly tenant: string;
  readonly webhookId: string;
  readonly url: string;
  /** Only of these datasets; absent: of all. */
  readonly datasets?: readonly string[];
  readonly enabled: boolean;
  /** `whsec_` and 24 to 64 bytes in base64: what deliveries are signed with. Shown once, when it is made. */
  readonly secret: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** `pending` has attempts left; `failed` has none: it is the dead letter. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;

/** One message to one webhook. */
export interface DeliveryRecord {
  readonly tenant: string;
  readonly webhookId: string;
  /** The same for every attempt, and for the same event delivered twice: receivers know by it what they have seen. */
  readonly messageId: string;
  /** When the event happened; sorts deliveries, together with the message id. */
  readonly occurredAt: string;
  readonly status: (typeof DELIVERY_STATUSES)[number];
  readonly attempts: number;
  /** Body as it is sent and signed. */
  readonly payload: string;
  /** Only while pending. */
  readonly nextAttemptAt?: string;
  readonly lastAttemptAt?: string;
  /** HTTP status of the last attempt, where there was an answer. */
  readonly lastStatus?: number;
  readonly lastError?: string;
  /** Seconds since the epoch: then the record is deleted. */
  readonly expiresAt: number;
}

const webhookId = nameSchema.meta({ description: 'Of your choice.', examples: ['crm'] });

/** Path of everything about one webhook. */
export const webhookPathSchema = z.object({ webhookId });

/** Body of `PUT /v1/webhooks/{webhookId}`. */
export const webhookBodySchema = z
  .strictObject({
    url: z
      .url()
      .max(2048)
      .meta({
        description: '`https:` to a public address.',
        examples: ['https://crm.example.com/hooks/tessella'],
      }),
    datasets: z.array(nameSchema).min(1).max(100).optional().meta({ description: 'Default: all datasets.' }),
    enabled: z.boolean().default(true),
    rotateSecret: z.boolean().default(false).meta({
      description: 'Make a new secret; messages on their way are signed with it from then on.',
    }),
  })
  .meta({ id: 'WebhookRequest', examples: [{ url: 'https://crm.example.com/hooks/tessella' }] });

/** A webhook without its secret. */
export const webhookSchema = z
  .object({
    webhookId,
    url: z.string(),
    datasets: z.array(z.string()).readonly().optional(),
    enabled: z.boolean(),
    createdAt: isoTime,
    updatedAt: isoTime,
  })
  .meta({ id: 'Webhook' });

/** Answer of a change. */
export const savedWebhookSchema = webhookSchema
  .extend({
    secret: z.string().optional().meta({
      description: 'Only when it was made by this request; it is not shown again.',
    }),
  })
  .meta({ id: 'SavedWebhook' });

/** Answer of `GET /v1/webhooks`. */
export const webhooksSchema = z.object({ webhooks: z.array(webhookSchema) }).meta({ id: 'Webhooks' });

/** Answer of `DELETE /v1/webhooks/{webhookId}`. */
export const deletedWebhookSchema = z
  .object({ webhookId, deleted: z.literal(true) })
  .meta({ id: 'DeletedWebhook' });

/** Query of `GET /v1/webhooks/{webhookId}/deliveries`. */
export const deliveriesQuerySchema = z.strictObject({ limit: limit(100, 20), cursor });

/** Answer of `GET /v1/webhooks/{webhookId}/deliveries`. */
export const deliveriesSchema = z
  .object({
    deliveries: z
      .array(
        z.object({
          messageId: z.string().meta({ description: 'Sent as `webhook-id`.' }),
          occurredAt: isoTime,
          status: z.enum(DELIVERY_STATUSES).meta({ description: '`failed`: no attempt is left.' }),
          attempts: count,
          nextAttemptAt: isoTime.optional(),
          lastAttemptAt: isoTime.optional(),
          lastStatus: count.optional(),
          lastError: z.string().optional(),
        }),
      )
      .meta({ description: 'The newest first; kept for 30 days.' }),
    cursor: nextCursor,
  })
  .meta({ id: 'WebhookDeliveries' });
