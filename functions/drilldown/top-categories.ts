import type { PurchasingCustomer } from '../contracts/drilldown.ts';

const TOP = 3;

/** The three most frequent product types of some customers, joined by `, `; ties go to the one that appears first. */
export function topCategories(customers: readonly PurchasingCustomer[]): string {
  const counts = new Map<string, number>();
  for (const { product_types } of customers) {
    for (const category of new Set(product_types)) counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, TOP)
    .map(([category]) => category)
    .join(', ');
}
