import type { ArrowColumns } from '../arrow/columns.ts';
import { type DescribedColumns, encodeArrowStreams } from '../arrow/ipc.ts';
import { addExact, type Expansion } from '../stats/exact-sum.ts';
import { bucketOf, entityHash } from './entity-hash.ts';

/** Joins customer and order into one map key; the scanner takes a file with a NUL byte for binary. */
const SEPARATOR = '\u0000';

/** One order of one customer, as far as the rows of one shard tell. */
interface OrderPartial {
  readonly customerId: string;
  readonly orderId: string;
  latestMs: number;
  readonly amount: Expansion;
}

/** The partial object of a shard: one Arrow stream per bucket, end to end. */
export interface EncodedPartials {
  readonly parts: readonly Uint8Array[];
  /** [start, end) of each bucket's stream; empty buckets have none. */
  readonly buckets: readonly (readonly [start: number, end: number])[];
  readonly latestMs: number | null;
}

/** Name of the column that holds element `i` of the exact amounts. */
export const amountColumn = (i: number) => `amount_${i}`;

/**
 * Collects order lines into one partial per (customer, order): latest time and exact amount. Partials of any shards
 * merge to the same totals, also when the lines of one order lie in several. Memory grows with the orders of a shard.
 */
export class OrderAggregator {
  readonly #orders = new Map<string, OrderPartial>();
  #last: OrderPartial | undefined;
  #latestMs = Number.NEGATIVE_INFINITY;

  /**
   * @param orderedAtMs ms since the epoch, UTC
   * @param amount finite
   */
  add(customerId: string, orderId: string, orderedAtMs: number, amount: number): void {
    const order = this.#orderOf(customerId, orderId, orderedAtMs);
    addExact(order.amount, amount);
    if (orderedAtMs > order.latestMs) order.latestMs = orderedAtMs;
    if (orderedAtMs > this.#latestMs) this.#latestMs = orderedAtMs;
  }

  /** Orders held so far. */
  get size(): number {
    return this.#orders.size;
  }

  finish(nBuckets: number): EncodedPartials {
    const byBucket = Array.from({ length: nBuckets }, (): OrderPartial[] => []);
    for (const order of this.#orders.values()) {
      byBucket[bucketOf(entityHash(order.customerId), nBuckets)]!.push(order);
    }
    const { parts, ranges } = encodeArrowStreams(byBucket.map(orderColumns));
    return { parts, buckets: ranges, latestMs: this.#orders.size > 0 ? this.#latestMs : null };
  }

  #orderOf(customerId: string, orderId: string, orderedAtMs: number): OrderPartial {
    // The lines of an order mostly come one after the other: then no key is built.
    const last = this.#last;
    if (last !== undefined && last.orderId === orderId && last.customerId === customerId) return last;
    const key = customerId + SEPARATOR + orderId;
    let order = this.#orders.get(key);
    if (order === undefined) {
      order = { customerId, orderId, latestMs: orderedAtMs, amount: [] };
      this.#orders.set(key, order);
    }
    this.#last = order;
    return order;
  }
}

function orderColumns(orders: readonly OrderPartial[]): DescribedColumns {
  const width = orders.reduce((most, { amount }) => Math.max(most, amount.length), 1);
  const latest = new Float64Array(orders.length);
  const amounts = Array.from({ length: width }, () => new Float64Array(orders.length));
  for (let row = 0; row < orders.length; row++) {
    const { latestMs, amount } = orders[row]!;
    latest[row] = latestMs;
    for (let i = 0; i < amount.length; i++) amounts[i]![row] = amount[i]!;
  }
  const columns: Record<string, ArrowColumns[string]> = {
    customer_id: orders.map(({ customerId }) => customerId),
    order_id: orders.map(({ orderId }) => orderId),
    latest_ms: latest,
  };
  for (const [i, values] of amounts.entries()) columns[amountColumn(i)] = values;
  return { columns };
}
