import type { LabelWrites } from '../contracts/records.ts';
import type { FlowReport } from './flow.ts';
import type { SegmentEvent } from './identity-events.ts';
import type { PartialMoveCauses } from './move-causes.ts';

/** `fit/identity.json`: the segments that the clusters of a run are. MatchSegments → WriteLabels, PublishRun. */
export interface RunIdentities {
  /** The run that the segments were matched with; null for a dataset's first. */
  readonly formerRunId: string | null;
  /** Segment id per cluster. */
  readonly segmentIds: readonly number[];
  readonly events: readonly SegmentEvent[];
  /** Null without a former run. */
  readonly flow: FlowReport | null;
}

/** `write-labels/{bucket}.json`. WriteLabels → PublishRun. */
export interface BucketLabelWrites extends LabelWrites {
  /** Why customers moved. */
  readonly causes: PartialMoveCauses;
}
