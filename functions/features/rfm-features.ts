/** The three features of recency, frequency and monetary value (RFM), in the order of every table and model. */
export const RFM_FEATURES = [
  { name: 'recency_days', unit: 'days' },
  { name: 'frequency', unit: 'orders' },
  { name: 'monetary', unit: 'currency' },
] as const;
