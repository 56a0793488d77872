import type { DeliveryRecord, WebhookRecord } from './contracts/webhooks.ts';

/** What the shell needs to tell tenants of events: where webhooks and their messages are kept, and how one is sent. */

/** A page of deliveries; see `Page` of the ports. */
export interface DeliveryPage {
  readonly items: readonly DeliveryRecord[];
  readonly cursor?: string;
}

/** Webhooks and messages on their way, by tenant. */
export interface WebhookStore {
  put(webhook: WebhookRecord): Promise<void>;
  get(tenant: string, webhookId: string): Promise<WebhookRecord | undefined>;
  /** All of a tenant, by id. */
  list(tenant: string): Promise<WebhookRecord[]>;
  delete(tenant: string, webhookId: string): Promise<void>;
  /** Writes a delivery; while it is pending it is found by `due`. `former` is what is known to stand there. */
  putDelivery(delivery: DeliveryRecord, former?: DeliveryRecord): Promise<void>;
  delivery(
    ref: Pick<DeliveryRecord, 'tenant' | 'webhookId' | 'messageId' | 'occurredAt'>,
  ): Promise<DeliveryRecord | undefined>;
  /** Deliveries of a webhook, the newest first. @throws InvalidRequestError for a cursor that is not of this list */
  deliveries(
    tenant: string,
    webhookId: string,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<DeliveryPage>;
  /** Pending deliveries of all tenants whose next attempt is not after `at`, the most overdue first. */
  due(at: string, limit: number): Promise<DeliveryRecord[]>;
}

/** What became of one request. */
export type SendResult = { readonly status: number } | { readonly error: string };

/** Sends one message. It never throws: an unreachable receiver is a result. */
export interface WebhookSender {
  /** Why nothing is sent to the address, in words; undefined where it is. Names are not resolved for it. */
  refusal(url: string): string | undefined;
  send(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<SendResult>;
}
