import { randomUUID } from 'node:crypto';
import type { StoredObject } from './s3-store.ts';
import { ACCOUNT, REGION } from './template-names.ts';

/** An event in the envelope of EventBridge. */
export interface CloudEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What happened to an object, in the words of the event's `reason`. */
export type ObjectChange = 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload' | 'DeleteObject';

/**
 * The event S3 sends to EventBridge for a change of an object (S3 user guide, "EventBridge event message structure").
 *
 * @param sequencer grows with every change of the same key, compared as text
 * @param now milliseconds since the epoch
 */
export function objectEvent(
  change: ObjectChange,
  bucket: string,
  { key, size, etag }: StoredObject,
  sequencer: string,
  now: number,
): CloudEvent {
  const deleted = change === 'DeleteObject';
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': deleted ? 'Object Deleted' : 'Object Created',
    source: 'aws.s3',
    account: ACCOUNT,
    time: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: REGION,
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: deleted ? { key, sequencer } : { key, size, etag, sequencer },
      'request-id': randomUUID(),
      requester: ACCOUNT,
      'source-ip-address': '127.0.0.1',
      reason: change,
      ...(deleted && { 'deletion-type': 'Permanently Deleted' }),
    },
  };
}
