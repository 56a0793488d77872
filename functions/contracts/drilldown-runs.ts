import { z } from 'zod';
import type { Problem } from '../errors.ts';
import { count, isoTime } from './api-fields.ts';
import { type ExploreOptions, exploreOptions } from './drilldown.ts';
import { type PurchasingOptions, purchasingOptions } from './purchasing-segmentation.ts';
import type { Artifact } from './records.ts';
import type { SegmentDrilldownOptions } from './segment-drilldown.ts';
import { DRILLDOWN_STEPS } from './workflow.ts';

/** Drill-downs that run by themselves: of an uploaded file, or of a published segment. */

/** Most customers of one upload. */
export const MOST_UPLOADED_CUSTOMERS = 10_000_000;

/** Most customers that are clustered together: those of one parent, or all of a first-level segmentation. */
export const MOST_PARENT_CUSTOMERS = 1_000_000;

/** Most parents of one upload. */
export const MOST_PARENTS = 10_000;

const upload_id = z.uuid().meta({ description: '`uploadId` of a completed upload (`POST /v1/uploads`).' });

/** Body of `POST /api/v1/ai/segment_subsegment_explore` for an uploaded file. */
export const exploreUploadBodySchema = z
  .strictObject({ upload_id, ...exploreOptions })
  .meta({ id: 'ExploreUploadRequest' });

/** Body of `POST /api/v1/ai/purchasing_segmentation` for an uploaded file. */
export const purchasingUploadBodySchema = z
  .strictObject({ upload_id, ...purchasingOptions })
  .meta({ id: 'PurchasingUploadRequest' });

/** What a drill-down was asked to do. The tag of the upload makes another content another run. */
export type DrilldownRequest =
  | {
      readonly kind: 'explore';
      readonly uploadId: string;
      readonly etag: string;
      readonly options: ExploreOptions;
    }
  | {
      readonly kind: 'segmentation';
      readonly uploadId: string;
      readonly etag: string;
      readonly options: PurchasingOptions;
    }
  | {
      readonly kind: 'segment';
      readonly dataset: string;
      /** The run that published the segment, and what it knows of it. */
      readonly sourceRunId: string;
      readonly segmentId: number;
      readonly cluster: number;
      readonly size: number;
      readonly nEntities: number;
      readonly options: SegmentDrilldownOptions;
    };

/** queued → running → succeeded | failed. */
export const DRILLDOWN_STATES = ['queued', 'running', 'succeeded', 'failed'] as const;

/** One drill-down, as the runs table holds it. Times are ISO 8601 UTC. */
export interface DrilldownRecord {
  readonly tenant: string;
  readonly runId: string;
  readonly status: (typeof DRILLDOWN_STATES)[number];
  /** Counts up when a run that failed, or whose result has expired, is asked for again. */
  readonly attempt: number;
  readonly request: DrilldownRequest;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Known once planned. */
  readonly nCustomers?: number;
  readonly nParents?: number;
  readonly result?: Omit<Artifact, 'name'>;
  readonly problem?: Problem;
}

/** Customers of one chunk: parent `parents[i]` lies in bytes [offsets[i], offsets[i + 1]). */
export interface CustomerChunk {
  readonly parents: readonly number[];
  readonly offsets: readonly number[];
}

/** `plan/plan.json`. PlanDrilldown → ExploreParent, PublishDrilldown. */
export interface DrilldownPlan {
  readonly request: DrilldownRequest;
  readonly chunks: readonly CustomerChunk[];
  /** The parents of each child of the map, in the order of the answer. */
  readonly items: readonly (readonly number[])[];
}

/** Answer of a request that starts a drill-down. */
export const startedDrilldownSchema = z
  .object({
    runId: z.string().meta({ description: 'Follows from the content of the file and the options.' }),
    status: z.enum(DRILLDOWN_STATES),
  })
  .meta({ id: 'StartedDrilldown', examples: [{ runId: 'd2a600a2a6ffb5d035b2a2c3b', status: 'running' }] });

/** Path of `GET /v1/drilldowns/{runId}`. */
export const drilldownPathSchema = z.object({ runId: z.string().min(1).max(64) });

/** Answer of `GET /v1/drilldowns/{runId}`. */
export const drilldownStateSchema = z
  .object({
    runId: z.string(),
    kind: z.enum(['explore', 'segmentation', 'segment']),
    status: z.enum(DRILLDOWN_STATES),
    createdAt: isoTime,
    startedAt: isoTime.optional(),
    finishedAt: isoTime.optional(),
    customers: count.optional(),
    parents: z
      .object({ done: count, total: count })
      .optional()
      .meta({ description: 'Known once the file has been read.' }),
    steps: z.array(
      z.object({
        step: z.enum(DRILLDOWN_STEPS),
        items: z.object({ total: count, done: count, failed: count }),
        startedAt: isoTime,
        updatedAt: isoTime,
        durationMs: count,
        peakMemoryMb: count.meta({ description: 'Largest resident memory of one worker, MiB.' }),
      }),
    ),
    result: z
      .object({
        url: z.string().meta({ description: 'GET it without further headers.' }),
        urlExpiresAt: isoTime,
        bytes: count,
        sha256: z.string(),
      })
      .optional()
      .meta({
        description:
          'Of an upload the bytes that the same request would have been answered with inline; of a segment its children, and the child of every member.',
      }),
    problem: z
      .looseObject({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })
      .optional(),
  })
  .meta({ id: 'DrilldownState' });
export type DrilldownState = z.output<typeof drilldownStateSchema>;
