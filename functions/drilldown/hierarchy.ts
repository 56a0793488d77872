import { selectCandidate } from '../clustering/search.ts';
import type { DrilldownLocale, PurchasingCustomer } from '../contracts/drilldown.ts';
import type { HierarchyAnswer, HierarchyBody, HierarchyNode } from '../contracts/hierarchy-chart.ts';
import type { Kernels } from '../kernels/instance.ts';
import { describeCustomers, rounded } from './describe-clusters.ts';
import { sunburstSvg } from './hierarchy-svg.ts';
import { inIdOrder } from './id-order.ts';
import { customersByParent } from './parents.ts';
import { purchasingMatrix } from './purchasing-matrix.ts';
import { splitCustomers } from './split-customers.ts';

const WORDS: Readonly<Record<DrilldownLocale, { all: string; segment: string }>> = {
  en: { all: 'All customers', segment: 'Segment' },
  'pt-BR': { all: 'Todos os clientes', segment: 'Segmento' },
  es: { all: 'Todos los clientes', segment: 'Segmento' },
};

/**
 * Splits customers again and again, each segment by its own best k, down to segments of `min_size`: the data of a
 * sunburst or treemap, and the sunburst itself. A split whose silhouette is not above 0 is not made.
 * @throws InvalidRequestError for duplicate ids, and for labels that do not fit the customers
 */
export function segmentHierarchy(kernels: Kernels, body: HierarchyBody): HierarchyAnswer {
  const { customers, labels, k_range, min_size, max_depth, scaling, categories, seed, restarts } = body;
  const { window, locale, title } = body;
  const { sorted } = inIdOrder(customers);
  const total = customers.length;

  const node = (
    members: readonly PurchasingCustomer[],
    path: readonly number[],
    name: string,
    parts?: ReadonlyMap<number, readonly PurchasingCustomer[]>,
  ): HierarchyNode => {
    const { avgSpend, avgFrequency, top, size } = describeCustomers(members);
    const split = parts ? { parts, silhouette: undefined } : splitOf(members, path.length);
    const children = split && [...split.parts].map(([part, of]) => child(of, [...path, part], part));
    return {
      path: path.join('.'),
      name,
      size,
      share: size / total,
      avg_spend: rounded(avgSpend),
      avg_frequency: rounded(avgFrequency),
      top_categories: top,
      ...(split?.silhouette !== undefined && { silhouette: split.silhouette }),
      ...(children && { children }),
    };
  };
  const child = (members: readonly PurchasingCustomer[], path: readonly number[], part: number) =>
    node(members, path, path.length === 1 ? `${WORDS[locale].segment} ${part}` : path.join('.'));

  const splitOf = (members: readonly PurchasingCustomer[], depth: number) => {
    if (depth >= max_depth || members.length <= min_size) return undefined;
    const data = purchasingMatrix(members, scaling, categories);
    const splits = splitCustomers(kernels, members, data, { kRange: k_range, seed, restarts });
    if (splits.length === 0) return undefined;
    const { selected } = selectCandidate(
      splits.map((split) => ({ candidate: { nClusters: split.nClusters }, scores: split, split })),
    );
    const { silhouette, labels: found, nClusters } = selected.split;
    if (silhouette <= 0) return undefined;
    const parts = new Map(Array.from({ length: nClusters }, (_, part) => [part, [] as PurchasingCustomer[]]));
    members.forEach((member, row) => {
      parts.get(found[row]!)!.push(member);
    });
    return { parts, silhouette };
  };

  const first = labels && customersByParent({ customers: sorted, labels });
  const root = node(sorted, [], WORDS[locale].all, first && new Map([...first].sort(([a], [b]) => a - b)));
  const { nNodes, nLeaves, depth } = measure(root);
  return {
    root,
    n_nodes: nNodes,
    n_leaves: nLeaves,
    depth,
    ...(body.svg && { svg: sunburstSvg(root, { title: title ?? WORDS[locale].all, locale }) }),
    options: {
      k_range,
      scaling,
      categories,
      seed,
      restarts,
      window: window ?? null,
      locale,
      min_size,
      max_depth,
    },
  };
}

function measure({ children = [] }: HierarchyNode): { nNodes: number; nLeaves: number; depth: number } {
  if (children.length === 0) return { nNodes: 1, nLeaves: 1, depth: 0 };
  const below = children.map(measure);
  return {
    nNodes: below.reduce((sum, { nNodes }) => sum + nNodes, 1),
    nLeaves: below.reduce((sum, { nLeaves }) => sum + nLeaves, 0),
    depth: Math.max(...below.map(({ depth }) => depth)) + 1,
  };
}
