import type { ClusterLegend, DrilldownLocale, PurchasingCustomer } from '../contracts/drilldown.ts';
import { clusterText } from './drilldown-texts.ts';
import { PURCHASING_COLUMNS, rawMatrix } from './purchasing-matrix.ts';
import { topCategories } from './top-categories.ts';

/** What is told of the customers of one cluster. */
export interface DescribedCluster {
  readonly size: number;
  /** Means of the float32 table, rounded to float32: frequency, amount, number of categories. */
  readonly center: readonly number[];
  readonly avgSpend: number;
  readonly avgFrequency: number;
  /** The three most frequent categories, joined. */
  readonly top: string;
}

/** How a language ends the name of a field of texts. */
export const LOCALE_KEYS = {
  en: 'en',
  'pt-BR': 'pt_br',
  es: 'es',
} as const satisfies Record<DrilldownLocale, string>;

/**
 * Describes clusters 0 … nClusters − 1; customers labelled −1 belong to none. Means do not depend on the order of the
 * customers to the last bit.
 */
export function describeClusters(
  customers: readonly PurchasingCustomer[],
  labels: Int32Array,
  nClusters: number,
): DescribedCluster[] {
  const members = Array.from({ length: nClusters }, (): PurchasingCustomer[] => []);
  customers.forEach((customer, row) => {
    members[labels[row]!]?.push(customer);
  });
  return members.map(describeCustomers);
}

/** Describes some customers as one cluster; at least one. */
export function describeCustomers(customers: readonly PurchasingCustomer[]): DescribedCluster {
  const { values, nFeatures } = rawMatrix(customers);
  const mean = (column: Float64Array) => column.sort().reduce((sum, x) => sum + x, 0) / column.length;
  return {
    size: customers.length,
    center: Array.from({ length: nFeatures }, (_, j) =>
      Math.fround(mean(Float64Array.from(customers, (_customer, row) => values[row * nFeatures + j]!))),
    ),
    avgSpend: mean(Float64Array.from(customers, ({ amount_spent }) => amount_spent)),
    avgFrequency: mean(Float64Array.from(customers, ({ frequency }) => frequency)),
    top: topCategories(customers),
  };
}

/** Centers in raw units, as the wire has them. */
export function centroidsOf(clusters: readonly DescribedCluster[]): {
  columns: string[];
  values: number[][];
} {
  return { columns: [...PURCHASING_COLUMNS], values: clusters.map(({ center }) => [...center]) };
}

/** Key figures per cluster, averages with two decimals. */
export function legendOf(clusters: readonly DescribedCluster[]): ClusterLegend[] {
  return clusters.map(({ avgSpend, avgFrequency, top, size }, cluster) => ({
    cluster_id: cluster,
    n_customers: size,
    avg_spend: rounded(avgSpend),
    avg_frequency: rounded(avgFrequency),
    top_categories: top,
  }));
}

/** One sentence per cluster, by its number. */
export function interpretationsOf(
  clusters: readonly DescribedCluster[],
  locale: DrilldownLocale,
  window: string | undefined,
): Record<string, string> {
  return Object.fromEntries(
    clusters.map((cluster, i) => [
      String(i),
      clusterText(
        {
          nCustomers: cluster.size,
          avgSpend: cluster.avgSpend,
          avgFrequency: cluster.avgFrequency,
          topCategories: cluster.top,
        },
        locale,
        window,
      ),
    ]),
  );
}

/** Label by customer id, in the order of the request. */
export function labelsById(
  customers: readonly PurchasingCustomer[],
  labels: Int32Array,
): Record<string, number> {
  return Object.fromEntries(customers.map(({ id }, row) => [id, labels[row]!]));
}

/** Two decimals. */
export const rounded = (value: number): number => Math.round(value * 100) / 100;
