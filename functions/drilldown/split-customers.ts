import type { Matrix } from '../arrow/matrix.ts';
import type { PurchasingCustomer } from '../contracts/drilldown.ts';
import type { Kernels } from '../kernels/instance.ts';
import { type Split, type SplitOptions, splitRows } from './split-rows.ts';

/**
 * Splits customers as `splitRows` does; clusters are numbered by size descending, then by mean amount ascending.
 * @param customers in an order that the caller fixes: it decides which starts are drawn
 */
export function splitCustomers(
  kernels: Kernels,
  customers: readonly PurchasingCustomer[],
  data: Matrix,
  options: SplitOptions,
): Split[] {
  return splitRows(kernels, data, options, (labels, nClusters) => numbered(customers, labels, nClusters));
}

/** Renumbers clusters by size descending, then by mean amount ascending, then by their first customer; −1 stays. */
export function numbered(
  customers: readonly PurchasingCustomer[],
  labels: Int32Array,
  nClusters: number,
): Int32Array {
  const clusters = Array.from({ length: nClusters }, (_, cluster) => ({
    cluster,
    size: 0,
    amount: 0,
    first: labels.indexOf(cluster),
  }));
  labels.forEach((label, row) => {
    const cluster = clusters[label];
    if (!cluster) return;
    cluster.size++;
    cluster.amount += customers[row]!.amount_spent;
  });
  clusters.sort((a, b) => b.size - a.size || a.amount / a.size - b.amount / b.size || a.first - b.first);
  const rank = new Int32Array(nClusters);
  clusters.forEach(({ cluster }, to) => {
    rank[cluster] = to;
  });
  return labels.map((label) => rank[label] ?? label);
}
