import Table from 'cli-table3';
import type { SegmentsPage } from '../functions/contracts/api.ts';
import type { RunDetail } from '../functions/contracts/api-runs.ts';
import type { RowCounts, Scores } from '../functions/contracts/records.ts';
import type { StateProgress } from './progress.ts';
import { count, duration, short } from './terminal.ts';

/** What `tessella run` prints: as JSON whole, as text the parts a person reads first. */
export interface RunReport {
  readonly runId: string;
  readonly status: RunDetail['status'];
  /** `planned` when this drop made the run; `alreadyPublished` when the same content was run before. */
  readonly outcome: string;
  readonly tenant: string;
  readonly dataset: string;
  readonly rows: RowCounts;
  readonly customers: number;
  readonly scores: Scores;
  readonly segments: SegmentsPage['segments'];
  /** Wall-clock time per state, ms, and the peak memory of its workers, MiB. */
  readonly timings: readonly {
    state: string;
    items: number;
    durationMs: number;
    rows: number;
    peakMemoryMb: number;
  }[];
  readonly artifacts: readonly { name: string; key: string; bytes: number; sha256: string }[];
  /** Command that reports on the quality of the data. */
  readonly quality: string;
  /** Requests that fetch the same from the API. */
  readonly api: {
    readonly url: string;
    readonly requests: readonly string[];
    /** Command that brings the API up again; absent while it is served. */
    readonly serve?: string;
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
/** Shares and rates below 1 keep two digits, whatever their size. */
const number = (value: number) =>
  value.toLocaleString(
    'en-US',
    Math.abs(value) < 1
      ? { maximumSignificantDigits: 2 }
      : { maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 },
  );

/** Column titles of the RFM features: the mean of each is a key average. */
const AVERAGES: Readonly<Record<string, string>> = {
  recency_days: 'recency (days)',
  frequency: 'orders',
  monetary: 'spend',
};

/** Averages that fit on a line. */
const MOST_AVERAGES = 6;

/** All features of orders; of other tables those that tell segments apart. */
function toldFeatures(segments: RunReport['segments']): string[] {
  const names = [...new Set(segments.flatMap(({ statistics }) => Object.keys(statistics)))];
  const reach = (name: string) =>
    Math.max(
      ...segments.map(({ distinctive = [] }) =>
        Math.abs(distinctive.find(({ feature }) => feature === name)?.difference ?? 0),
      ),
    );
  if (names.length <= MOST_AVERAGES) return names;
  const told = names.toSorted((a, b) => reach(b) - reach(a)).slice(0, MOST_AVERAGES);
  return names.filter((name) => told.includes(name));
}

/** Segments as a table: name, size, share and the mean of each feature. */
export function segmentTable(segments: RunReport['segments']): string {
  const isTable = segments.some(({ distinctive }) => distinctive !== undefined);
  const features = toldFeatures(segments);
  const table = new Table({
    head: [
      '#',
      'segment',
      isTable ? 'entities' : 'customers',
      'share',
      ...features.map((name) => `avg ${AVERAGES[name] ?? name}`),
    ],
    colAligns: ['right', 'left', 'right', 'right', ...features.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const { segment_id, name, size, share, statistics } of segments) {
    table.push([
      segment_id,
      name,
      count(size),
      percent(share),
      ...features.map((feature) => number(statistics[feature]?.mean ?? Number.NaN)),
    ]);
  }
  return table.toString();
}

function rowsText({ read, used, byRule }: RowCounts): string {
  const dropped = Object.entries(byRule)
    .filter(([, n]) => n > 0)
    .map(([rule, n]) => `${rule} ${count(n)}`);
  return `${count(read)} rows read, ${count(used)} used${dropped.length ? `; dropped: ${dropped.join(', ')}` : ''}`;
}

/** The whole report as text. */
export function reportText(report: RunReport): string {
  const { inertia, silhouette, daviesBouldin, iterations, restarts } = report.scores;
  const total = report.timings.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const timings = report.timings.map(
    ({ state, durationMs, peakMemoryMb }) =>
      `${state} ${duration(durationMs)}${peakMemoryMb > 0 ? ` (${short(peakMemoryMb)} MiB)` : ''}`,
  );
  const lead =
    report.outcome === 'planned'
      ? `Run ${report.runId}`
      : `Run ${report.runId}: the same content was segmented before; this is what was published then`;
  return [
    lead,
    rowsText(report.rows),
    '',
    segmentTable(report.segments),
    '',
    `scores   inertia ${inertia.toFixed(4)}   silhouette ${silhouette.toFixed(4)}   Davies-Bouldin ${daviesBouldin.toFixed(4)}   (${iterations} iterations, best of ${restarts} starts)`,
    ...(timings.length > 0 ? [`time     ${duration(total)}: ${timings.join(' · ')}`] : []),
    `data     ${report.quality}`,
    '',
    report.api.serve === undefined
      ? 'The same from the API:'
      : `The same from the API, which \`${report.api.serve}\` serves:`,
    ...report.api.requests.map((request) => `  ${request}`),
    '',
  ].join('\n');
}

/** Commands a person can paste into a shell: the key as a variable, then the requests. */
export function apiRequests(
  url: string,
  apiKey: string,
  {
    dataset,
    runId,
    isTable,
  }: { readonly dataset: string; readonly runId: string; readonly isTable: boolean },
): string[] {
  const get = (path: string) => `curl -H "X-API-Key: $KEY" "${url}${path}"`;
  return [
    `KEY=${apiKey}`,
    get(`/v1/segments?dataset=${dataset}`),
    get(`/v1/runs/${runId}`),
    isTable
      ? get(`/v1/runs/${runId}/quality`)
      : `curl -X POST -H "X-API-Key: $KEY" -H "Content-Type: application/json" -d '{"recency":30,"frequency":5,"monetary":1500}' "${url}/segment/manual"`,
  ];
}

/** Timings of a run, from the states as they were followed and the workers' own reports. */
export function timingsOf(
  states: readonly StateProgress[],
  peaks: ReadonlyMap<string, number>,
): RunReport['timings'] {
  return states.map(({ state, total, elapsedMs, rows }) => ({
    state,
    items: total,
    durationMs: elapsedMs,
    rows,
    peakMemoryMb: peaks.get(state) ?? 0,
  }));
}
