import { InvalidRequestError } from '../errors.ts';

/**
 * Adjusted Rand index (Hubert & Arabie 1985): agreement of two clusterings of the same rows, corrected for chance. 1
 * for the same partition, whatever the numbers; about 0 for unrelated ones; it can be negative. Every label counts as
 * a cluster, also −1.
 * @throws InvalidRequestError when the lengths differ
 */
export function adjustedRandScore(a: Int32Array, b: Int32Array): number {
  if (a.length !== b.length) {
    throw new InvalidRequestError(
      `Two clusterings of the same rows are needed; one has ${a.length} labels, the other ${b.length}.`,
    );
  }
  const sizesA = new Map<number, number>();
  const sizesB = new Map<number, number>();
  const shared = new Map<number, Map<number, number>>();
  a.forEach((labelA, row) => {
    const labelB = b[row]!;
    increment(sizesA, labelA);
    increment(sizesB, labelB);
    const ofA = shared.get(labelA) ?? new Map<number, number>();
    shared.set(labelA, ofA);
    increment(ofA, labelB);
  });
  const together = [...shared.values()].reduce((sum, ofA) => sum + pairsWithin(ofA), 0);
  const togetherA = pairsWithin(sizesA);
  const togetherB = pairsWithin(sizesB);
  const expected = (togetherA / Math.max(1, pairs(a.length))) * togetherB;
  const most = (togetherA + togetherB) / 2;
  // Both put all rows together, or none: the partitions are the same, and there is nothing to correct.
  return most === expected ? 1 : (together - expected) / (most - expected);
}

const pairs = (n: number) => (n * (n - 1)) / 2;

function pairsWithin(sizes: Map<number, number>): number {
  let total = 0;
  for (const size of sizes.values()) total += pairs(size);
  return total;
}

function increment(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
