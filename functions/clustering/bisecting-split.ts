import type { Kernels } from '../kernels/instance.ts';
import { type GrowingNode, momentsOf, type Table } from './bisecting-node.ts';
import type { BisectingSettings } from './bisecting-options.ts';
import { eachCall, gatherNode, type NodeRows } from './bisecting-rows.ts';
import { byCanonicalOrder } from './canonical-order.ts';
import { kmeansPlusPlus, randomRows } from './kmeans-seeding.ts';
import { estimateSilhouette } from './silhouette-sample.ts';
import { type TwoMeansFit, twoMeans } from './two-means.ts';

/** What came of trying to split a node. */
export interface Split {
  readonly silhouette?: number;
  /** The larger first; absent when the split is too weak, or one side is empty. */
  readonly children?: readonly [GrowingNode, GrowingNode];
  readonly iterations: number;
}

/** Splits a node by 2-means, and measures the split when there is a least silhouette to reach. */
export function splitNode(
  kernels: Kernels,
  table: Table,
  node: GrowingNode,
  settings: BisectingSettings,
): Split {
  return kernels.memory.scope(() => {
    const own = gatherNode(kernels, table.placed, node.rows, node.center);
    const fit = bestOfRestarts(kernels, table, own, node, settings);
    const { iterations } = fit;
    if (Math.min(...fit.sizes) === 0) return { iterations };
    if (settings.minSilhouette <= -1) return { iterations, children: childrenOf(kernels, table, node, fit) };
    const labels = Int32Array.from({ length: node.size }, (_, row) => sideOf(fit, row));
    const matrix = { nSamples: node.size, nFeatures: own.nFeatures, values: own.rows };
    const { silhouette } = estimateSilhouette(kernels, matrix, labels, 2, settings.seed);
    if (silhouette < settings.minSilhouette) return { silhouette, iterations };
    return { silhouette, iterations, children: childrenOf(kernels, table, node, fit) };
  });
}

function sideOf({ sides }: TwoMeansFit, row: number): number {
  return (sides[row >> 2]! >> (row & 3)) & 1;
}

/** The split that explains most; the earliest of equal ones. */
function bestOfRestarts(
  kernels: Kernels,
  { placed }: Table,
  own: NodeRows,
  node: GrowingNode,
  { init, nInit, maxIter, tol }: BisectingSettings,
): TwoMeansFit {
  const { nFeatures } = own;
  const startsOf = (restart: number): Float64Array => {
    // Forks 0 and 1 are the children's.
    const random = node.random.fork(2 + restart);
    if (init === 'k-means++') return kmeansPlusPlus(kernels, own, 2, random);
    if (init === 'random') return randomRows(own, 2, random);
    const starts = new Float64Array(2 * nFeatures);
    init(node.rows).forEach((row, side) => {
      starts.set(placed.rows.subarray(row * nFeatures, (row + 1) * nFeatures), side * nFeatures);
    });
    return starts;
  };
  const tolerance = (tol * node.inertia) / (node.size * nFeatures);
  const attempt = (restart: number) =>
    twoMeans(kernels, own, node.sums, startsOf(restart), { maxIter, tolerance });
  let best = attempt(0);
  for (let restart = 1; restart < nInit; restart++) {
    const next = attempt(restart);
    if (explained(node, next) > explained(node, best)) best = next;
  }
  return best;
}

/** What a split takes off the inertia: n₀ n₁ / n × the squared distance of the centers. */
function explained({ sums, size }: GrowingNode, fit: TwoMeansFit): number {
  const [size0, size1] = fit.sizes;
  if (size0 === 0 || size1 === 0) return 0;
  const square = sums.reduce((total, sum, j) => {
    const sum1 = fit.sums[j]!;
    return total + ((sum - sum1) / size0 - sum1 / size1) ** 2;
  }, 0);
  return ((size0 * size1) / size) * square;
}

function childrenOf(
  { exports, memory }: Kernels,
  table: Table,
  node: GrowingNode,
  fit: TwoMeansFit,
): readonly [GrowingNode, GrowingNode] {
  const [first, second] = memory.scope(() => {
    const rows = memory.i32(node.size);
    rows.set(node.rows);
    const sides = memory.u8(fit.sides.length);
    sides.set(fit.sides);
    const halves = [memory.i32(fit.sizes[0] + 1), memory.i32(fit.sizes[1] + 1)] as const;
    const squares = memory.f64(2).fill(0);
    let dealt1 = 0;
    eachCall(node.size, (from, to) => {
      dealt1 += exports.bisect_deal(
        rows.byteOffset + from * 4,
        to - from,
        sides.byteOffset + from / 4,
        table.squares.byteOffset,
        halves[0].byteOffset + (from - dealt1) * 4,
        halves[1].byteOffset + dealt1 * 4,
        squares.byteOffset,
      );
    });
    const sums = [node.sums.map((sum, j) => sum - fit.sums[j]!), fit.sums] as const;
    return ([0, 1] as const)
      .map((side) => {
        const own = new Int32Array(halves[side].subarray(0, fit.sizes[side]));
        return { depth: node.depth + 1, ...momentsOf(table, own, sums[side], squares[side]!) };
      })
      .sort(byCanonicalOrder);
  });
  return [
    { ...first!, random: node.random.fork(0) },
    { ...second!, random: node.random.fork(1) },
  ];
}
