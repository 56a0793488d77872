import type { DatasetRecord, RunRecord, StepProgress } from '../contracts/records.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { RunStore } from '../run-ports.ts';
import { byStepAndItem, expiredRun, RUN_LIST, startKey } from './run-order.ts';
import { runNotFound } from './store-errors.ts';

/** Run store in memory, its records held by `tenant/…` keys. */
export function memoryRuns(): RunStore {
  const runs = new Map<string, RunRecord>();
  const datasets = new Map<string, DatasetRecord>();
  const progress = new Map<string, StepProgress>();
  const segmentIds = new Map<string, number>();
  const held = new Map<string, { live: Set<string>; expiring: Set<string> }>();
  const keyOf = (...parts: (string | number)[]) => parts.join('/');
  const heldOf = (tenant: string, dataset: string) => {
    const key = keyOf(tenant, dataset);
    const runsOf = held.get(key) ?? { live: new Set(), expiring: new Set() };
    held.set(key, runsOf);
    return runsOf;
  };

  return {
    async claim(run, ended = run.executionId) {
      const key = keyOf(run.tenant, run.runId);
      const existing = runs.get(key);
      const free =
        !existing ||
        existing.status === 'failed' ||
        existing.status === 'expired' ||
        (existing.status === 'running' && [run.executionId, ended].includes(existing.executionId));
      const ofDataset = heldOf(run.tenant, run.dataset);
      if (!free) {
        if (existing.status === 'expiring') ofDataset.expiring.add(run.runId);
        return { claimed: false, existing: structuredClone(existing) };
      }
      runs.set(key, structuredClone(run));
      ofDataset.live.add(run.runId);
      ofDataset.expiring.delete(run.runId);
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
      if (current !== undefined && current.turn > record.turn) return 'askedLater';
      const { live } = heldOf(record.tenant, record.dataset);
      if (record.labelSources.some(({ runId }) => !live.has(runId))) return 'expired';
      datasets.set(key, structuredClone(record));
      return 'served';
    },
    async held(tenant, dataset) {
      const { live, expiring } = heldOf(tenant, dataset);
      return { live: [...live].sort(), expiring: [...expiring].sort() };
    },
    async retire({ tenant, dataset, currentRunId, publishedAt, formerRunIds }, runIds) {
      const key = keyOf(tenant, dataset);
      const current = datasets.get(key);
      if (current?.currentRunId !== currentRunId || current.publishedAt !== publishedAt) return false;
      datasets.set(key, { ...current, formerRunIds: formerRunIds.filter((id) => !runIds.includes(id)) });
      const { live, expiring } = heldOf(tenant, dataset);
      for (const runId of runIds) {
        live.delete(runId);
        expiring.add(runId);
      }
      return true;
    },
    async beginExpiry({ tenant, runId, executionId }, { executionId: by, now, staleBefore }) {
      const key = keyOf(tenant, runId);
      const run = runs.get(key);
      const mayBegin =
        run?.executionId === executionId &&
        (run.status === 'succeeded' ||
          run.status === 'failed' ||
          (run.status === 'expiring' &&
            (run.expiringBy === by || (run.expiringSince !== undefined && run.expiringSince < staleBefore))));
      if (!mayBegin) return false;
      runs.set(key, { ...run, status: 'expiring', expiringBy: by, expiringSince: now });
      return true;
    },
    async endExpiry(run, expiredAt) {
      const { tenant, dataset, runId } = run;
      for (const [key, report] of progress) {
        if (report.tenant === tenant && report.runId === runId) progress.delete(key);
      }
      heldOf(tenant, dataset).expiring.delete(runId);
      const key = keyOf(tenant, runId);
      if (runs.get(key)?.status === 'expiring') runs.set(key, expiredRun(run, expiredAt));
    },
  };
}
