import type { DecodedArrow } from '../arrow/ipc.ts';
import { addExact, type Expansion, roundExact } from '../stats/exact-sum.ts';
import { compareEntities, entityHash, type HashedEntity } from './entity-hash.ts';
import type { EntityTable } from './entity-table.ts';
import { amountColumn } from './order-aggregator.ts';
import { RFM_FEATURES } from './rfm-features.ts';

const DAY_MS = 86_400_000;

interface Customer extends HashedEntity {
  readonly orders: Set<string>;
  latestMs: number;
  readonly amount: Expansion;
}

/** Merges the order partials of one bucket, in any order, into one row per customer. */
export class RfmMerger {
  readonly #customers = new Map<string, Customer>();

  /** Adds the orders that one shard holds of this bucket, as `OrderAggregator` encoded them. */
  add(partial: DecodedArrow): void {
    const ids = partial.strings('customer_id');
    const orders = partial.strings('order_id');
    const latest = partial.float64('latest_ms');
    const amounts: Float64Array[] = [];
    for (const name of Object.keys(partial.metadata.columns)) {
      if (name === amountColumn(amounts.length)) amounts.push(partial.float64(name));
    }
    ids.forEach((id, i) => {
      const customer = this.#customer(id);
      customer.orders.add(orders[i]!);
      customer.latestMs = Math.max(customer.latestMs, latest[i]!);
      for (const amount of amounts) addExact(customer.amount, amount[i]!);
    });
  }

  /**
   * Recency is the whole days from the latest order to the reference, frequency the number of distinct orders,
   * monetary the exact sum of all amounts, rounded once. Customers come in canonical order.
   */
  finish(referenceMs: number): EntityTable {
    const customers = [...this.#customers.values()].sort(compareEntities);
    const features: Record<(typeof RFM_FEATURES)[number]['name'], Float64Array> = {
      recency_days: Float64Array.from(customers, ({ latestMs }) => recencyDays(referenceMs, latestMs)),
      frequency: Float64Array.from(customers, ({ orders }) => orders.size),
      monetary: Float64Array.from(customers, ({ amount }) => roundExact(amount)),
    };
    return {
      nRows: customers.length,
      ids: customers.map(({ id }) => id),
      columns: new Map(RFM_FEATURES.map(({ name }) => [name, { type: 'number', values: features[name] }])),
      latestMs: Float64Array.from(customers, ({ latestMs }) => latestMs),
    };
  }

  #customer(id: string): Customer {
    let customer = this.#customers.get(id);
    if (customer === undefined) {
      const hash = entityHash(id);
      customer = { id, hash, orders: new Set(), latestMs: Number.NEGATIVE_INFINITY, amount: [] };
      this.#customers.set(id, customer);
    }
    return customer;
  }
}

/** Whole days from the latest order to the reference. */
export function recencyDays(referenceMs: number, latestMs: number): number {
  return Math.floor((referenceMs - latestMs) / DAY_MS);
}

/** The instant that recency counts from by default: one day after the latest order, so that nobody has recency 0 by the clock. */
export function defaultReference(latestOrderMs: number): number {
  return latestOrderMs + DAY_MS;
}
