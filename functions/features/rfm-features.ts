import type { EntityColumn } from '../contracts/recipe.ts';

/** The three features of recency, frequency and monetary value (RFM), in the order of every table and model. */
export const RFM_FEATURES = [
  { name: 'recency_days', unit: 'days' },
  { name: 'frequency', unit: 'orders' },
  { name: 'monetary', unit: 'currency' },
] as const;

/** They are the columns of the entity table of orders; they come from all columns of an order line. */
export const RFM_COLUMNS: readonly EntityColumn[] = RFM_FEATURES.map(({ name, unit }) => ({
  name,
  type: 'number',
  unit,
  source: name,
}));
