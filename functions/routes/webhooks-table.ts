import type { Route } from './route.ts';
import { deleteWebhook, getWebhook, listDeliveries, listWebhooks, putWebhook } from './webhooks.ts';

/** Routes about webhooks. Their function alone writes them. */
export const webhookRoutes: readonly Route[] = [
  listWebhooks, //   GET    /v1/webhooks
  getWebhook, //     GET    /v1/webhooks/{webhookId}
  putWebhook, //     PUT    /v1/webhooks/{webhookId}
  deleteWebhook, //  DELETE /v1/webhooks/{webhookId}
  listDeliveries, // GET    /v1/webhooks/{webhookId}/deliveries
];
