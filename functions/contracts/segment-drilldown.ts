import { z } from 'zod';
import { count, isoTime, optionalDataset } from './api-fields.ts';

/** The drill-down of a published segment, of any dataset (`/v1/segments/{segmentId}/drilldown`). */

/** Most children of one segment, over all levels. */
export const MOST_CHILDREN = 500;

/** Most values (customers × features) of one segment that is split. */
export const MOST_SEGMENT_VALUES = 100_000_000;

/** What the drill-down of a segment can be asked to do. */
export const segmentDrilldownOptions = {
  k_range: z
    .array(z.int().min(2).max(50))
    .min(1)
    .max(49)
    .default([2, 3, 4])
    .meta({ description: 'Numbers of children to try at each split.' }),
  max_depth: z.int().min(1).max(6).default(2).meta({ description: 'Levels below the segment.' }),
  min_size: z.int().min(2).max(1_000_000).default(5).meta({
    description: 'A segment is split only where it has more members than this.',
  }),
  scaling: z.enum(['zscore', 'none']).default('zscore').meta({
    description:
      '`zscore`: the features of the run, scaled anew inside each segment; `none`: as the run scaled them.',
  }),
  seed: z.int().min(0).max(0xffffffff).default(42),
  restarts: z.int().min(1).max(1000).default(10).meta({ description: 'K-means restarts per k.' }),
};

/** Body of `POST /v1/segments/{segmentId}/drilldown`. */
export const segmentDrilldownBodySchema = z
  .strictObject({ dataset: optionalDataset, ...segmentDrilldownOptions })
  .meta({ id: 'SegmentDrilldownRequest' });
/** The same without the name of the dataset. */
export type SegmentDrilldownOptions = Omit<z.output<typeof segmentDrilldownBodySchema>, 'dataset'>;

/** Path of the routes of one segment. */
export const segmentPathSchema = z.object({
  segmentId: z
    .string()
    .regex(/^\d{1,9}$/, 'must be the number of a segment')
    .transform(Number)
    .meta({
      description: '`segment_id` of a published segment.',
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern;
        Object.assign(jsonSchema, { type: 'integer', minimum: 0 });
      },
    }),
});

/** Query of `GET /v1/segments/{segmentId}/drilldown`. */
export const childrenQuerySchema = z.strictObject({ dataset: optionalDataset });

const figures = z.object({ mean: z.number(), median: z.number(), min: z.number(), max: z.number() });

/** A part of a segment. Equal data and options give equal ids. */
export const childSegmentSchema = z
  .object({
    id: z.string().meta({ description: 'Id of the parent and the number of the part.', examples: ['2.0.1'] }),
    parent_id: z.string(),
    depth: z.int().min(1),
    name: z.string(),
    name_rule: z.string(),
    size: z.int().min(1),
    share: z.number().meta({ description: 'Of the whole dataset, 0..1.' }),
    share_of_parent: z.number(),
    statistics: z.record(z.string(), figures),
    distinctive: z
      .array(z.object({ feature: z.string(), difference: z.number() }))
      .meta({ description: 'Furthest from the mean of the parent, in its standard deviations.' }),
    n_children: count,
    silhouette: z.number().optional().meta({ description: 'Of its own split, where it has children.' }),
  })
  .meta({ id: 'ChildSegment' });
export type ChildSegment = z.output<typeof childSegmentSchema>;

/** Answer of `GET /v1/segments/{segmentId}/drilldown`. */
export const childrenSchema = z
  .object({
    dataset: z.string(),
    runId: z.string(),
    segment_id: count,
    drilldownId: z
      .string()
      .meta({ description: 'Its result, with the child of every member: `/v1/drilldowns/{id}`.' }),
    drilledAt: isoTime,
    segments: z.array(childSegmentSchema).meta({ description: 'Parents before their children.' }),
  })
  .meta({ id: 'ChildSegments' });

/** Which drill-down of a segment is shown. */
export interface SegmentDrilldownRecord {
  readonly tenant: string;
  readonly dataset: string;
  /** Of the run that published the segment. */
  readonly runId: string;
  readonly segmentId: number;
  readonly drilldownId: string;
  readonly drilledAt: string;
}
