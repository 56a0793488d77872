import type { DatasetRecord, RunRecord, StepProgress } from '../contracts/records.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { RunStore } from '../ports.ts';
import { byStepAndItem, RUN_LIST, startKey } from './run-order.ts';
import { runNotFound } from './store-errors.ts';

/** Run store in memory, its records held by `tenant/…` keys. */
export function memoryRuns(): RunStore {
  const runs = new Map<string, RunRecord>();
  const datasets = new Map<string, DatasetRecord>();
  const progress = new Map<string, StepProgress>();
  const segmentIds = new Map<string, number>();
  const keyOf = (...parts: (string | number)[]) => parts.join('/');

  return {
    async claim(run, ended = run.executionId) {
      const key = keyOf(run.tenant, run.runId);
      const existing = runs.get(key);
      const free =
        !existing ||
        existing.status === 'failed' ||
        (existing.status === 'running' && [run.executionId, ended].includes(existing.executionId));
      if (!free) return { claimed: false, existing: structuredClone(existing) };
      runs.set(key, structuredClone(run));
      return { claimed: true };
    },
    async get(tenant, runId) {
      return structuredClone(runs.get(keyOf(tenant, runId)));
    },
    async list(tenant, { limit, cursor }) {
      const [after] = cursor === undefined ? [] : decodeCursor(tenant, RUN_LIST, cursor);
      const newestFirst = [...runs.values()]
        .filter((run) => run.tenant === tenant && (after === undefined || startKey(run) < after))
        .sort((a, b) => (startKey(a) < startKey(b) ? 1 : -1));
      const items = structuredClone(newestFirst.slice(0, limit));
      const last = items.at(-1);
      const more = last !== undefined && newestFirst.length > limit;
      return more
        ? { items, cursor: encodeCursor(tenant, RUN_LIST, [startKey(last), last.runId]) }
        : { items };
    },
    async update(tenant, runId, changes) {
      const key = keyOf(tenant, runId);
      const run = runs.get(key);
      if (!run) throw runNotFound(runId);
      runs.set(key, { ...run, ...structuredClone(changes) });
    },
    async reportProgress(report) {
      const { tenant, runId, step, item } = report;
      progress.set(keyOf(tenant, runId, step, item), structuredClone(report));
    },
    async progress(tenant, runId) {
      const ofRun = [...progress.values()].filter((p) => p.tenant === tenant && p.runId === runId);
      return structuredClone(ofRun).sort(byStepAndItem);
    },
    async dataset(tenant, dataset) {
      return structuredClone(datasets.get(keyOf(tenant, dataset)));
    },
    async datasets(tenant) {
      const ofTenant = [...datasets.values()].filter((d) => d.tenant === tenant);
      return structuredClone(ofTenant).sort((a, b) => (a.dataset < b.dataset ? -1 : 1));
    },
    async reserveSegmentIds(tenant, dataset, count) {
      const given = segmentIds.get(keyOf(tenant, dataset)) ?? 0;
      segmentIds.set(keyOf(tenant, dataset), given + count);
      return given;
    },
    async publish(record) {
      const key = keyOf(record.tenant, record.dataset);
      const current = datasets.get(key);
      if (current !== undefined && current.turn > record.turn) return false;
      datasets.set(key, structuredClone(record));
      return true;
    },
  };
}
