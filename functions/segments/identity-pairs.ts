import { assignMaximum } from './assignment.ts';
import { jaccard, type Overlaps } from './segment-similarity.ts';

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

/** A former and a new cluster taken for the same segment. */
export interface MatchedPair {
  readonly from: number;
  readonly to: number;
  readonly by: 'overlap' | 'centers';
  /** Jaccard overlap, or likeness of the centers. */
  readonly similarity: number;
}

/** Which clusters have enough customers of the other run for overlaps to tell. */
export interface KnownClusters {
  readonly before: readonly boolean[];
  readonly after: readonly boolean[];
}

/** Weight of the centers where overlaps tie: too little to change any other decision. */
const TIE_WEIGHT = 1e-9;

/** Pairs of clusters that share enough customers, by optimal assignment on their Jaccard overlap. */
export function overlapPairs(
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

/** Pairs among the clusters not yet taken that overlaps tell nothing of, by the likeness of their centers. */
export function centerPairs(
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
