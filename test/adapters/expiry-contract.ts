import { expect, it } from 'vitest';
import type { DatasetRecord, RunRecord } from '../../functions/contracts/records.ts';
import type { RunStore } from '../../functions/run-ports.ts';
import { freshTenant } from './fresh-tenant.ts';

const NOW = '2026-01-03T00:00:00.000Z';
const STALE = '2026-01-02T23:40:00.000Z';

/** What every run store must do about runs that expire. */
export function expiryContract(open: () => RunStore): void {
  const runOf = (tenant: string, runId: string, more: Partial<RunRecord> = {}): RunRecord => ({
    tenant,
    dataset: 'orders',
    runId,
    status: 'running',
    trigger: 'api',
    executionId: `execution-${runId}`,
    request: { files: [`files/${tenant}/orders/a.csv`] },
    startedAt: NOW,
    turn: NOW,
    ...more,
  });
  const servedOf = (tenant: string, currentRunId: string, ...others: string[]): DatasetRecord => ({
    tenant,
    dataset: 'orders',
    currentRunId,
    labelSources: [currentRunId, ...others].map((runId) => ({ runId, segmentIds: [0] })),
    formerRunIds: others,
    publishedAt: NOW,
    turn: NOW,
    request: { files: [] },
  });
  /** A dataset that serves r2 and before it served r1, whose labels count no more. */
  const published = async () => {
    const tenant = freshTenant();
    const runs = open();
    for (const runId of ['r1', 'r2']) {
      await runs.claim(runOf(tenant, runId));
      await runs.update(tenant, runId, { status: 'succeeded', labelSources: [{ runId, segmentIds: [0] }] });
      await runs.publish(servedOf(tenant, runId));
    }
    const served: DatasetRecord = { ...servedOf(tenant, 'r2'), formerRunIds: ['r1'] };
    await runs.publish(served);
    return { tenant, runs, served };
  };
  const by = (executionId: string, now = NOW) => ({ executionId, now, staleBefore: STALE });

  it('holds what was claimed, and shows a dataset only once it serves a run', async () => {
    const tenant = freshTenant();
    await open().claim(runOf(tenant, 'r2'));
    await open().claim(runOf(tenant, 'r1'));
    await open().claim(runOf(tenant, 'other', { dataset: 'visits' }));
    expect(await open().held(tenant, 'orders')).toEqual({ live: ['r1', 'r2'], expiring: [] });
    expect(await open().dataset(tenant, 'orders')).toBeUndefined();
    expect(await open().held(freshTenant(), 'orders')).toEqual({ live: [], expiring: [] });
  });

  it('retires a run, which is then neither served nor named by the dataset, whatever is asked', async () => {
    const { tenant, runs, served } = await published();
    expect(await runs.retire(served, ['r1'])).toBe(true);
    expect(await runs.held(tenant, 'orders')).toEqual({ live: ['r2'], expiring: ['r1'] });
    expect(await runs.dataset(tenant, 'orders')).toEqual({ ...served, formerRunIds: [] });
    expect(await runs.publish(servedOf(tenant, 'r1'))).toBe('expired');
    expect(await runs.publish(servedOf(tenant, 'r2', 'r1'))).toBe('expired');
    expect((await runs.dataset(tenant, 'orders'))?.labelSources).toEqual(served.labelSources);
  });

  it('retires nothing where another run was published in between', async () => {
    const { tenant, runs, served } = await published();
    await runs.publish({ ...servedOf(tenant, 'r1'), publishedAt: '2026-01-03T00:00:01.000Z' });
    expect(await runs.retire(served, ['r1'])).toBe(false);
    expect(await runs.held(tenant, 'orders')).toEqual({ live: ['r1', 'r2'], expiring: [] });
  });

  it('lets one execution expire a run, which may go on, and another only when that one is stale', async () => {
    const { tenant, runs, served } = await published();
    await runs.retire(served, ['r1']);
    const run = (await runs.get(tenant, 'r1'))!;
    const begun = await Promise.all(['a', 'b'].map((one) => runs.beginExpiry(run, by(one))));
    expect(begun.toSorted()).toEqual([false, true]);
    const [mine, theirs] = begun[0] ? ['a', 'b'] : ['b', 'a'];
    expect(await runs.beginExpiry(run, by(mine!))).toBe(true);
    expect(await runs.beginExpiry(run, by(theirs!))).toBe(false);
    expect((await runs.get(tenant, 'r1'))?.status).toBe('expiring');
    expect(
      await runs.beginExpiry(run, {
        executionId: theirs!,
        now: NOW,
        staleBefore: '2026-01-04T00:00:00.000Z',
      }),
    ).toBe(true);
  });

  it('keeps a run that expires from being claimed, and gives it free when it has expired', async () => {
    const { tenant, runs, served } = await published();
    await runs.reportProgress({
      tenant,
      runId: 'r1',
      step: 'PlanRun',
      item: 0,
      status: 'done',
      rows: 1,
      startedAt: NOW,
      updatedAt: NOW,
      peakMemoryMb: 1,
    });
    await runs.retire(served, ['r1']);
    const run = (await runs.get(tenant, 'r1'))!;
    await runs.beginExpiry(run, by('a'));
    const again = runOf(tenant, 'r1', { executionId: 'again' });
    expect(await runs.claim(again)).toMatchObject({ claimed: false, existing: { status: 'expiring' } });

    await runs.endExpiry(run, NOW);
    expect(await runs.held(tenant, 'orders')).toEqual({ live: ['r2'], expiring: [] });
    expect(await runs.progress(tenant, 'r1')).toEqual([]);
    const { labelSources: _, ...left } = run;
    expect(await runs.get(tenant, 'r1')).toEqual({ ...left, status: 'expired', expiredAt: NOW });
    expect((await runs.list(tenant, { limit: 10 })).items.map(({ status }) => status).toSorted()).toEqual([
      'expired',
      'succeeded',
    ]);

    expect(await runs.claim(again)).toEqual({ claimed: true });
    expect(await runs.get(tenant, 'r1')).toEqual(again);
    expect(await runs.held(tenant, 'orders')).toEqual({ live: ['r1', 'r2'], expiring: [] });
  });

  it('takes an expiry up again whose machine was lost before its last write', async () => {
    const { tenant, runs, served } = await published();
    await runs.retire(served, ['r1']);
    await runs.beginExpiry((await runs.get(tenant, 'r1'))!, by('a'));
    await runs.claim(runOf(tenant, 'r1', { executionId: 'again' }));
    expect((await runs.held(tenant, 'orders')).expiring).toEqual(['r1']);
  });

  it('fails to expire a run that was claimed since it was looked at', async () => {
    const tenant = freshTenant();
    const runs = open();
    await runs.claim(runOf(tenant, 'r1'));
    await runs.update(tenant, 'r1', { status: 'failed' });
    const seen = (await runs.get(tenant, 'r1'))!;
    await runs.claim(runOf(tenant, 'r1', { executionId: 'again' }));
    expect(await runs.beginExpiry(seen, by('a'))).toBe(false);
    await runs.update(tenant, 'r1', { status: 'succeeded' });
    expect(await runs.beginExpiry(seen, by('a'))).toBe(false);
  });
}
