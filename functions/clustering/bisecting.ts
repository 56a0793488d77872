import type { Matrix } from '../arrow/matrix.ts';
import { InsufficientDataError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32 } from '../kernels/memory.ts';
import { Random } from '../stats/random.ts';
import { type BisectingOptions, type BisectingSettings, bisectingSettings } from './bisecting-options.ts';
import { type BisectingNode, leavesOf } from './bisecting-tree.ts';
import { byCanonicalOrder } from './canonical-order.ts';
import { requireDistinctRows } from './distinct-rows.ts';
import { kmeansPlusPlus, randomRows } from './kmeans-seeding.ts';
import { type PlacedRows, placeRows } from './placed-rows.ts';
import { estimateSilhouette } from './silhouette-sample.ts';
import { type TwoMeansFit, twoMeans } from './two-means.ts';

export interface BisectingFit {
  /** Cluster per row. */
  readonly labels: Int32Array;
  /** nClusters × nFeatures means, row-major. */
  readonly centers: Float64Array;
  readonly sizes: Int32Array;
  /** Sum of squared distances to the centers. */
  readonly inertia: number;
  /** Iterations of all splits in the tree. */
  readonly iterations: number;
  readonly tree: BisectingNode;
}

/** A node while the tree grows. Centers and inertia are in placed units. */
interface GrowingNode {
  readonly depth: number;
  /** Row numbers, ascending. */
  readonly rows: Int32Array;
  readonly size: number;
  readonly center: Float64Array;
  readonly inertia: number;
  /** Follows from the place in the tree alone, so that the order of splits draws nothing different. */
  readonly random: Random;
  silhouette?: number;
  children?: readonly [GrowingNode, GrowingNode];
}

/**
 * Divisive clustering by bisecting k-means (Steinbach, Karypis & Kumar, "A comparison of document clustering
 * techniques", KDD workshop on text mining 2000): a binary tree grown from the whole table down, each node split by
 * 2-means. Without `nClusters` every node is split down to `maxDepth`, as long as it has `minPoints` rows and the
 * split's silhouette reaches `minSilhouette`; with it, the leaf with the largest inertia (or size) is split until there
 * are that many. Clusters are numbered by size, largest first, then by center. The same data, options and seed give the
 * same bytes on every host of one numeric mode.
 * @throws InvalidDatasetError for a value that is not finite, naming row and column
 * @throws InsufficientDataError for no rows, or fewer different rows than `nClusters`
 * @throws InvalidRequestError for an option out of range
 */
export function bisectingKMeans(kernels: Kernels, data: Matrix, options: BisectingOptions): BisectingFit {
  const settings = bisectingSettings(options, data.nSamples);
  if (data.nSamples === 0) {
    throw new InsufficientDataError('The table has 0 rows: a tree needs at least one. Add data.', {
      reason: 'rows',
      nSamples: 0,
    });
  }
  return kernels.memory.scope(() => {
    const placed = placeRows(kernels, data);
    if (options.nClusters !== undefined) {
      requireDistinctRows({ ...data, values: placed.rows }, options.nClusters);
    }
    const root = rootOf(placed, settings.seed);
    const iterations = grow(kernels, placed, root, settings);
    return fitOf(placed, root, iterations);
  });
}

function rootOf({ rows, nSamples, nFeatures }: PlacedRows, seed: number): GrowingNode {
  const center = new Float64Array(nFeatures);
  for (let at = 0, j = 0; at < rows.length; at++) {
    center[j]! += rows[at]!;
    if (++j === nFeatures) j = 0;
  }
  for (let j = 0; j < nFeatures; j++) center[j]! /= nSamples;
  let inertia = 0;
  for (let at = 0, j = 0; at < rows.length; at++) {
    inertia += (rows[at]! - center[j]!) ** 2;
    if (++j === nFeatures) j = 0;
  }
  const all = Int32Array.from({ length: nSamples }, (_, row) => row);
  return { depth: 0, rows: all, size: nSamples, center, inertia, random: new Random(seed) };
}

/** Splits leaves, the largest first, until none may be split. Returns the iterations of all splits kept. */
function grow(kernels: Kernels, placed: PlacedRows, root: GrowingNode, settings: BisectingSettings): number {
  const { nClusters, maxDepth, minPoints, splitBy } = settings;
  const maySplit = ({ depth, size, inertia }: GrowingNode) =>
    depth < maxDepth && size >= minPoints && inertia > 0;
  // Ascending, so that the next to split is the last; of equal ones the one made first.
  const open = [root].filter(maySplit);
  const insert = (node: GrowingNode) => {
    let at = open.length;
    while (at > 0 && open[at - 1]![splitBy] >= node[splitBy]) at--;
    open.splice(at, 0, node);
  };
  let nLeaves = 1;
  let iterations = 0;
  for (let node = open.pop(); node && nLeaves < nClusters; node = open.pop()) {
    const split = splitNode(kernels, placed, node, settings);
    if (split.silhouette !== undefined) node.silhouette = split.silhouette;
    if (!split.children) continue;
    node.children = split.children;
    nLeaves++;
    iterations += split.iterations;
    split.children.filter(maySplit).forEach(insert);
  }
  return iterations;
}

interface Split {
  readonly silhouette?: number;
  /** Absent when the split is too weak, or one side is empty. */
  readonly children?: readonly [GrowingNode, GrowingNode];
  readonly iterations: number;
}

function splitNode(
  kernels: Kernels,
  placed: PlacedRows,
  node: GrowingNode,
  settings: BisectingSettings,
): Split {
  return kernels.memory.scope(() => {
    const own = rowsOfNode(kernels, placed, node);
    const fit = bestOfRestarts(kernels, placed, own, node, settings);
    const { sides, iterations } = fit;
    if (Math.min(...fit.sizes) === 0) return { iterations };
    const { minSilhouette } = settings;
    if (minSilhouette <= -1) return { iterations, children: childrenOf(node, fit) };
    const labels = Int32Array.from(sides);
    const matrix = { nSamples: node.size, nFeatures: own.nFeatures, values: own.rows };
    const { silhouette } = estimateSilhouette(kernels, matrix, labels, 2, settings.seed);
    if (silhouette < minSilhouette) return { silhouette, iterations };
    return { silhouette, iterations, children: childrenOf(node, fit) };
  });
}

/** The rows of a node, next to each other. */
function rowsOfNode(
  { exports, memory }: Kernels,
  placed: PlacedRows,
  { rows, size, inertia, center }: GrowingNode,
): PlacedRows {
  if (size === placed.nSamples) return placed;
  const { nFeatures } = placed;
  const gathered = memory.f32(size * nFeatures + 16).fill(0, size * nFeatures);
  memory.scope(() => {
    const samples = memory.i32(size);
    samples.set(rows);
    exports.gather_rows_f32(placed.rows.byteOffset, nFeatures, samples.byteOffset, size, gathered.byteOffset);
  });
  const squaredMean = center.reduce((sum, x) => sum + x * x, 0);
  return {
    ...placed,
    nSamples: size,
    rows: gathered.subarray(0, size * nFeatures) as KernelF32,
    sumOfSquares: inertia + size * squaredMean,
  };
}

/** Lowest inertia; the earliest of equal ones. */
function bestOfRestarts(
  kernels: Kernels,
  placed: PlacedRows,
  own: PlacedRows,
  node: GrowingNode,
  settings: BisectingSettings,
): TwoMeansFit {
  const { init, nInit } = settings;
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
  const total = ({ inertias: [a, b] }: TwoMeansFit) => a + b;
  let best = twoMeans(kernels, own, startsOf(0), settings);
  for (let restart = 1; restart < nInit; restart++) {
    const next = twoMeans(kernels, own, startsOf(restart), settings);
    if (total(next) < total(best)) best = next;
  }
  return best;
}

function childrenOf(node: GrowingNode, fit: TwoMeansFit): readonly [GrowingNode, GrowingNode] {
  const rows = [new Int32Array(fit.sizes[0]), new Int32Array(fit.sizes[1])] as const;
  let ends0 = 0;
  let ends1 = 0;
  for (let at = 0; at < node.size; at++) {
    if (fit.sides[at]) rows[1][ends1++] = node.rows[at]!;
    else rows[0][ends0++] = node.rows[at]!;
  }
  const [first, second] = ([0, 1] as const)
    .map((side) => ({
      depth: node.depth + 1,
      rows: rows[side],
      size: fit.sizes[side],
      center: fit.centers[side],
      inertia: fit.inertias[side],
    }))
    .sort(byCanonicalOrder);
  return [
    { ...first!, random: node.random.fork(0) },
    { ...second!, random: node.random.fork(1) },
  ];
}

/** Numbers the leaves and brings everything back to the data's units. */
function fitOf(
  { nFeatures, offset, scale }: PlacedRows,
  root: GrowingNode,
  iterations: number,
): BisectingFit {
  const labelOf = new Map<GrowingNode, number>();
  const leaves = growingLeaves(root).sort(byCanonicalOrder);
  const labels = new Int32Array(root.size);
  leaves.forEach((leaf, label) => {
    labelOf.set(leaf, label);
    for (const row of leaf.rows) labels[row] = label;
  });
  const finish = (node: GrowingNode): BisectingNode => {
    const label = labelOf.get(node);
    return {
      depth: node.depth,
      size: node.size,
      center: node.center.map((x, j) => x / scale + offset[j]!),
      inertia: node.inertia / scale ** 2,
      ...(node.silhouette !== undefined && { silhouette: node.silhouette }),
      ...(label !== undefined && { label }),
      ...(node.children && { children: [finish(node.children[0]), finish(node.children[1])] as const }),
    };
  };
  const tree = finish(root);
  const finished = leavesOf(tree).sort((a, b) => a.label! - b.label!);
  const centers = new Float64Array(leaves.length * nFeatures);
  finished.forEach(({ center }, label) => {
    centers.set(center, label * nFeatures);
  });
  return {
    labels,
    centers,
    sizes: Int32Array.from(finished, ({ size }) => size),
    inertia: finished.reduce((sum, { inertia }) => sum + inertia, 0),
    iterations,
    tree,
  };
}

function growingLeaves(node: GrowingNode): GrowingNode[] {
  return node.children ? node.children.flatMap(growingLeaves) : [node];
}
