import { TTL_ATTRIBUTE } from '../contracts/env.ts';
import type { RateCounterStore } from '../ports.ts';
import type { Table } from './dynamodb-table.ts';

/** Seconds that a counter outlives its window: time to live is not to the second. */
const KEPT_SECONDS = 3600;

/** One item per key and window, which DynamoDB's time to live removes. */
export function dynamodbRateCounters(table: Table): RateCounterStore {
  return {
    count(tenant, keyId, { startMs, durationMs }) {
      const expiresAt = Math.ceil((startMs + durationMs) / 1000) + KEPT_SECONDS;
      const window = new Date(startMs).toISOString();
      return table.increment(`T#${tenant}#R#${keyId}`, window, 'requests', { [TTL_ATTRIBUTE]: expiresAt });
    },
  };
}
