import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { type GrowingNode, inertiaOf, momentsOf } from './bisecting-node.ts';
import type { BisectingSettings } from './bisecting-options.ts';
import { nodeRows, partRows, sideSquares, type TreeRows } from './bisecting-rows.ts';
import { byCanonicalOrder } from './canonical-order.ts';
import { kmeansPlusPlus, randomRows } from './kmeans-seeding.ts';
import type { PlacedRows } from './placed-rows.ts';
import { estimateSilhouette } from './silhouette-sample.ts';
import { sideOf, type TwoMeansFit, twoMeans } from './two-means.ts';

/**
 * Splits a node by 2-means, and measures the split when there is a least silhouette to reach. Gives the node its
 * silhouette and, unless the split is too weak or one side empty, its children.
 * @returns iterations
 */
export function splitNode(
  kernels: Kernels,
  tree: TreeRows,
  node: GrowingNode,
  settings: BisectingSettings,
): number {
  partParent(kernels, tree, node);
  return kernels.memory.scope(() => {
    const own = nodeRows(tree, node);
    const fit = bestOfRestarts(kernels, tree, own, node, settings);
    if (Math.min(...fit.sizes) === 0) return fit.iterations;
    if (settings.minSilhouette > -1) {
      const labels = Int32Array.from({ length: node.size }, (_, index) => sideOf(fit, index));
      const matrix = { nSamples: node.size, nFeatures: own.nFeatures, values: own.rows };
      node.silhouette = estimateSilhouette(kernels, matrix, labels, 2, settings.seed).silhouette;
      if (node.silhouette < settings.minSilhouette) return fit.iterations;
    }
    giveChildren(kernels, tree, node, fit);
    return fit.iterations;
  });
}

/** Brings the rows of a node together: only now, as many leaves never need it. */
function partParent(kernels: Kernels, tree: TreeRows, { parent }: GrowingNode): void {
  if (!parent?.unparted) return;
  const { fit, frontSide } = parent.unparted;
  partRows(kernels, tree, parent, fit.sides, frontSide, fit.sizes[frontSide]);
  delete parent.unparted;
}

/** The split that explains most; the earliest of equal ones. */
function bestOfRestarts(
  kernels: Kernels,
  { order }: TreeRows,
  own: PlacedRows,
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
    const rows = order.subarray(node.start, node.start + node.size);
    init(rows).forEach((row, side) => {
      const index = positionOf(row, rows);
      starts.set(own.rows.subarray(index * nFeatures, (index + 1) * nFeatures), side * nFeatures);
    });
    return starts;
  };
  const tolerance = (tol * node.inertia) / (node.size * nFeatures);
  const attempt = (restart: number) =>
    twoMeans(kernels, own, node, startsOf(restart), { maxIter, tolerance });
  let best = attempt(0);
  for (let restart = 1; restart < nInit; restart++) {
    const next = attempt(restart);
    if (explained(node, next) > explained(node, best)) best = next;
  }
  return best;
}

/**
 * Position of a number in an ascending list.
 * @throws InvalidRequestError when it is not there
 */
function positionOf(row: number, rows: Int32Array): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  if (rows[low] === row) return low;
  throw new InvalidRequestError(
    `The function given as init chose row ${row}, which is not among the ${rows.length} of the node. ` +
      'Return two of the row numbers it is given.',
    { reason: 'option', option: 'init' },
  );
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

function giveChildren(kernels: Kernels, tree: TreeRows, node: GrowingNode, fit: TwoMeansFit): void {
  const squares1 = sideSquares(kernels, tree, node, fit.sides);
  const squares = [node.sumOfSquares - squares1, squares1] as const;
  const sums = [node.sums.map((sum, j) => sum - fit.sums[j]!), fit.sums] as const;
  const halves = ([0, 1] as const)
    .map((side) => ({
      side,
      ...momentsOf(fit.sizes[side], sums[side], squares[side], (center) =>
        inertiaOf(tree, node, center, (index) => sideOf(fit, index) === side),
      ),
    }))
    .sort(byCanonicalOrder);
  const [front, back] = halves.map(({ side, ...moments }, place) => ({
    ...moments,
    depth: node.depth + 1,
    parent: node,
    start: node.start + (place === 0 ? 0 : halves[0]!.size),
    random: node.random.fork(place),
  }));
  node.children = [front!, back!];
  node.unparted = { fit, frontSide: halves[0]!.side };
}
