import { InvalidRequestError } from '../errors.ts';
import { assignMaximum } from './assignment.ts';
import { eventsOf, type SegmentEvent } from './identity-events.ts';
import type { MembershipCounts } from './membership-counts.ts';
import { centerSimilarities, jaccard, type Overlaps, overlapsOf } from './segment-similarity.ts';

/** When a new cluster is a former segment. All are shares, 0..1, but for `minShared`. */
export interface IdentityThresholds {
  /** Jaccard overlap from which a pair of the assignment keeps the id. */
  readonly minJaccard: number;
  /** Likeness of the centers from which a pair keeps the id, where overlaps cannot tell. */
  readonly minCenterSimilarity: number;
  /** Overlaps tell nothing about a cluster with fewer customers of the other run than this share of its own … */
  readonly minSharedShare: number;
  /** … or fewer than this many (all of them, if it has fewer). */
  readonly minShared: number;
  /** A part of a split takes more than this share of its customers from one segment; of a merger, gives it. */
  readonly majority: number;
  /** Where both sides kept an id, a part must also be at least this share of what split or merged. */
  readonly minPart: number;
}

/** The published thresholds; see docs/algorithms.md. */
export const IDENTITY_THRESHOLDS: IdentityThresholds = {
  minJaccard: 0.3,
  minCenterSimilarity: 0.5,
  minSharedShare: 0.1,
  minShared: 5,
  majority: 0.5,
  minPart: 0.1,
};

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

/** A former and a new cluster taken for the same segment. */
export interface MatchedPair {
  readonly from: number;
  readonly to: number;
  readonly by: 'overlap' | 'centers';
  /** Jaccard overlap, or likeness of the centers. */
  readonly similarity: number;
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

/** Which clusters have enough customers of the other run for overlaps to tell. */
export interface KnownClusters {
  readonly before: readonly boolean[];
  readonly after: readonly boolean[];
}

/** Weight of the centers where overlaps tie: too little to change any other decision. */
const TIE_WEIGHT = 1e-9;

function overlapPairs(
  overlaps: Overlaps,
  known: KnownClusters,
  likeness: readonly (readonly number[])[],
  { minJaccard }: IdentityThresholds,
): MatchedPair[] {
  const similarity = known.before.map((isKnown, i) =>
    known.after.map((isKnownToo, j) => (isKnown && isKnownToo ? jaccard(overlaps, i, j) : 0)),
  );
  const weights = similarity.map((row, i) =>
    row.map((overlap, j) => overlap + TIE_WEIGHT * likeness[i]![j]!),
  );
  return pairsOf(assignMaximum(weights), similarity, minJaccard, 'overlap');
}

function centerPairs(
  taken: readonly MatchedPair[],
  known: KnownClusters,
  likeness: readonly (readonly number[])[],
  { minCenterSimilarity }: IdentityThresholds,
): MatchedPair[] {
  const isTakenBefore = new Set(taken.map(({ from }) => from));
  const isTakenAfter = new Set(taken.map(({ to }) => to));
  const similarity = likeness.map((row, i) =>
    row.map((alike, j) => {
      const isOpen = !isTakenBefore.has(i) && !isTakenAfter.has(j) && !(known.before[i] && known.after[j]);
      return isOpen && alike >= minCenterSimilarity ? alike : 0;
    }),
  );
  return pairsOf(assignMaximum(similarity), similarity, minCenterSimilarity, 'centers');
}

function pairsOf(
  columnOf: Int32Array,
  similarity: readonly (readonly number[])[],
  least: number,
  by: MatchedPair['by'],
): MatchedPair[] {
  return [...columnOf.entries()]
    .filter(([from, to]) => to >= 0 && similarity[from]![to]! >= least)
    .map(([from, to]) => ({ from, to, by, similarity: similarity[from]![to]! }));
}
