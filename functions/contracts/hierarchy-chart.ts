import { z } from 'zod';
import {
  drilldownOptions,
  echoSchema,
  MOST_INLINE_CUSTOMERS,
  purchasingCustomerSchema,
} from './drilldown.ts';

/** Body of `POST /api/v1/ai/segment_hierarchy_chart`. */
export const hierarchyBodySchema = z
  .strictObject({
    customers: z.array(purchasingCustomerSchema).min(1).max(MOST_INLINE_CUSTOMERS),
    labels: z.record(z.string(), z.int().min(-1).max(1_000_000)).optional().meta({
      description: 'First level: customer id → segment. Without it the first level is split like the others.',
    }),
    k_range: z.array(z.int().min(2).max(50)).min(1).max(49).default([2, 3, 4]),
    min_size: z.int().min(2).max(1_000_000).default(5).meta({
      description: 'A segment is split only where it has more customers than this: the "segment of five".',
    }),
    max_depth: z.int().min(1).max(8).default(4).meta({ description: 'Levels below the whole.' }),
    svg: z.boolean().default(true).meta({ description: 'Whether the picture is part of the answer.' }),
    title: z.string().trim().min(1).max(120).optional(),
    ...drilldownOptions,
  })
  .meta({ id: 'HierarchyChartRequest' });
export type HierarchyBody = z.output<typeof hierarchyBodySchema>;

/** A segment and what it is made of; sizes of children sum to its own. */
export interface HierarchyNode {
  /** Place in the tree: `0.1` is the second part of the first segment; empty for the whole. */
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly share: number;
  readonly avg_spend: number;
  readonly avg_frequency: number;
  readonly top_categories: string;
  /** Of the split into the children. */
  readonly silhouette?: number | undefined;
  readonly children?: readonly HierarchyNode[] | undefined;
}

/** A node as the wire has it. */
export const hierarchyNodeSchema: z.ZodType<HierarchyNode> = z
  .object({
    path: z.string(),
    name: z.string(),
    size: z.int().min(1),
    share: z.number().min(0).max(1),
    avg_spend: z.number(),
    avg_frequency: z.number(),
    top_categories: z.string(),
    silhouette: z.number().optional(),
    get children() {
      return z.array(hierarchyNodeSchema).optional();
    },
  })
  .meta({
    id: 'HierarchyNode',
    description: 'Sizes of children sum to the size of their parent.',
    examples: [
      {
        path: '0',
        name: 'High spend',
        size: 120,
        share: 0.4,
        avg_spend: 182.4,
        avg_frequency: 3.1,
        top_categories: 'books, toys',
      },
    ],
  });

/** Answer of `POST /api/v1/ai/segment_hierarchy_chart`. */
export const hierarchyAnswerSchema = z
  .object({
    root: hierarchyNodeSchema,
    n_nodes: z.int().min(1),
    n_leaves: z.int().min(1),
    depth: z.int().min(0),
    svg: z.string().optional().meta({ description: 'A self-contained sunburst, 1280 × 720.' }),
    options: echoSchema.extend({ min_size: z.int(), max_depth: z.int() }),
  })
  .meta({ id: 'HierarchyChartAnswer' });
export type HierarchyAnswer = z.output<typeof hierarchyAnswerSchema>;
