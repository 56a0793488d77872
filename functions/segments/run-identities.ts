import type { LabelWrites } from '../contracts/records.ts';
import type { FlowReport } from './flow.ts';
import type { SegmentEvent } from './identity-events.ts';
import type { PartialMoveCauses } from './move-causes.ts';

/** How customers at borders were kept from moving, where the dataset has a churn budget. */
export interface HeldBorders {
  /** Share of the customers of both runs that may move, 0..1, as configured. */
  readonly budget: number;
  /** Whoever is nearer to another center by no more than this share of the distance stays, 0..1. */
  readonly margin: number;
  /** Customers who stayed although another center is nearer. */
  readonly held: number;
  /** Customers of both runs. */
  readonly nCustomers: number;
}

/** `fit/identity.json`: the segments that the clusters of a run are. MatchSegments → WriteLabels, PublishRun. */
export interface RunIdentities {
  /** The run that the segments were matched with; null for a dataset's first. */
  readonly formerRunId: string | null;
  /** Segment id per cluster. */
  readonly segmentIds: readonly number[];
  readonly events: readonly SegmentEvent[];
  /** Null without a former run. */
  readonly flow: FlowReport | null;
  /** Absent without a churn budget or a former run. */
  readonly borders?: HeldBorders;
}

/** `write-labels/{bucket}.json`. WriteLabels → PublishRun. */
export interface BucketLabelWrites extends LabelWrites {
  /** Why customers moved. */
  readonly causes: PartialMoveCauses;
}
