import { describe, expect, it } from 'vitest';
import type { RunRecord, StepProgress } from '../../functions/contracts/records.ts';
import { InvalidRequestError, NotFoundError } from '../../functions/errors.ts';
import type { RunStore } from '../../functions/run-ports.ts';
import { expiryContract } from './expiry-contract.ts';
import { freshTenant } from './fresh-tenant.ts';

export const runOf = (tenant: string, runId: string, more: Partial<RunRecord> = {}): RunRecord => ({
  tenant,
  dataset: 'orders',
  runId,
  status: 'running',
  trigger: 'api',
  executionId: `execution-${runId}`,
  request: {
    files: [`files/${tenant}/orders/a.csv`],
    recipe: 'rfm',
    algorithm: 'kmeans',
    nClusters: { min: 2, max: 8 },
    seed: 42,
    nInit: 10,
  },
  startedAt: '2026-01-02T03:04:05.000Z',
  turn: '2026-01-02T03:04:05/2026-01-02T03:04:05.000Z',
  ...more,
});

const progressOf = (tenant: string, more: Partial<StepProgress> = {}): StepProgress => ({
  tenant,
  runId: 'r1',
  step: 'BuildFeatures',
  item: 0,
  status: 'running',
  rows: 10,
  startedAt: '2026-01-02T03:04:05.000Z',
  updatedAt: '2026-01-02T03:04:06.000Z',
  peakMemoryMb: 90,
  ...more,
});

const at = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, '0')}.000Z`;

/** What every run store must do. */
export function runStoreContract(open: () => RunStore): void {
  const seeded = async (tenant: string, count: number) => {
    const runs = open();
    for (let n = 0; n < count; n++) await runs.claim(runOf(tenant, `r${n}`, { startedAt: at(n) }));
    return runs;
  };

  describe('claiming a run', () => {
    it('creates the run and returns it with every field as it was', async () => {
      const tenant = freshTenant();
      const run = runOf(tenant, 'r1', { itemsPerStep: { BuildFeatures: 3 } });
      expect(await open().claim(run)).toEqual({ claimed: true });
      expect(await open().get(tenant, 'r1')).toEqual(run);
    });

    it('returns the record in the way when another execution runs it', async () => {
      const tenant = freshTenant();
      await open().claim(runOf(tenant, 'r1'));
      const second = await open().claim(runOf(tenant, 'r1', { executionId: 'other' }));
      expect(second).toEqual({ claimed: false, existing: runOf(tenant, 'r1') });
    });

    it('takes over a failed run and forgets its problem', async () => {
      const tenant = freshTenant();
      await open().claim(runOf(tenant, 'r1'));
      await open().update(tenant, 'r1', {
        status: 'failed',
        problem: { type: 'about:blank', title: 'InvalidDatasetError', status: 422, detail: 'Bad.' },
      });
      const again = runOf(tenant, 'r1', { executionId: 'other' });
      expect(await open().claim(again)).toEqual({ claimed: true });
      expect(await open().get(tenant, 'r1')).toEqual(again);
    });

    it('takes over a run from the execution that is named as ended, and from no other', async () => {
      const tenant = freshTenant();
      const [first, second, third] = ['e1', 'e2', 'e3'].map((executionId) =>
        runOf(tenant, 'r1', { executionId }),
      ) as [RunRecord, RunRecord, RunRecord];
      await open().claim(first);
      expect(await open().claim(second, 'e3')).toEqual({ claimed: false, existing: first });
      expect(await open().claim(second, 'e1')).toEqual({ claimed: true });
      expect(await open().claim(third, 'e1')).toEqual({ claimed: false, existing: second });
      await open().update(tenant, 'r1', { status: 'succeeded' });
      expect(await open().claim(third, 'e2')).toMatchObject({ claimed: false });
    });

    it('lets the execution that claimed a run claim it again', async () => {
      const tenant = freshTenant();
      await open().claim(runOf(tenant, 'r1'));
      expect(await open().claim(runOf(tenant, 'r1'))).toEqual({ claimed: true });
    });

    it('never takes over a run that succeeded, not even for the execution that made it', async () => {
      const tenant = freshTenant();
      await open().claim(runOf(tenant, 'r1'));
      await open().update(tenant, 'r1', { status: 'succeeded' });
      expect(await open().claim(runOf(tenant, 'r1'))).toMatchObject({ claimed: false });
      expect(await open().get(tenant, 'r1')).toMatchObject({ status: 'succeeded' });
    });

    it('lets one of twenty racing executions win', async () => {
      const tenant = freshTenant();
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, n) => open().claim(runOf(tenant, 'r1', { executionId: `e${n}` }))),
      );
      const winners = claims.flatMap((claim, n) => (claim.claimed ? [`e${n}`] : []));
      expect(winners).toHaveLength(1);
      expect((await open().get(tenant, 'r1'))?.executionId).toBe(winners[0]);
    });
  });

  describe('updating a run', () => {
    it('changes the named fields and keeps the others', async () => {
      const tenant = freshTenant();
      await open().claim(runOf(tenant, 'r1'));
      const changes = {
        status: 'succeeded' as const,
        finishedAt: at(9),
        rows: { read: 3, used: 2, rejected: 1, byRule: { missing_customer_id: 1 } },
        scores: {
          inertia: 0.1 + 0.2,
          silhouette: -1 / 3,
          daviesBouldin: 1e21,
          iterations: 7,
          restarts: 10,
        },
      };
      await open().update(tenant, 'r1', changes);
      expect(await open().get(tenant, 'r1')).toEqual({ ...runOf(tenant, 'r1'), ...changes });
    });

    it('moves the run in the list when its start changes', async () => {
      const tenant = freshTenant();
      const runs = await seeded(tenant, 2);
      await runs.update(tenant, 'r0', { startedAt: at(30) });
      expect((await runs.list(tenant, { limit: 5 })).items.map((run) => run.runId)).toEqual(['r0', 'r1']);
    });

    it('fails for a run that does not exist, and creates nothing', async () => {
      const tenant = freshTenant();
      await expect(open().update(tenant, 'r1', { status: 'failed' })).rejects.toThrow(NotFoundError);
      await expect(open().update(tenant, 'r1', {})).rejects.toThrow(NotFoundError);
      expect(await open().get(tenant, 'r1')).toBeUndefined();
    });
  });

  describe('listing runs', () => {
    it('returns newest first and every run once over all pages', async () => {
      const tenant = freshTenant();
      const runs = await seeded(tenant, 7);
      const pages: string[][] = [];
      let cursor: string | undefined;
      do {
        const page = await runs.list(tenant, { limit: 3, cursor });
        pages.push(page.items.map((run) => run.runId));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(pages).toEqual([['r6', 'r5', 'r4'], ['r3', 'r2', 'r1'], ['r0']]);
    });

    it('gives no cursor when the last page is exactly full', async () => {
      const tenant = freshTenant();
      const runs = await seeded(tenant, 3);
      const page = await runs.list(tenant, { limit: 3 });
      expect(page.items).toHaveLength(3);
      expect(page.cursor).toBeUndefined();
    });

    it('orders runs of the same instant by id and pages through them', async () => {
      const tenant = freshTenant();
      for (const id of ['b', 'a', 'c']) await open().claim(runOf(tenant, id));
      const first = await open().list(tenant, { limit: 2 });
      const second = await open().list(tenant, { limit: 2, cursor: first.cursor });
      expect([...first.items, ...second.items].map((run) => run.runId)).toEqual(['c', 'b', 'a']);
    });

    it('does not skip a run that is claimed while a caller pages', async () => {
      const tenant = freshTenant();
      const runs = await seeded(tenant, 4);
      const first = await runs.list(tenant, { limit: 2 });
      await runs.claim(runOf(tenant, 'late', { startedAt: at(50) }));
      const second = await runs.list(tenant, { limit: 2, cursor: first.cursor });
      expect(second.items.map((run) => run.runId)).toEqual(['r1', 'r0']);
    });

    it('fails for a cursor that is altered, invented or another tenant’s', async () => {
      const [mine, theirs] = [freshTenant(), freshTenant()];
      await seeded(theirs, 3);
      const runs = await seeded(mine, 3);
      const { cursor = '' } = await runs.list(mine, { limit: 1 });
      const foreign = (await runs.list(theirs, { limit: 1 })).cursor ?? '';
      const flipped = (cursor.startsWith('W') ? 'X' : 'W') + cursor.slice(1);
      for (const bad of [foreign, flipped, `${cursor}x`, cursor.slice(0, -1), '', 'abc', '..', '{}']) {
        await expect(runs.list(mine, { limit: 1, cursor: bad }), bad).rejects.toThrow(InvalidRequestError);
      }
    });
  });

  describe('progress', () => {
    it('is overwritten by a later report of the same item and sorted by step, then item', async () => {
      const tenant = freshTenant();
      const reports = [
        progressOf(tenant, { step: 'MergeEntities', item: 1 }),
        progressOf(tenant, { item: 10 }),
        progressOf(tenant, { item: 9 }),
        progressOf(tenant, { item: 9, status: 'done', rows: 55 }),
        progressOf(tenant, { step: 'PlanRun' }),
        progressOf(tenant, { runId: 'r10' }),
      ];
      for (const report of reports) await open().reportProgress(report);
      expect(await open().progress(tenant, 'r1')).toEqual([reports[4], reports[3], reports[1], reports[0]]);
    });
  });

  describe('datasets', () => {
    const claimed = async (tenant: string, dataset: string, ...runIds: string[]) => {
      for (const runId of runIds) await open().claim(runOf(tenant, runId, { dataset }));
    };
    const record = (tenant: string, dataset: string, currentRunId: string, turn = '2') => ({
      tenant,
      dataset,
      currentRunId,
      labelSources: [{ runId: currentRunId, segmentIds: [3, 0] }],
      formerRunIds: ['r0'],
      publishedAt: at(1),
      turn,
      request: runOf(tenant, 'r1').request,
    });

    it('point to the run published last, and are listed by name', async () => {
      const tenant = freshTenant();
      await claimed(tenant, 'orders', 'r1', 'r2');
      expect(await open().datasets(tenant)).toEqual([]);
      await claimed(tenant, 'visits', 'r3');
      expect(await open().publish(record(tenant, 'visits', 'r3'))).toBe('served');
      expect(await open().publish(record(tenant, 'orders', 'r1'))).toBe('served');
      expect(await open().publish(record(tenant, 'orders', 'r2'))).toBe('served');
      expect(await open().dataset(tenant, 'orders')).toEqual(record(tenant, 'orders', 'r2'));
      expect(await open().datasets(tenant)).toEqual([
        record(tenant, 'orders', 'r2'),
        record(tenant, 'visits', 'r3'),
      ]);
    });

    it('give every segment id once, also to those that ask at the same time', async () => {
      const tenant = freshTenant();
      expect(await open().reserveSegmentIds(tenant, 'orders', 3)).toBe(0);
      const firsts = await Promise.all(
        [2, 2, 2, 2].map((n) => open().reserveSegmentIds(tenant, 'orders', n)),
      );
      expect(firsts.toSorted((a, b) => a - b)).toEqual([3, 5, 7, 9]);
      expect(await open().reserveSegmentIds(tenant, 'visits', 1)).toBe(0);
    });

    it('keep the run of the latest turn, however many are published at once', async () => {
      const tenant = freshTenant();
      const turns = ['3', '1', '5', '2', '4'];
      await claimed(tenant, 'orders', 'late', ...turns.map((turn) => `r${turn}`));
      await Promise.all(turns.map((turn) => open().publish(record(tenant, 'orders', `r${turn}`, turn))));
      expect(await open().publish(record(tenant, 'orders', 'late', '4'))).toBe('askedLater');
      expect(await open().dataset(tenant, 'orders')).toEqual(record(tenant, 'orders', 'r5', '5'));
    });
  });

  describe('expiry', () => expiryContract(open));

  it('shows one tenant nothing of another', async () => {
    const [mine, theirs] = [freshTenant(), freshTenant()];
    await seeded(theirs, 1);
    await open().reportProgress(progressOf(theirs, { runId: 'r0' }));
    await open().publish({
      tenant: theirs,
      dataset: 'orders',
      currentRunId: 'r0',
      labelSources: [],
      formerRunIds: [],
      publishedAt: at(1),
      turn: at(1),
      request: runOf(theirs, 'r0').request,
    });
    expect(await open().get(mine, 'r0')).toBeUndefined();
    expect(await open().progress(mine, 'r0')).toEqual([]);
    expect(await open().list(mine, { limit: 10 })).toEqual({ items: [] });
    expect(await open().dataset(mine, 'orders')).toBeUndefined();
    expect(await open().datasets(mine)).toEqual([]);
    await expect(open().update(mine, 'r0', { status: 'failed' })).rejects.toThrow(NotFoundError);
  });
}
