import type { PurchasingCustomer } from '../contracts/drilldown.ts';
import { InvalidRequestError } from '../errors.ts';

/** Customers by id, and the way back. */
export interface IdOrder {
  readonly sorted: readonly PurchasingCustomer[];
  /** Values per sorted customer → values per customer of the request. */
  readonly toRequestOrder: (values: Int32Array) => Int32Array;
}

/**
 * Customers in the order of their ids: it stands in for the order of the request, which must not change a result.
 * @throws InvalidRequestError for an id that stands there twice
 */
export function inIdOrder(customers: readonly PurchasingCustomer[]): IdOrder {
  const order = [...customers.keys()].sort((a, b) => (customers[a]!.id < customers[b]!.id ? -1 : 1));
  for (let at = 1; at < order.length; at++) {
    const row = Math.max(order[at]!, order[at - 1]!);
    const { id } = customers[row]!;
    if (id !== customers[Math.min(order[at]!, order[at - 1]!)]!.id) continue;
    const shown = JSON.stringify(id.length > 64 ? `${id.slice(0, 64)}…` : id);
    throw new InvalidRequestError(
      `Invalid input: body /customers/${row}/id: the id ${shown} stands there twice. Give each customer one row.`,
      {
        reason: 'duplicate_id',
        errors: [{ in: 'body', pointer: `/customers/${row}/id`, detail: 'the id stands there twice' }],
      },
    );
  }
  return {
    sorted: order.map((row) => customers[row]!),
    toRequestOrder: (values) => {
      const back = new Int32Array(values.length);
      order.forEach((row, at) => {
        back[row] = values[at]!;
      });
      return back;
    },
  };
}
