import type { MembershipCounts } from './membership-counts.ts';

/** Shared customers of clusters of two runs: n × m, noise left out. */
export interface Overlaps {
  readonly shared: readonly (readonly number[])[];
  /** Per former cluster, its customers that the new run knows too, in a cluster or as noise. */
  readonly before: readonly number[];
  /** Per new cluster, its customers that the former run knew too. */
  readonly after: readonly number[];
  /** Customers in both runs. */
  readonly total: number;
}

/** Reads the overlaps of `nBefore` former and `nAfter` new clusters off the counts. */
export function overlapsOf(counts: MembershipCounts, nBefore: number, nAfter: number): Overlaps {
  const shared = Array.from({ length: nBefore }, () => new Array<number>(nAfter).fill(0));
  const before = new Array<number>(nBefore).fill(0);
  const after = new Array<number>(nAfter).fill(0);
  let total = 0;
  for (const [from, to, count] of counts.toJSON().cells) {
    if (from < -1 || to < -1) continue;
    total += count;
    if (from >= 0) before[from]! += count;
    if (to >= 0) after[to]! += count;
    if (from >= 0 && to >= 0) shared[from]![to]! += count;
  }
  return { shared, before, after, total };
}

/** |A ∩ B| ÷ |A ∪ B| over the customers of both runs, 0..1; 0 for two clusters without any. */
export function jaccard({ shared, before, after }: Overlaps, from: number, to: number): number {
  const both = shared[from]![to]!;
  const either = before[from]! + after[to]! - both;
  return either === 0 ? 0 : both / either;
}

/**
 * Likeness of two clusters by their centers, 0..1: 1 − d ÷ r, where d is the distance of the centers and r the smaller
 * of the distances from each to the nearest other center of its own run. Above 0.5 each is the other's only candidate.
 * @param before centers of the former run, in the space of the new one
 */
export function centerSimilarities(
  before: readonly ArrayLike<number>[],
  after: readonly ArrayLike<number>[],
): number[][] {
  const gapsBefore = before.map((center) => nearestOther(center, before));
  const gapsAfter = after.map((center) => nearestOther(center, after));
  return before.map((from, i) =>
    after.map((to, j) => {
      const reach = Math.min(gapsBefore[i]!, gapsAfter[j]!);
      const distance = distanceOf(from, to);
      if (distance === 0) return 1;
      return reach === Number.POSITIVE_INFINITY ? 1 : Math.max(0, 1 - distance / reach);
    }),
  );
}

function nearestOther(center: ArrayLike<number>, centers: readonly ArrayLike<number>[]): number {
  return centers.reduce(
    (least, other) => (other === center ? least : Math.min(least, distanceOf(center, other))),
    Number.POSITIVE_INFINITY,
  );
}

function distanceOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2;
  return Math.sqrt(sum);
}
