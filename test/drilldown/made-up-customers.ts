import type { PurchasingCustomer } from '../../functions/contracts/drilldown.ts';
import { Random } from '../../functions/stats/random.ts';

const TYPES = ['tv', 'phone', 'cable', 'café-süß', '電池', 'lamp "x"', 'desk'];

/** Customers of a made-up shop with ids of many kinds, numbers among them, which JSON objects order in their own way. */
export function madeUpCustomers(n: number, seed = 1): PurchasingCustomer[] {
  const random = new Random(seed);
  return Array.from({ length: n }, (_, i) => {
    const kind = i % 4;
    const spread = 0.7 + 0.6 * random.uniform();
    return {
      id: [`${n - i}`, `c-${i}`, `ключ ${i}`, `"${i}/~`][kind]!,
      frequency: Math.round([2, 20, 7, 40][kind]! * spread),
      amount_spent: Math.round([90, 800, 300.5, 5000][kind]! * spread * 100) / 100,
      product_types: TYPES.filter(() => random.uniform() < 0.3),
    };
  });
}

/** A parent for each customer, −1 among them. */
export function madeUpLabels(customers: readonly PurchasingCustomer[], nParents = 4): Record<string, number> {
  const random = new Random(7);
  return Object.fromEntries(
    customers.map(({ id }) => [id, Math.floor(random.uniform() * (nParents + 1)) - 1]),
  );
}
