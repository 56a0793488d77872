import type { Linkage } from '../../functions/clustering/agglomerative.ts';
import type { Rows } from '../../functions/clustering/neighbor-tree.ts';

/** Agglomeration by its definition: of all pairs of clusters, the nearest merge, until one is left. Heights ascend. */
export function linkageOracle({ nSamples, nFeatures, values }: Rows, linkage: Linkage): number[] {
  const row = (i: number) => Array.from(values.slice(i * nFeatures, (i + 1) * nFeatures));
  const distance = (a: readonly number[], b: readonly number[]) =>
    Math.sqrt(a.reduce((sum, x, j) => sum + (x - b[j]!) ** 2, 0));
  const center = (rows: number[][]) =>
    rows[0]!.map((_, j) => rows.reduce((sum, x) => sum + x[j]!, 0) / rows.length);
  const between = (a: number[][], b: number[][]): number => {
    if (linkage === 'ward') {
      return Math.sqrt((2 * a.length * b.length) / (a.length + b.length)) * distance(center(a), center(b));
    }
    const all = a.flatMap((x) => b.map((y) => distance(x, y)));
    if (linkage === 'complete') return Math.max(...all);
    if (linkage === 'single') return Math.min(...all);
    return all.reduce((sum, x) => sum + x, 0) / all.length;
  };
  let clusters = Array.from({ length: nSamples }, (_, i) => [row(i)]);
  const heights: number[] = [];
  while (clusters.length > 1) {
    let best = { height: Number.POSITIVE_INFINITY, a: 0, b: 0 };
    for (let a = 0; a < clusters.length; a++) {
      for (let b = a + 1; b < clusters.length; b++) {
        const height = between(clusters[a]!, clusters[b]!);
        if (height < best.height) best = { height, a, b };
      }
    }
    const { a, b, height } = best;
    heights.push(height);
    const joined = [...clusters[a]!, ...clusters[b]!];
    clusters = [...clusters.filter((_, i) => i !== a && i !== b), joined];
  }
  return heights;
}
