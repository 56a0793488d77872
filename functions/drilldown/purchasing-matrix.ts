import type { Matrix } from '../arrow/matrix.ts';
import type { CategoryMode, DrilldownScaling, PurchasingCustomer } from '../contracts/drilldown.ts';

/** The columns that every drill-down works on, in the order of its tables. */
export const PURCHASING_COLUMNS = ['frequency', 'amount_spent', 'n_categories'] as const;

/** Product types that become columns of their own, at most. */
const MOST_CATEGORY_COLUMNS = 50;

/** Number of different product types of a customer. */
const nCategories = ({ product_types }: PurchasingCustomer) => new Set(product_types).size;

/** Frequency, amount and number of categories in raw units: nSamples × 3, float32. */
export function rawMatrix(customers: readonly PurchasingCustomer[]): Matrix {
  const nFeatures = PURCHASING_COLUMNS.length;
  const values = new Float32Array(customers.length * nFeatures);
  customers.forEach((customer, row) => {
    values.set([customer.frequency, customer.amount_spent, nCategories(customer)], row * nFeatures);
  });
  return { nSamples: customers.length, nFeatures, values };
}

/**
 * The matrix that distances are taken on: the three columns scaled among these customers, and 0/1 columns of their most
 * frequent product types where asked for. Scaled in float64 from float32 values, rounded once.
 */
export function purchasingMatrix(
  customers: readonly PurchasingCustomer[],
  scaling: DrilldownScaling,
  categories: CategoryMode,
): Matrix {
  const raw = rawMatrix(customers);
  const known = categories === 'onehot50' ? frequentCategories(customers) : [];
  const nFeatures = raw.nFeatures + known.length;
  const values = new Float32Array(customers.length * nFeatures);
  for (let j = 0; j < raw.nFeatures; j++) {
    const column = Float64Array.from(customers, (_, row) => raw.values[row * raw.nFeatures + j]!);
    scaled(column, scaling).forEach((value, row) => {
      values[row * nFeatures + j] = value;
    });
  }
  const columnOf = new Map(known.map((category, i) => [category, raw.nFeatures + i]));
  customers.forEach(({ product_types }, row) => {
    for (const category of product_types) {
      const column = columnOf.get(category);
      if (column !== undefined) values[row * nFeatures + column] = 1;
    }
  });
  return { nSamples: customers.length, nFeatures, values };
}

/** The most frequent product types, each customer counting once; ties by name, so that no order of customers matters. */
function frequentCategories(customers: readonly PurchasingCustomer[]): string[] {
  const counts = new Map<string, number>();
  for (const { product_types } of customers) {
    for (const category of new Set(product_types)) counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, MOST_CATEGORY_COLUMNS)
    .map(([category]) => category);
}

function scaled(column: Float64Array, scaling: DrilldownScaling): Float64Array {
  if (scaling === 'none') return column;
  if (scaling === 'log1p') return standardised(column.map(Math.log1p));
  if (scaling === 'zscore') return standardised(column);
  const min = column.reduce((least, x) => Math.min(least, x), Number.POSITIVE_INFINITY);
  const max = column.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY);
  return column.map((x) => (max > min ? (x - min) / (max - min) : 0));
}

/** (x − mean) ÷ population deviation; a constant column becomes 0. */
export function standardised(column: Float64Array): Float64Array {
  const n = column.length;
  const mean = column.reduce((sum, x) => sum + x, 0) / n;
  const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
  const isConstant = column.every((x) => x === column[0]);
  return column.map((x) => (isConstant ? 0 : (x - mean) / Math.sqrt(variance)));
}
