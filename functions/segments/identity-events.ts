import type { IdentityThresholds, KnownClusters, MatchedPair } from './identity-pairs.ts';
import { jaccard, type Overlaps } from './segment-similarity.ts';

/** How a former and a new segment overlap, over the customers in both runs. */
export interface SegmentOverlap {
  /** Stable ids. */
  readonly from: number;
  readonly to: number;
  readonly shared: number;
  readonly jaccard: number;
  /** Shared customers ÷ customers of the former segment that the new run knows; of the new one that the former knew. */
  readonly shareOfFrom: number;
  readonly shareOfTo: number;
}

/**
 * What became of segments from one run to the next. `kept`: the same segment. `split`: parts of one segment (one of them
 * may keep its id). `merged`: segments that came together (one of them may keep its id). `born`: it continues none.
 * `died`: none continues it.
 */
export interface SegmentEvent {
  readonly kind: 'kept' | 'split' | 'merged' | 'born' | 'died';
  /** Stable ids in the former run, and in the new one. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** What decided: shared customers, or the distance of centers. */
  readonly by: 'overlap' | 'centers';
  /** Jaccard overlap or likeness of the centers of the pair that kept its id; 0 where none did. */
  readonly similarity: number;
  /** Of the segments named, the pairs that share customers. */
  readonly overlaps: readonly SegmentOverlap[];
}

/** A matching, to be told in events. */
export interface MatchedClusters {
  /** Stable ids per former and per new cluster. */
  readonly previous: readonly number[];
  readonly ids: readonly number[];
  readonly pairs: readonly MatchedPair[];
  readonly overlaps: Overlaps;
  readonly known: KnownClusters;
}

/** Every former and every new segment is named by at least one event; splits and mergers come first. */
export function eventsOf(matched: MatchedClusters, thresholds: IdentityThresholds): SegmentEvent[] {
  const { previous, ids, pairs } = matched;
  const all = { before: [...previous.keys()], after: [...ids.keys()] };
  const part = partsOf(matched, thresholds);
  const splits = all.before
    .map((from) => ({ from: [from], to: all.after.filter((to) => part(from, to).isOfSplit) }))
    .filter(({ to }) => to.length > 1);
  const mergers = all.after
    .map((to) => ({ from: all.before.filter((from) => part(from, to).isOfMerger), to: [to] }))
    .filter(({ from }) => from.length > 1);
  const named = [...splits, ...mergers];
  const isNamed = (side: 'from' | 'to', cluster: number) =>
    named.some((event) => event[side].includes(cluster));
  const kept = pairs.filter(
    ({ from, to }) => !named.some((event) => event.from.includes(from) && event.to.includes(to)),
  );
  const isPaired = (side: 'from' | 'to', cluster: number) => pairs.some((pair) => pair[side] === cluster);
  const isGone = (from: number) => !isNamed('from', from) && !isPaired('from', from);
  const isNew = (to: number) => !isNamed('to', to) && !isPaired('to', to);
  return [
    ...splits.map((event) => describe(matched, 'split', event)),
    ...mergers.map((event) => describe(matched, 'merged', event)),
    ...kept.map(({ from, to }) => describe(matched, 'kept', { from: [from], to: [to] })),
    ...all.after.filter(isNew).map((to) => describe(matched, 'born', { from: [], to: [to] })),
    ...all.before.filter(isGone).map((from) => describe(matched, 'died', { from: [from], to: [] })),
  ];
}

/** Whether a new cluster is a part of a former one, or the other way round, by the customers they share. */
function partsOf(
  { overlaps, known, pairs }: MatchedClusters,
  { majority, minPart }: IdentityThresholds,
): (from: number, to: number) => { isOfSplit: boolean; isOfMerger: boolean } {
  const keepsId = { from: new Set(pairs.map(({ from }) => from)), to: new Set(pairs.map(({ to }) => to)) };
  return (from, to) => {
    if (!known.before[from] || !known.after[to]) return { isOfSplit: false, isOfMerger: false };
    const shared = overlaps.shared[from]![to]!;
    const ofFrom = shared / overlaps.before[from]!;
    const ofTo = shared / overlaps.after[to]!;
    return {
      isOfSplit: ofTo >= majority && (ofFrom >= minPart || !keepsId.to.has(to)),
      isOfMerger: ofFrom >= majority && (ofTo >= minPart || !keepsId.from.has(from)),
    };
  };
}

function describe(
  { previous, ids, pairs, overlaps }: MatchedClusters,
  kind: SegmentEvent['kind'],
  { from, to }: { readonly from: readonly number[]; readonly to: readonly number[] },
): SegmentEvent {
  const pair = pairs.find((one) => from.includes(one.from) && to.includes(one.to));
  const before = from.length > 0 ? from : [...previous.keys()];
  const after = to.length > 0 ? to : [...ids.keys()];
  return {
    kind,
    from: from.map((cluster) => previous[cluster]!),
    to: to.map((cluster) => ids[cluster]!),
    by: pair?.by ?? 'overlap',
    similarity: pair?.similarity ?? 0,
    overlaps: before.flatMap((i) =>
      after
        .filter((j) => overlaps.shared[i]![j]! > 0)
        .map((j) => ({
          from: previous[i]!,
          to: ids[j]!,
          shared: overlaps.shared[i]![j]!,
          jaccard: jaccard(overlaps, i, j),
          shareOfFrom: overlaps.shared[i]![j]! / overlaps.before[i]!,
          shareOfTo: overlaps.shared[i]![j]! / overlaps.after[j]!,
        })),
    ),
  };
}
