import { isMostlyKnown, type Tally } from './segment-tally.ts';

/** How far a segment is from all customers on one column, or on one value of a category. */
export interface DistinctiveFeature {
  readonly column: string;
  /** Of a category; absent for numbers. */
  readonly value?: string;
  /**
   * Numbers: (mean − mean of all) ÷ standard deviation of all. Values of a category: the same of their 0/1 indicator,
   * (share − share of all) ÷ √(p (1 − p)).
   */
  readonly standardisedDifference: number;
  /** Share of the column's variance that the segments explain, 0..1; the same for all segments. */
  readonly importance: number;
}

/**
 * Importance of each column for a clustering, 0..1. Numbers: η², the variance between segments ÷ all variance.
 * Categories: Goodman and Kruskal's τ (1954), which is the same for the indicators of the values together. Columns that
 * are constant have 0.
 */
export function columnImportance(segments: readonly Tally[], whole: Tally): Map<string, number> {
  const importance = new Map<string, number>();
  for (const [column, { mean, standardDeviation, count }] of whole.numbers) {
    const between = segments.reduce((sum, { numbers }) => {
      const part = numbers.get(column);
      return part === undefined ? sum : sum + part.count * (part.mean - mean) ** 2;
    }, 0);
    const total = count * standardDeviation ** 2;
    importance.set(column, total === 0 ? 0 : Math.min(1, between / total));
  }
  for (const [column, counts] of whole.categories) {
    const concentration = (values: readonly (readonly [string, number])[]) => {
      const total = values.reduce((sum, [, count]) => sum + count, 0);
      return { total, squares: values.reduce((sum, [, count]) => sum + count ** 2 / total, 0) };
    };
    const all = concentration(counts);
    const within = segments.reduce((sum, { categories }) => {
      const values = categories.get(column);
      return values === undefined ? sum : sum + concentration(values).squares;
    }, 0);
    const spread = all.total - all.squares;
    importance.set(column, spread <= 0 ? 0 : Math.min(1, Math.max(0, (within - all.squares) / spread)));
  }
  return importance;
}

/**
 * Columns of a segment by |standardised difference|, the largest first; of a category the furthest value. A column that is
 * known of fewer than half of its customers says nothing of the segment.
 */
export function distinctiveFeatures(
  segment: Tally,
  whole: Tally,
  importance: ReadonlyMap<string, number>,
): DistinctiveFeature[] {
  const numbers = [...segment.numbers].flatMap(([column, { mean }]) => {
    const all = whole.numbers.get(column);
    if (all === undefined || all.standardDeviation === 0 || !isMostlyKnown(segment, column)) return [];
    return [{ column, standardisedDifference: (mean - all.mean) / all.standardDeviation }];
  });
  const categories = [...whole.categories].flatMap(([column, counts]) => {
    const here = new Map(segment.categories.get(column));
    const total = (values: Iterable<readonly [string, number]>) =>
      [...values].reduce((sum, [, count]) => sum + count, 0);
    const nHere = total(here);
    const nAll = total(counts);
    if (nHere === 0 || !isMostlyKnown(segment, column)) return [];
    return counts
      .filter(([, count]) => count < nAll)
      .map(([value, count]) => {
        const share = count / nAll;
        const difference = (here.get(value) ?? 0) / nHere - share;
        return { column, value, standardisedDifference: difference / Math.sqrt(share * (1 - share)) };
      })
      .sort(furthestFirst)
      .slice(0, 1);
  });
  return [...numbers, ...categories]
    .map((feature) => ({ ...feature, importance: importance.get(feature.column) ?? 0 }))
    .sort(furthestFirst);
}

interface Difference {
  readonly column: string;
  readonly value?: string;
  readonly standardisedDifference: number;
}

function furthestFirst(a: Difference, b: Difference): number {
  const further = Math.abs(b.standardisedDifference) - Math.abs(a.standardisedDifference);
  return further || (`${a.column}=${a.value ?? ''}` < `${b.column}=${b.value ?? ''}` ? -1 : 1);
}
