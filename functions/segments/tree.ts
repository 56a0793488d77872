import { type BisectingNode, leavesOf, type TreeStatistics } from '../clustering/bisecting-tree.ts';
import { NotFoundError } from '../errors.ts';
import { fillText, type Locale, type LocalizedText } from './localized-text.ts';

/** A node of the tree of segments, on the wire. `children` are absent for leaves; their sizes add up to `size`. */
export interface TreeNode {
  /** `0` for the root, then a dot and the number of the child per level: `0.1.0`. */
  readonly id: string;
  readonly name: string;
  /** 0 for the root. */
  readonly level: number;
  readonly size: number;
  /** size ÷ all customers, 0..1. */
  readonly share: number;
  /** Sum of squared distances to the node's center, scaled features. */
  readonly inertia: number;
  /** Mean silhouette of the node's split in two, −1..1; null where none was tried. A leaf's was too low to be kept. */
  readonly split_silhouette: number | null;
  /** Clusters below the node; a leaf's own. */
  readonly cluster_ids: readonly number[];
  readonly children?: readonly TreeNode[];
}

/** The tree and its statistics, as source S0-17 has them. */
export interface TreeDocument {
  readonly tree: { readonly level_0: TreeNode };
  readonly statistics: {
    readonly n_levels: number;
    readonly n_leaf_clusters: number;
    readonly avg_leaf_size: number;
    /** `level_2`: the level whose cut has the highest silhouette. */
    readonly best_depth_for_lead: string;
    /** Mean silhouette of the cut at level 1, 2, …. */
    readonly silhouettes: readonly number[];
  };
}

/**
 * The wire document of a bisecting tree.
 * @param labelOf what the customers of some clusters are like (`Alto Valor`); undefined when there are no words for it
 */
export function treeDocument(
  root: BisectingNode,
  statistics: TreeStatistics,
  locale: Locale,
  labelOf: (clusters: readonly number[]) => string | undefined,
): TreeDocument {
  const nodeOf = (node: BisectingNode, path: readonly number[]): TreeNode => {
    const clusters = leavesOf(node)
      .map(({ label }) => label ?? 0)
      .sort((a, b) => a - b);
    return {
      id: ['0', ...path].join('.'),
      name: treeNodeName(path, labelOf(clusters), locale),
      level: node.depth,
      size: node.size,
      share: node.size / root.size,
      inertia: node.inertia,
      split_silhouette: node.silhouette ?? null,
      cluster_ids: clusters,
      ...(node.children && { children: node.children.map((child, at) => nodeOf(child, [...path, at])) }),
    };
  };
  const { nLevels, nLeafClusters, avgLeafSize, bestDepth, silhouettes } = statistics;
  return {
    tree: { level_0: nodeOf(root, []) },
    statistics: {
      n_levels: nLevels,
      n_leaf_clusters: nLeafClusters,
      avg_leaf_size: avgLeafSize,
      best_depth_for_lead: `level_${bestDepth}`,
      silhouettes,
    },
  };
}

const ALL: LocalizedText = { en: 'All leads', 'pt-BR': 'Todos os Leads', es: 'Todos los Leads' };
const MACRO: LocalizedText = {
  en: 'Macro Segment {letter}',
  'pt-BR': 'Macro Segmento {letter}',
  es: 'Macro Segmento {letter}',
};
const MICRO: LocalizedText = {
  en: 'Micro Segment {letter}',
  'pt-BR': 'Micro Segmento {letter}',
  es: 'Micro Segmento {letter}',
};

/**
 * Name of a node by its place: `Todos os Leads`, `Macro Segmento A (…)`, `Micro Segmento A1 (…)`, `… A1.2 (…)`.
 * @param path numbers of the children taken from the root, from 0
 */
export function treeNodeName(path: readonly number[], label: string | undefined, locale: Locale): string {
  const [first, ...rest] = path;
  if (first === undefined) return ALL[locale];
  const letter = String.fromCharCode(65 + first) + rest.map((at) => at + 1).join('.');
  const name = fillText(rest.length === 0 ? MACRO : MICRO, locale, { letter });
  return label === undefined ? name : `${name} (${label})`;
}

/** A node without what lies below it. */
export type TreeNodeSummary = Omit<TreeNode, 'children'> & { readonly n_children: number };

/** One level of the tree: a node, how it was reached, and its children. */
export interface DrillDown {
  /** From the root to the node's parent. */
  readonly path: readonly { readonly id: string; readonly name: string }[];
  readonly node: TreeNodeSummary;
  readonly children: readonly TreeNodeSummary[];
}

/**
 * Walks the tree to a node and shows one level below it.
 * @throws NotFoundError for an id that is no node's, naming the last one on the way that is
 */
export function drillDown(root: TreeNode, id: string): DrillDown {
  const path: TreeNode[] = [];
  let node = root;
  while (node.id !== id) {
    const next = node.children?.find((child) => id === child.id || id.startsWith(`${child.id}.`));
    if (next === undefined) {
      const children = node.children?.map((child) => child.id).join(', ') ?? 'none';
      throw new NotFoundError(
        `The tree has no node "${id.slice(0, 64)}". The nearest one is "${node.id}"; its children: ${children}.`,
        { reason: 'unknown_node' },
      );
    }
    path.push(node);
    node = next;
  }
  return {
    path: path.map((one) => ({ id: one.id, name: one.name })),
    node: summaryOf(node),
    children: (node.children ?? []).map(summaryOf),
  };
}

function summaryOf({ children, ...node }: TreeNode): TreeNodeSummary {
  return { ...node, n_children: children?.length ?? 0 };
}
