import { randomBytes } from 'node:crypto';
import {
  deletedWebhookSchema,
  deliveriesQuerySchema,
  deliveriesSchema,
  savedWebhookSchema,
  type WebhookRecord,
  webhookBodySchema,
  webhookPathSchema,
  webhookSchema,
  webhooksSchema,
} from '../contracts/webhooks.ts';
import { ConflictError, InvalidRequestError, NotFoundError } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { defineRoute } from './route.ts';

/** Webhooks of one tenant. */
const MOST_WEBHOOKS = 20;
/** Bytes of a secret, as Standard Webhooks recommends: 24 to 64. */
const SECRET_BYTES = 32;

const NOT_FOUND = { 404: 'There is no such webhook.' };

/** Where the tenant is told. */
export const listWebhooks = defineRoute({
  method: 'GET',
  path: '/v1/webhooks',
  scope: 'datasets:read',
  summary: 'Webhooks of the tenant',
  status: 200,
  answer: webhooksSchema,
  async handle({ tenant }, { webhooks }) {
    return { body: { webhooks: (await webhooks.list(tenant)).map(shown) } };
  },
});

/** One webhook. */
export const getWebhook = defineRoute({
  method: 'GET',
  path: '/v1/webhooks/{webhookId}',
  scope: 'datasets:read',
  summary: 'A webhook',
  params: webhookPathSchema,
  status: 200,
  answer: webhookSchema,
  problems: NOT_FOUND,
  async handle({ tenant, params: { webhookId } }, ports) {
    return { body: shown(await found(ports, tenant, webhookId)) };
  },
});

/** Makes or changes a webhook. */
export const putWebhook = defineRoute({
  method: 'PUT',
  path: '/v1/webhooks/{webhookId}',
  scope: 'datasets:write',
  summary: 'Be told when a segmentation is complete',
  description:
    'Messages are POSTed as the Standard Webhooks specification says: `webhook-id`, `webhook-timestamp` and `webhook-signature` (HMAC-SHA256 with the secret, which is shown once). Each arrives at least once, or is given up after eight attempts in some 32 hours.',
  params: webhookPathSchema,
  body: webhookBodySchema,
  status: 200,
  answer: savedWebhookSchema,
  problems: { 409: 'The tenant has as many webhooks as it may.' },
  async handle({ tenant, params: { webhookId }, body }, { webhooks, webhookSender, clock }) {
    const { url, datasets, enabled, rotateSecret } = body;
    const refused = webhookSender.refusal(url);
    if (refused !== undefined) {
      throw new InvalidRequestError(
        `Nothing can be sent to "${url}": ${refused}. Give an https: URL of a public address.`,
        { reason: 'webhook_url' },
      );
    }
    const all = await webhooks.list(tenant);
    const former = all.find((webhook) => webhook.webhookId === webhookId);
    if (former === undefined && all.length >= MOST_WEBHOOKS) {
      throw new ConflictError(
        `There are ${all.length} webhooks, at most ${MOST_WEBHOOKS} are kept. Delete one that is not needed.`,
        { reason: 'too_many_webhooks' },
      );
    }
    const now = clock.now().toISOString();
    const kept = rotateSecret ? undefined : former?.secret;
    const webhook: WebhookRecord = {
      tenant,
      webhookId,
      url,
      ...(datasets && { datasets }),
      enabled,
      secret: kept ?? `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`,
      createdAt: former?.createdAt ?? now,
      updatedAt: now,
    };
    await webhooks.put(webhook);
    return { body: { ...shown(webhook), ...(kept === undefined && { secret: webhook.secret }) } };
  },
});

/** Deletes a webhook. */
export const deleteWebhook = defineRoute({
  method: 'DELETE',
  path: '/v1/webhooks/{webhookId}',
  scope: 'datasets:write',
  summary: 'Delete a webhook',
  description: 'Messages that are still to be tried again are given up.',
  params: webhookPathSchema,
  status: 200,
  answer: deletedWebhookSchema,
  problems: NOT_FOUND,
  async handle({ tenant, params: { webhookId } }, ports) {
    await found(ports, tenant, webhookId);
    await ports.webhooks.delete(tenant, webhookId);
    return { body: { webhookId, deleted: true as const } };
  },
});

/** What was sent to a webhook. */
export const listDeliveries = defineRoute({
  method: 'GET',
  path: '/v1/webhooks/{webhookId}/deliveries',
  scope: 'datasets:read',
  summary: 'Messages to a webhook, the newest first',
  params: webhookPathSchema,
  query: deliveriesQuerySchema,
  status: 200,
  answer: deliveriesSchema,
  problems: NOT_FOUND,
  async handle({ tenant, params: { webhookId }, query }, ports) {
    await found(ports, tenant, webhookId);
    const { items, cursor } = await ports.webhooks.deliveries(tenant, webhookId, query);
    const deliveries = items.map(
      ({ tenant: _t, webhookId: _w, payload: _p, expiresAt: _e, ...delivery }) => delivery,
    );
    return { body: { deliveries, ...(cursor !== undefined && { cursor }) } };
  },
});

async function found({ webhooks }: Ports, tenant: string, webhookId: string): Promise<WebhookRecord> {
  const webhook = await webhooks.get(tenant, webhookId);
  if (webhook) return webhook;
  throw new NotFoundError(`Webhook not found: there is no ${webhookId}. GET /v1/webhooks lists them.`, {
    reason: 'no_such_webhook',
  });
}

const shown = ({ tenant: _t, secret: _s, ...webhook }: WebhookRecord) => webhook;
