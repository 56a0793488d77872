import type { Matrix } from '../../functions/arrow/matrix.ts';
import { inertiaOf, lloydOracle } from './kmeans-oracle.ts';

/** Some rows of a matrix. */
export function rowsOf({ nFeatures, values }: Matrix, rows: readonly number[]): Matrix {
  const chosen = rows.flatMap((row) => [...values.subarray(row * nFeatures, (row + 1) * nFeatures)]);
  return { nSamples: rows.length, nFeatures, values: Float32Array.from(chosen) };
}

/** Bisecting k-means by its definition, in float64: the leaf of the largest inertia is split, from two given rows. */
export function bisectingOracle(
  data: Matrix,
  nClusters: number,
  startsOf: (rows: Int32Array) => readonly [number, number],
): number[][] {
  const score = (rows: readonly number[]) => {
    const own = rowsOf(data, rows);
    return inertiaOf(own, new Int32Array(rows.length), meansOf(own));
  };
  const leaves = [{ rows: [...Array(data.nSamples).keys()], score: 0 }];
  while (leaves.length < nClusters) {
    const next = leaves.reduce((a, b) => (b.score > a.score ? b : a));
    const starts = rowsOf(data, [...startsOf(Int32Array.from(next.rows))]);
    const { labels } = lloydOracle(rowsOf(data, next.rows), Float64Array.from(starts.values));
    const halves = [0, 1].map((side) => next.rows.filter((_, at) => labels[at] === side));
    leaves.splice(leaves.indexOf(next), 1, ...halves.map((rows) => ({ rows, score: score(rows) })));
  }
  return leaves.map(({ rows }) => rows);
}

function meansOf({ nSamples, nFeatures, values }: Matrix): Float64Array {
  const means = new Float64Array(nFeatures);
  for (let at = 0; at < nSamples * nFeatures; at++) means[at % nFeatures]! += values[at]! / nSamples;
  return means;
}
