/** A bound on a segment's median: a quantile of that feature over all customers, 0..1. */
export interface QuantileBound {
  readonly feature: string;
  readonly side: 'atMost' | 'atLeast';
  readonly quantile: number;
}

/** One row of the table: a segment may have the name when all bounds hold. */
export interface NameRule {
  readonly name: string;
  /** Of segments that fit the same rule, those that do not take its name go on to later rules of its group. */
  readonly group: string;
  readonly bounds: readonly QuantileBound[];
  /** Of several segments that fit, the one furthest out on this feature takes the name. */
  readonly decidedBy: { readonly feature: string; readonly prefer: 'highest' | 'lowest' };
}

const atMost = (feature: string, quantile: number): QuantileBound => ({ feature, side: 'atMost', quantile });
const atLeast = (feature: string, quantile: number): QuantileBound => ({
  feature,
  side: 'atLeast',
  quantile,
});

const highestMonetary = { feature: 'monetary', prefer: 'highest' } as const;
const highestFrequency = { feature: 'frequency', prefer: 'highest' } as const;
const lowestRecency = { feature: 'recency_days', prefer: 'lowest' } as const;
const highestRecency = { feature: 'recency_days', prefer: 'highest' } as const;

/**
 * The names of RFM segments with their cut points, tried from the top: who is far above the others, who buys often or
 * much, who is new, who has gone. The table is data: pass another one to `nameSegments` to move a cut point. The last
 * two rules together cover everything. The vocabulary is that of RFM analysis (Hughes, "Strategic Database Marketing",
 * 1994, and the grids built on it).
 */
export const NAME_RULES: readonly NameRule[] = [
  {
    name: 'Top spenders',
    group: 'outstanding',
    bounds: [atMost('recency_days', 0.6), atLeast('monetary', 0.99)],
    decidedBy: highestMonetary,
  },
  {
    name: 'Most frequent buyers',
    group: 'outstanding',
    bounds: [atMost('recency_days', 0.6), atLeast('frequency', 0.99)],
    decidedBy: highestFrequency,
  },
  {
    name: 'Champions',
    group: 'best',
    bounds: [atMost('recency_days', 0.4), atLeast('frequency', 0.8), atLeast('monetary', 0.8)],
    decidedBy: highestMonetary,
  },
  {
    name: 'Loyal customers',
    group: 'best',
    bounds: [atMost('recency_days', 0.6), atLeast('frequency', 0.8)],
    decidedBy: highestFrequency,
  },
  {
    name: 'Big spenders',
    group: 'best',
    bounds: [atMost('recency_days', 0.6), atLeast('monetary', 0.8)],
    decidedBy: highestMonetary,
  },
  {
    name: 'Cannot lose them',
    group: 'slipping',
    bounds: [atLeast('recency_days', 0.6), atLeast('frequency', 0.8)],
    decidedBy: highestMonetary,
  },
  {
    name: 'At risk',
    group: 'slipping',
    bounds: [atLeast('recency_days', 0.6), atLeast('monetary', 0.6)],
    decidedBy: highestMonetary,
  },
  {
    name: 'New customers',
    group: 'new',
    bounds: [atMost('recency_days', 0.2), atMost('frequency', 0.4)],
    decidedBy: lowestRecency,
  },
  {
    name: 'Promising',
    group: 'new',
    bounds: [atMost('recency_days', 0.4), atMost('frequency', 0.4)],
    decidedBy: lowestRecency,
  },
  {
    name: 'Lost',
    group: 'gone',
    bounds: [atLeast('recency_days', 0.8)],
    decidedBy: highestRecency,
  },
  {
    name: 'Hibernating',
    group: 'gone',
    bounds: [atLeast('recency_days', 0.6)],
    decidedBy: highestRecency,
  },
  {
    name: 'Need attention',
    group: 'middle',
    bounds: [atLeast('recency_days', 0.5), atMost('recency_days', 0.6), atMost('frequency', 0.5)],
    decidedBy: highestMonetary,
  },
  {
    name: 'Regular customers',
    group: 'middle',
    bounds: [atMost('recency_days', 0.6)],
    decidedBy: highestMonetary,
  },
];
