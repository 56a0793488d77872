import type { DatasetRecord, RunRecord } from './contracts/records.ts';

/** What is known of the runs of a dataset when it is decided which of them expire. */
export interface RetentionFacts {
  readonly served: DatasetRecord;
  /** Runs that hold data. */
  readonly runs: readonly RunRecord[];
  /** By running run: those that its labels may come to lie in. */
  readonly neededByRunning: ReadonlyMap<string, readonly string[]>;
  /** Published runs that stay, the served one included; at least 2. */
  readonly keepRuns: number;
}

/**
 * Ids of the runs that expire, ascending. The `keepRuns` published last stay, and whatever the labels of a run that stays
 * lie in. Of runs that failed or were never served, those stay that are younger than the oldest of the kept. Nothing that is
 * under way expires, nor, before `keepRuns` runs were published, anything at all.
 */
export function expiredRunIds({ served, runs, neededByRunning, keepRuns }: RetentionFacts): string[] {
  const published = runs
    .filter(({ publishedAt, runId }) => publishedAt !== undefined && runId !== served.currentRunId)
    .sort((a, b) => (newestFirst(a) < newestFirst(b) ? 1 : -1));
  const kept = published.slice(0, keepRuns - 1);
  const oldest = kept.at(-1)?.publishedAt;
  if (oldest === undefined || kept.length < keepRuns - 1) return [];

  const isStaying = (run: RunRecord) =>
    run.runId === served.currentRunId ||
    run.status === 'running' ||
    kept.includes(run) ||
    (run.publishedAt === undefined && (run.finishedAt ?? run.startedAt) >= oldest);
  const staying = runs.filter(isStaying);
  const needed = new Set([
    ...served.labelSources.map(({ runId }) => runId),
    ...staying.flatMap(({ runId, labelSources = [] }) => [
      runId,
      ...labelSources.map((source) => source.runId),
      ...(neededByRunning.get(runId) ?? []),
    ]),
  ]);
  return runs
    .map(({ runId }) => runId)
    .filter((runId) => !needed.has(runId))
    .sort();
}

const newestFirst = ({ publishedAt, runId }: RunRecord) => `${publishedAt} ${runId}`;
