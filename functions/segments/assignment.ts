import { InvalidRequestError } from '../errors.ts';

/**
 * The exact optimal assignment: each row gets at most one column, each column at most one row, as many pairs as the
 * smaller side has, and the sum of their weights is the largest possible. Shortest augmenting paths with dual prices
 * (Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
 * Computing 38, 1987), O(rows² × columns). Of equally good assignments the answer is one that the order of rows and
 * columns decides.
 * @param weights rows of equal length, finite
 * @returns per row its column, or −1
 * @throws InvalidRequestError for rows of different lengths, or a weight that is not finite
 */
export function assignMaximum(weights: readonly (readonly number[])[]): Int32Array {
  const nRows = weights.length;
  const nColumns = weights[0]?.length ?? 0;
  const isSound = weights.every((row) => row.length === nColumns && row.every(Number.isFinite));
  if (!isSound) {
    throw new InvalidRequestError(
      `An assignment needs ${nRows} rows of ${nColumns} finite weights each; found rows of ` +
        `${[...new Set(weights.map(({ length }) => length))].join(', ')} with values that may be infinite or NaN.`,
    );
  }
  if (nRows <= nColumns) return assignRows(nRows, nColumns, (row, column) => -weights[row]![column]!);
  const rowOf = assignRows(nColumns, nRows, (column, row) => -weights[row]![column]!);
  const columnOf = new Int32Array(nRows).fill(-1);
  rowOf.forEach((row, column) => {
    columnOf[row] = column;
  });
  return columnOf;
}

/** Cheapest assignment of every row, for nRows ≤ nColumns: rows join one by one along the cheapest path of exchanges. */
function assignRows(
  nRows: number,
  nColumns: number,
  cost: (row: number, column: number) => number,
): Int32Array {
  const rowPrice = new Float64Array(nRows);
  const columnPrice = new Float64Array(nColumns);
  const rowOf = new Int32Array(nColumns).fill(-1);
  const columnOf = new Int32Array(nRows).fill(-1);
  for (let start = 0; start < nRows; start++) {
    const pathCost = new Float64Array(nColumns).fill(Number.POSITIVE_INFINITY);
    const via = new Int32Array(nColumns).fill(-1);
    const settled: number[] = [];
    const isOpen = new Uint8Array(nColumns).fill(1);
    let sink = -1;
    let reached = 0;
    for (let row = start; sink < 0; ) {
      let nearest = -1;
      for (let column = 0; column < nColumns; column++) {
        if (!isOpen[column]) continue;
        const through = reached + cost(row, column) - rowPrice[row]! - columnPrice[column]!;
        if (through < pathCost[column]!) {
          pathCost[column] = through;
          via[column] = row;
        }
        if (nearest < 0 || pathCost[column]! < pathCost[nearest]!) nearest = column;
      }
      reached = pathCost[nearest]!;
      isOpen[nearest] = 0;
      if (rowOf[nearest]! < 0) sink = nearest;
      else {
        settled.push(nearest);
        row = rowOf[nearest]!;
      }
    }
    rowPrice[start]! += reached;
    for (const column of settled) {
      const slack = reached - pathCost[column]!;
      rowPrice[rowOf[column]!]! += slack;
      columnPrice[column]! -= slack;
    }
    for (let column = sink; column >= 0; ) {
      const row = via[column]!;
      rowOf[column] = row;
      const next = columnOf[row]!;
      columnOf[row] = column;
      column = row === start ? -1 : next;
    }
  }
  return columnOf;
}
