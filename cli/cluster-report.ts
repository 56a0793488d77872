import Table from 'cli-table3';
import type { TableFormat } from '../functions/contracts/table-layout.ts';
import type { ClusterCheck } from './cluster-check.ts';
import type { ClusterFit } from './cluster-fit.ts';
import type { Algorithm, Scaling } from './cluster-options.ts';
import type { ClusterScores } from './cluster-scores.ts';

import { count, duration } from './terminal.ts';

/** Scores of one number of clusters of a range. */
export interface ClusterCandidate
  extends Pick<ClusterScores, 'inertia' | 'silhouette' | 'daviesBouldin' | 'calinskiHarabasz'>,
    Pick<ClusterFit, 'iterations' | 'seconds'> {
  readonly nClusters: number;
}

/** What `tessella cluster` prints: as JSON whole, as text the parts a person reads first. */
export interface ClusterReport extends Pick<ClusterFit, 'iterations'>, ClusterScores {
  readonly algorithm: Algorithm;
  readonly file: string;
  readonly format: TableFormat;
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly columns: readonly string[];
  readonly idColumn: string | null;
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[];
  readonly scaling: Scaling;
  readonly seed: number;
  readonly threads: number;
  readonly numericMode: string;
  readonly nClusters: number;
  /** Means of the rows of each cluster, in the units of the file; by cluster, then by column. */
  readonly centers: readonly (readonly number[])[];
  /** Time of clustering, without reading and scoring; of a range, that of every number. */
  readonly seconds: number;
  readonly readSeconds: number;
  /** Every number of a range, and why one was chosen. */
  readonly candidates?: readonly ClusterCandidate[];
  readonly reason?: string;
  /** With `--check`. */
  readonly check?: ClusterCheck;
  readonly labelsFile?: string;
  /** Facts of one algorithm: restarts; eps, minSamples and the kinds of rows; merges and heights. */
  readonly details: ClusterFit['details'];
}

/** Columns and clusters that fit a terminal; the JSON holds all of them. */
const SHOWN = { columns: 8, clusters: 30 } as const;
const STYLE = { head: [], border: [], compact: true };

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const number = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 5 });
const MAX_DECIMALS = 20;

/** Prints the centers of one column with as many decimals as tell them apart, however far from zero they lie. */
function centerPrinter(values: readonly number[]): (value: number) => string {
  const spread = Math.max(...values) - Math.min(...values);
  if (!(spread > 0)) return number;
  const decimals = Math.max(0, Math.min(MAX_DECIMALS, 3 - Math.floor(Math.log10(spread))));
  return (value) =>
    value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
const score = (value: number | null) => (value === null ? '–' : value.toFixed(4));
const quantity = (value: number) =>
  value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e9) ? value.toPrecision(6) : value.toFixed(4);

/** The whole report as text. */
export function reportText(report: ClusterReport): string {
  const { nSamples, columns, candidates, reason, labelsFile } = report;
  return [
    `${report.file}: ${count(nSamples)} rows, ${count(columns.length)} ${columns.length === 1 ? 'column' : 'columns'}`,
    `${report.algorithm}, scaling ${report.scaling}, ${clusterText(report)}`,
    '',
    ...(candidates ? [candidateTable(candidates, report.nClusters), `\n${reason}\n`] : []),
    ...(report.nClusters > 0 ? [centerTable(report), ''] : []),
    `scores   inertia ${quantity(report.inertia)}   silhouette ${score(report.silhouette)}   ` +
      `Davies-Bouldin ${score(report.daviesBouldin)}${sampleText(report)}`,
    ...(report.check ? checkLines(report.check) : []),
    `time     ${duration(1000 * report.seconds)} clustering, ${duration(1000 * report.readSeconds)} reading`,
    ...(labelsFile ? [`labels   ${labelsFile}`] : []),
    '',
  ].join('\n');
}

function checkLines({ simplifiedSilhouette, stability, gap }: ClusterCheck): string[] {
  const similarities = stability.jaccard.slice(0, SHOWN.clusters).map((value) => value?.toFixed(2) ?? '–');
  return [
    `check    simplified silhouette ${score(simplifiedSilhouette?.silhouette ?? null)}`,
    `         clusters found again in ${stability.nResamples} redrawn tables, Jaccard (stable from 0.75): ${similarities.join('  ')}`,
    ...(gap
      ? [
          `         gap statistic over 1..${gap.table.length} clusters: ${gap.nClusters}${gap.nClusters === 1 ? ', no clusters' : ''}`,
        ]
      : []),
  ];
}

function clusterText({ algorithm, nClusters, iterations, details, seed }: ClusterReport): string {
  const clusters = `${count(nClusters)} ${nClusters === 1 ? 'cluster' : 'clusters'}`;
  const known = (name: string) => Number(details[name]);
  if (algorithm === 'dbscan') {
    const eps = `eps ${number(known('eps'))}${details.epsAuto ? ' (auto)' : ''}`;
    const kinds = (['nCore', 'nBorder', 'nNoise'] as const).map((name) => count(known(name)));
    return `${eps}, min-samples ${known('minSamples')}: ${clusters}, ${kinds[0]} core, ${kinds[1]} border and ${kinds[2]} noise rows`;
  }
  if (iterations !== null)
    return `seed ${seed}: ${clusters}, ${count(iterations)} iterations, best of ${known('restarts')} starts`;
  const next = details.nextHeight === null ? '' : `, the next merge is at ${number(known('nextHeight'))}`;
  return `${count(known('nMerges'))} merges: ${clusters} at height ${number(known('cutHeight'))}${next}`;
}

function sampleText({ silhouetteSamples, sizes }: ClusterReport): string {
  const clustered = sizes.reduce((sum, size) => sum + size, 0);
  return silhouetteSamples > 0 && silhouetteSamples < clustered
    ? `   (silhouette of ${count(silhouetteSamples)} sampled rows)`
    : '';
}

function candidateTable(candidates: readonly ClusterCandidate[], chosen: number): string {
  const table = new Table({
    head: ['', 'k', 'silhouette', 'Davies-Bouldin', 'inertia', 'time'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: STYLE,
  });
  for (const { nClusters, silhouette, daviesBouldin, inertia, seconds } of candidates) {
    const mark = nClusters === chosen ? '▶' : '';
    table.push([
      mark,
      nClusters,
      score(silhouette),
      score(daviesBouldin),
      quantity(inertia),
      duration(1000 * seconds),
    ]);
  }
  return table.toString();
}

/** Size, share and center of every cluster; noise comes last. */
function centerTable({ columns, centers, sizes, nSamples }: ClusterReport): string {
  const shown = columns.slice(0, SHOWN.columns);
  const table = new Table({
    head: ['#', 'rows', 'share', ...shown],
    colAligns: ['right', 'right', 'right', ...shown.map(() => 'right' as const)],
    style: STYLE,
  });
  const listed = centers.slice(0, SHOWN.clusters);
  const printers = shown.map((_, column) => centerPrinter(listed.map((center) => center[column]!)));
  for (const [cluster, size] of sizes.slice(0, SHOWN.clusters).entries()) {
    const center = printers.map((print, column) => print(centers[cluster]![column]!));
    table.push([cluster, count(size), percent(size / nSamples), ...center]);
  }
  const nNoise = nSamples - sizes.reduce((sum, size) => sum + size, 0);
  if (nNoise > 0) table.push([-1, count(nNoise), percent(nNoise / nSamples), 'noise']);
  const more = [
    sizes.length > SHOWN.clusters && `${count(sizes.length - SHOWN.clusters)} more clusters`,
    columns.length > shown.length && `${count(columns.length - shown.length)} more columns`,
  ].filter(Boolean);
  return more.length > 0 ? `${table}\n… and ${more.join(', ')}: --json has all.` : table.toString();
}
