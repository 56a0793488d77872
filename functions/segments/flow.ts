import { ABSENT, type MembershipCounts, NOISE } from './membership-counts.ts';

/** A place in a flow: a segment by its stable id, DBSCAN's noise, or outside the run: `entered` and `left`. */
export type FlowPlace = number | 'noise' | 'entered' | 'left';

/** A row or column of the flow matrix. */
export interface FlowSide {
  readonly place: FlowPlace;
  /** Customers there: the sum of its row, or of its column. */
  readonly size: number;
}

/** Who went from where to where between two runs. */
export interface FlowReport {
  /** Segments of the former run in order of their clusters, then noise if any, then `entered`. */
  readonly from: readonly FlowSide[];
  /** Segments of the new run in order of their clusters, then noise if any, then `left`. */
  readonly to: readonly FlowSide[];
  /** Customers per row of `from` and column of `to`. */
  readonly counts: readonly (readonly number[])[];
  /** Customers of both runs whose segment kept its id, and whose did not. */
  readonly stayed: number;
  readonly moved: number;
  readonly entered: number;
  readonly left: number;
}

/**
 * The flow matrix of two runs.
 * @param previousIds stable id per cluster of the former run
 * @param ids stable id per cluster of the new run
 */
export function flowReport(
  counts: MembershipCounts,
  previousIds: readonly number[],
  ids: readonly number[],
): FlowReport {
  const { cells } = counts.toJSON();
  const hasNoise = (side: 0 | 1) => cells.some((cell) => cell[side] === NOISE);
  const rows = [...previousIds.keys(), ...(hasNoise(0) ? [NOISE] : []), ABSENT];
  const columns = [...ids.keys(), ...(hasNoise(1) ? [NOISE] : []), ABSENT];
  const matrix = rows.map((from) => columns.map((to) => counts.count(from, to)));
  const placesFrom = rows.map((label) => placeOf(label, previousIds, 'entered'));
  const placesTo = columns.map((label) => placeOf(label, ids, 'left'));
  const total = (isCounted: (from: FlowPlace, to: FlowPlace) => boolean) =>
    matrix.reduce(
      (sum, row, i) =>
        row.reduce((part, count, j) => part + (isCounted(placesFrom[i]!, placesTo[j]!) ? count : 0), sum),
      0,
    );
  const isShared = (from: FlowPlace, to: FlowPlace) => from !== 'entered' && to !== 'left';
  return {
    from: placesFrom.map((place, i) => ({ place, size: sumOf(matrix[i]!) })),
    to: placesTo.map((place, j) => ({ place, size: sumOf(matrix.map((row) => row[j]!)) })),
    counts: matrix,
    stayed: total((from, to) => isShared(from, to) && from === to),
    moved: total((from, to) => isShared(from, to) && from !== to),
    entered: total((from) => from === 'entered'),
    left: total((_, to) => to === 'left'),
  };
}

function placeOf(label: number, ids: readonly number[], outside: 'entered' | 'left'): FlowPlace {
  if (label === ABSENT) return outside;
  return label === NOISE ? 'noise' : ids[label]!;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
