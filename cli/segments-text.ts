import type { Cluster } from '../functions/contracts/api-cluster-answer.ts';
import type { RunSegmentationAnswer } from '../functions/contracts/api-segmentation-runs.ts';
import type { IgnoredColumn } from '../functions/contracts/artifacts.ts';
import type { RowCounts } from '../functions/contracts/records.ts';
import type { Segmentation } from '../functions/segmentation/segment-table.ts';
import { count } from './terminal.ts';

/** What `tessella segments` found. */
export interface SegmentsReport {
  readonly file: string;
  readonly kind: string;
  readonly scaling: string;
  readonly rows: RowCounts;
  readonly entities: number;
  /** Of the entities: all, or a sample. */
  readonly segmented: number;
  readonly ignored: readonly IgnoredColumn[];
  readonly segmentations: readonly Segmentation[];
}

/** What an algorithm found, of a file or of a run. */
type Found = Omit<Segmentation, 'members'>;

/** Features that are told of a segment, and outliers of an algorithm. */
const TOLD_FEATURES = 4;
const TOLD_OUTLIERS = 5;
/** Smallest standardised difference that is told. */
const LEAST_TOLD = 0.1;

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const score = (value: number | null) => (value === null ? '–' : value.toFixed(2));

/** Whose ids are told: a file's at its owner's terminal. A run is told in aggregates. */
type Ids = 'withIds' | 'aggregates';

const meanOf = (mean: number | undefined) =>
  mean === undefined ? '' : ` (mean ${mean.toLocaleString('en', { maximumSignificantDigits: 4 })})`;

const named = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** A segmentation as text for people. */
export function segmentsText(report: SegmentsReport): string {
  const { file, kind, scaling, rows, entities, segmented, ignored, segmentations } = report;
  const left = Object.entries(rows.byRule).map(([rule, n]) => `${rule} ${count(n)}`);
  const features = segmentations[0]?.features;
  return [
    `${file}: ${count(rows.read)} rows, ${count(entities)} ${kind}${left.length > 0 ? ` (left out: ${left.join(', ')})` : ''}`,
    `segmented: ${segmented === entities ? 'all' : `${count(segmented)}, a sample`}; ${features?.used.length ?? 0} features, scaled by ${scaling}`,
    ...(ignored.length > 0
      ? [`columns not used: ${ignored.map(({ name, detail }) => `${name} (${detail})`).join(', ')}`]
      : []),
    ...(features && features.left_out.length > 0
      ? [`features left out: ${leftOutText(features.left_out)}`]
      : []),
    ...segmentations.flatMap((found) => algorithmLines(found, 'withIds')),
    '',
  ].join('\n');
}

/** What a run found, as text for people, without a row or an id of anybody. */
export function runText({ runId, segmentations, skipped }: RunSegmentationAnswer): string {
  const [first] = segmentations;
  const leftOut = first?.features.left_out ?? [];
  return [
    `Run ${runId}: ${count(first?.total_leads ?? 0)} entities, ${first?.features.used.length ?? 0} features`,
    ...(leftOut.length > 0 ? [`features left out: ${leftOutText(leftOut)}`] : []),
    ...segmentations.flatMap((found) => algorithmLines(found, 'aggregates')),
    ...skipped.map(({ algorithm, skipped: why }) => `\n${algorithm}: skipped, ${why}`),
    '',
  ].join('\n');
}

function leftOutText(features: Segmentation['features']['left_out']): string {
  const byReason = Map.groupBy(features, ({ reason }) => reason);
  return [...byReason].map(([reason, found]) => `${found.length} ${reason.replaceAll('_', ' ')}`).join(', ');
}

function algorithmLines(found: Found, ids: Ids): string[] {
  const { algorithm, n_clusters, silhouette_scores, selection, advice, clusters } = found;
  const points =
    found.n_core_points === undefined
      ? ''
      : `; ${count(found.n_core_points)} core, ${count(found.n_border_points ?? 0)} border, ${count(found.n_outliers ?? 0)} outliers`;
  return [
    '',
    `${algorithm}: ${named(n_clusters, 'segment', 'segments')}, silhouette ${score(silhouette_scores.overall)}${points}`,
    `  ${selection.reason}`,
    ...advice.map(({ severity, code, message }) => `  ! ${severity} ${code}: ${message}`),
    ...clusters.flatMap((cluster) => clusterLines(cluster, ids)),
    ...(ids === 'withIds' ? outlierLines(found) : outlierSummary(found)),
    ...treeLines(found),
  ];
}

function clusterLines(cluster: Cluster, ids: Ids): string[] {
  const { name, name_rule, size, percentage, silhouette_score, cohesion, separation, density } = cluster;
  const { distinctive_features, distributions, categories } = cluster.characteristics;
  const apart = distinctive_features.filter(({ standardised_difference: by }) => Math.abs(by) >= LEAST_TOLD);
  const known = apart.slice(0, TOLD_FEATURES).map(({ feature, value, standardised_difference: by }) => {
    const difference = `${by >= 0 ? '+' : '−'}${Math.abs(by).toFixed(2)}`;
    if (value === undefined) return `${feature} ${difference}${meanOf(distributions[feature]?.mean)}`;
    const shareHere = categories[feature]?.find((one) => one.value === value)?.share ?? 0;
    return `${feature} = ${value} ${difference} (${percent(shareHere)})`;
  });
  const doing = [
    ...cluster.action_recommendations,
    ...cluster.bid_recommendations,
    ...cluster.campaign_recommendations,
  ];
  return [
    '',
    `  ${name}`,
    `    ${count(size)} (${percent(percentage)}), silhouette ${score(silhouette_score)}, cohesion ${score(cohesion)}, separation ${score(separation)}${density ? `, density ${density}` : ''}`,
    `    differs by: ${known.join(', ') || 'nothing'}`,
    `    named by: ${name_rule}`,
    ...(ids === 'withIds' ? [`    nearest: ${cluster.sample_leads.join(', ')}`] : []),
    `    advice: ${doing.join('; ')}`,
  ];
}

function outlierLines({ outliers = [], n_outliers = 0 }: Found): string[] {
  if (outliers.length === 0) return [];
  return [
    '',
    `  outliers, the riskiest ${Math.min(TOLD_OUTLIERS, outliers.length)} of ${count(n_outliers)}:`,
    ...outliers
      .slice(0, TOLD_OUTLIERS)
      .map(({ lead_id, risk_score, reason }) => `    ${lead_id}  risk ${risk_score.toFixed(2)}  ${reason}`),
  ];
}

/** Outliers as a whole: how many, how risky, what they stand out by and which patterns fired. */
function outlierSummary({ outliers = [], n_outliers = 0, total_leads }: Found): string[] {
  if (outliers.length === 0) return [];
  const risks = outliers.map(({ risk_score }) => risk_score).sort((a, b) => a - b);
  const mostOf = (names: readonly string[]) =>
    [...Map.groupBy(names, (one) => one)]
      .map(([one, all]) => [one, all.length] as const)
      .sort(([, a], [, b]) => b - a)
      .slice(0, TOLD_FEATURES)
      .map(([one, n]) => `${one} ${count(n)}`)
      .join(', ');
  const by = mostOf(outliers.flatMap(({ contributions: [first] }) => first?.feature ?? []));
  const rules = mostOf(outliers.flatMap((outlier) => outlier.rules));
  return [
    '',
    `  outliers: ${count(n_outliers)} (${percent(n_outliers / total_leads)}), risk from ${score(risks[0]!)} to ${score(risks.at(-1)!)}, median ${score(risks[Math.floor(risks.length / 2)]!)}`,
    `    what most of the ${count(outliers.length)} riskiest stand out by: ${by}`,
    ...(rules === '' ? [] : [`    patterns that fired: ${rules}`]),
  ];
}

function treeLines({ tree, statistics, dendrogram }: Found): string[] {
  if (tree === undefined || statistics === undefined) return [];
  const linesOf = (node: typeof tree.level_0): string[] => {
    const split = node.split_silhouette === null ? '' : `, split ${score(node.split_silhouette)}`;
    const line = `    ${'  '.repeat(node.level)}${node.name}: ${count(node.size)} (${percent(node.share)}${split})`;
    return [line, ...(node.children ?? []).flatMap(linesOf)];
  };
  const heights = dendrogram?.merges.slice(-3).map(({ height }) => height.toFixed(1)) ?? [];
  return [
    '',
    `  tree: ${named(statistics.n_levels, 'level', 'levels')}, ${named(statistics.n_leaf_clusters, 'leaf', 'leaves')}, best ${statistics.best_depth_for_lead}`,
    ...linesOf(tree.level_0),
    ...(dendrogram
      ? [`  dendrogram of ${count(dendrogram.n_rows)} rows: the last merges at ${heights.join(', ')}`]
      : []),
  ];
}
