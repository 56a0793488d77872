import { describe, expect, it } from 'vitest';
import type { DatasetRecord, RunRecord } from '../functions/contracts/records.ts';
import { expiredRunIds } from '../functions/run-retention.ts';

const day = (n: number) => `2026-01-${String(n).padStart(2, '0')}T00:00:00.000Z`;

/** A run that was published on its day; its labels lie in the runs of the days named. */
const published = (n: number, ...sources: number[]): RunRecord => ({
  tenant: 'acme',
  dataset: 'orders',
  runId: `r${n}`,
  status: 'succeeded',
  trigger: 'api',
  executionId: 'e',
  request: { files: [] },
  startedAt: day(n),
  finishedAt: day(n),
  publishedAt: day(n),
  turn: day(n),
  labelSources: [n, ...sources].map((source) => ({ runId: `r${source}`, segmentIds: [] })),
});
const serving = ({ runId, labelSources = [], publishedAt = '' }: RunRecord): DatasetRecord => ({
  tenant: 'acme',
  dataset: 'orders',
  currentRunId: runId,
  publishedAt,
  turn: publishedAt,
  request: { files: [] },
  labelSources,
  formerRunIds: [],
});
const expired = (
  runs: readonly RunRecord[],
  keepRuns: number,
  needed: readonly (readonly [string, string[]])[] = [],
  current = runs.at(-1)!,
) => expiredRunIds({ served: serving(current), runs, keepRuns, neededByRunning: new Map(needed) });
const upTo = (last: number) => Array.from({ length: last }, (_, n) => published(n + 1));

describe('which runs expire', () => {
  it('keeps the runs published last, the served one included', () => {
    expect(expired(upTo(5), 2)).toEqual(['r1', 'r2', 'r3']);
    expect(expired(upTo(5), 4)).toEqual(['r1']);
    expect(expired(upTo(5), 5)).toEqual([]);
    expect(expired(upTo(5), 100)).toEqual([]);
  });

  it('keeps the served run and the one it was rolled back from', () => {
    const [first, ...others] = upTo(5);
    const rolledBack = { ...first!, publishedAt: day(20) };
    expect(expired([rolledBack, ...others], 2, [], rolledBack)).toEqual(['r2', 'r3', 'r4']);
  });

  it('keeps every run that labels of a kept run lie in, however old', () => {
    const runs = [published(1), published(2, 1), published(3), published(4), published(5, 2, 1)];
    expect(expired(runs, 2)).toEqual(['r3']);
  });

  it('keeps what a run under way is compared with, and that run', () => {
    const running: RunRecord = { ...published(3), status: 'running' };
    const { publishedAt: _p, finishedAt: _f, ...unfinished } = running;
    const runs = [published(1), published(2), unfinished, published(4), published(5), published(6)];
    expect(expired(runs, 2, [['r3', ['r1']]])).toEqual(['r2', 'r4']);
  });

  it('expires runs that failed or were never served, once they are older than what is kept', () => {
    const { publishedAt: _, ...unserved } = published(2);
    const failed = (n: number): RunRecord => ({
      ...unserved,
      runId: `r${n}`,
      status: 'failed',
      finishedAt: day(n),
      labelSources: [],
    });
    const runs = [published(1), unserved, failed(3), published(4), failed(5), published(6)];
    expect(expired(runs, 2)).toEqual(['r1', 'r2', 'r3']);
    expect(expired(runs, 3)).toEqual([]);
  });

  it('keeps the labels that a younger run which was never served lies in', () => {
    const { publishedAt: _, ...late } = { ...published(7, 1) };
    expect(expired([...upTo(4), late], 2, [], published(4))).toEqual(['r2']);
  });
});
