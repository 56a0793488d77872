import { z } from 'zod';
import { count, optionalDataset } from './api-fields.ts';
import { drilldownOptions } from './drilldown.ts';

/** Query of `GET /api/v1/ai/segment_hierarchy_chart`. */
export const segmentsChartQuerySchema = z.strictObject({
  dataset: optionalDataset,
  format: z.enum(['json', 'svg']).optional().meta({
    description: 'Default: as the header `Accept` says, else `json`.',
  }),
  title: z.string().trim().min(1).max(120).optional(),
  locale: drilldownOptions.locale,
});

/** A segment or a part of one; sizes of children sum to its own. */
export interface SegmentNode {
  /** Of a segment its number, of a part the numbers that lead to it; empty for the whole. */
  readonly id: string;
  readonly name: string;
  readonly size: number;
  /** Of the whole, 0..1. */
  readonly share: number;
  readonly children?: readonly SegmentNode[] | undefined;
}
const segmentNodeSchema: z.ZodType<SegmentNode> = z
  .object({
    id: z.string(),
    name: z.string(),
    size: count,
    share: z.number().min(0).max(1),
    get children() {
      return z.array(segmentNodeSchema).optional();
    },
  })
  .meta({
    id: 'SegmentNode',
    description: 'Sizes of children sum to the size of their parent.',
    examples: [{ id: '0', name: 'Regular customers', size: 1412, share: 0.4708 }],
  });

/** Answer of `GET /api/v1/ai/segment_hierarchy_chart`. */
export const segmentsChartSchema = z
  .object({ dataset: z.string(), runId: z.string(), root: segmentNodeSchema })
  .meta({ id: 'SegmentsChart' });
