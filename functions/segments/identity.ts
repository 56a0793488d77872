import { InvalidRequestError } from '../errors.ts';
import { eventsOf, type SegmentEvent } from './identity-events.ts';
import { centerPairs, IDENTITY_THRESHOLDS, type IdentityThresholds, overlapPairs } from './identity-pairs.ts';
import type { MembershipCounts } from './membership-counts.ts';
import { centerSimilarities, overlapsOf } from './segment-similarity.ts';

/** The ids of a published run: all that the next run needs to go on from. */
export interface SegmentIdentities {
  /** Stable id per cluster. */
  readonly ids: readonly number[];
  /** The next id to be given; one that is gone is never given again. */
  readonly nextId: number;
}

/** What is known of two runs when their segments are matched. */
export interface IdentityEvidence {
  /** Customers by (former, new) cluster, over all buckets. */
  readonly counts: MembershipCounts;
  /** Rows of each cluster. */
  readonly sizes: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** Centers of both runs in one space (the new run's); without them only overlaps decide. */
  readonly centers?: {
    readonly before: readonly ArrayLike<number>[];
    readonly after: readonly ArrayLike<number>[];
  };
}

/** The new run's ids, and what became of each segment. */
export interface MatchedSegments extends SegmentIdentities {
  readonly events: readonly SegmentEvent[];
}

/** Identities of a dataset's first run: each cluster's own number. */
export function firstIdentities(nClusters: number): SegmentIdentities {
  return { ids: Array.from({ length: nClusters }, (_, cluster) => cluster), nextId: nClusters };
}

/**
 * Gives the clusters of a new run the ids of the segments they continue. Former and new clusters are paired by optimal
 * assignment on their Jaccard overlap; where too few customers are shared, by their centers; whatever is left gets a new
 * id. Clusters of the same customers keep their ids however they are numbered.
 * @throws InvalidRequestError when the previous ids are not one per former cluster
 */
export function matchSegments(
  previous: SegmentIdentities,
  { counts, sizes, centers }: IdentityEvidence,
  thresholds: IdentityThresholds = IDENTITY_THRESHOLDS,
): MatchedSegments {
  if (previous.ids.length !== sizes.before.length) {
    throw new InvalidRequestError(
      `The former run has ${sizes.before.length} clusters and ${previous.ids.length} ids: one per cluster is needed.`,
    );
  }
  const overlaps = overlapsOf(counts, sizes.before.length, sizes.after.length);
  const isKnown = (shared: number, size: number) =>
    size > 0 && shared >= thresholds.minSharedShare * size && shared >= Math.min(thresholds.minShared, size);
  const known = {
    before: sizes.before.map((size, i) => isKnown(overlaps.before[i]!, size)),
    after: sizes.after.map((size, j) => isKnown(overlaps.after[j]!, size)),
  };
  const likeness = centers
    ? centerSimilarities(centers.before, centers.after)
    : sizes.before.map(() => sizes.after.map(() => 0));
  const byOverlap = overlapPairs(overlaps, known, likeness, thresholds);
  const pairs = [...byOverlap, ...centerPairs(byOverlap, known, likeness, thresholds)];

  const ids = new Array<number>(sizes.after.length).fill(-1);
  for (const { from, to } of pairs) ids[to] = previous.ids[from]!;
  let { nextId } = previous;
  ids.forEach((id, to) => {
    if (id < 0) ids[to] = nextId++;
  });
  return {
    ids,
    nextId,
    events: eventsOf({ previous: previous.ids, ids, pairs, overlaps, known }, thresholds),
  };
}
