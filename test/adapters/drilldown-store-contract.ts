import { expect, it } from 'vitest';
import type { DrilldownRecord } from '../../functions/contracts/drilldown-runs.ts';
import { exploreUploadBodySchema } from '../../functions/contracts/drilldown-runs.ts';
import type { ChildSegment } from '../../functions/contracts/segment-drilldown.ts';
import type { ChildSegmentStore, DrilldownStore } from '../../functions/ports.ts';
import { freshTenant } from './fresh-tenant.ts';

const uploadId = '00000000-0000-4000-8000-000000000000';
const { upload_id: _, ...options } = exploreUploadBodySchema.parse({ upload_id: uploadId });

const recordOf = (tenant: string, more: Partial<DrilldownRecord> = {}): DrilldownRecord => ({
  tenant,
  runId: 'd1',
  status: 'queued',
  attempt: 1,
  request: { kind: 'explore', uploadId, etag: 'e', options },
  createdAt: '2026-02-03T04:05:06.000Z',
  ...more,
});

/** What every store of drill-downs must do. */
export function drilldownStoreContract(open: () => DrilldownStore): void {
  it('begins an attempt once, and a later one in its place', async () => {
    const tenant = freshTenant();
    const first = recordOf(tenant);
    expect(await open().get(tenant, 'd1')).toBeUndefined();
    expect(await Promise.all([open().begin(first), open().begin(first)])).toContain(false);
    expect(await open().get(tenant, 'd1')).toEqual(first);
    expect(await open().begin(recordOf(tenant, { attempt: 2, status: 'queued' }))).toBe(true);
    expect(await open().begin(first)).toBe(false);
    expect((await open().get(tenant, 'd1'))?.attempt).toBe(2);
  });

  it('lets the attempt that stands change the record, and no earlier one', async () => {
    const tenant = freshTenant();
    await open().begin(recordOf(tenant, { attempt: 2 }));
    expect(await open().update(recordOf(tenant, { attempt: 1, status: 'failed' }))).toBe(false);
    const done = recordOf(tenant, { attempt: 2, status: 'succeeded', nCustomers: 5 });
    expect(await open().update(done)).toBe(true);
    expect(await open().get(tenant, 'd1')).toEqual(done);
  });

  it('changes nothing that was never begun, and shows nothing of another tenant', async () => {
    const tenant = freshTenant();
    expect(await open().update(recordOf(tenant))).toBe(false);
    await open().begin(recordOf(tenant));
    expect(await open().get(freshTenant(), 'd1')).toBeUndefined();
  });
}

/** What every store of child segments must do. */
export function childSegmentContract(open: () => ChildSegmentStore): void {
  const childOf = (n: number): ChildSegment => ({
    id: `2.${n}`,
    parent_id: '2',
    depth: 1,
    name: `Part ${n}`,
    name_rule: 'by hand',
    size: 3,
    share: 0.1,
    share_of_parent: 1 / 3,
    statistics: { frequency: { mean: 0.1 + 0.2, median: 1, min: 0, max: 1e21 } },
    distinctive: [],
    n_children: 0,
  });
  const recordFor = (tenant: string, drilldownId = 'd1') => ({
    tenant,
    dataset: 'orders',
    runId: 'r1',
    segmentId: 2,
    drilldownId,
    drilledAt: '2026-02-03T04:05:06.000Z',
  });

  it('shows what was published last, in the order written', async () => {
    const record = recordFor(freshTenant());
    expect(await open().shown(record)).toBeUndefined();
    const children = Array.from({ length: 30 }, (_, n) => childOf(n));
    await open().publish(record, children);
    expect(await open().shown(record)).toEqual({ record, children });
    const later = { ...record, drilldownId: 'd2' };
    await open().publish(later, [childOf(7)]);
    expect(await open().shown(record)).toEqual({ record: later, children: [childOf(7)] });
  });

  it('shows nothing of another tenant, run or segment', async () => {
    const record = recordFor(freshTenant());
    await open().publish(record, [childOf(0)]);
    const others = [{ tenant: freshTenant() }, { runId: 'r10' }, { segmentId: 22 }, { dataset: 'o' }];
    for (const other of others) expect(await open().shown({ ...record, ...other })).toBeUndefined();
  });

  it('deletes what the segments of one run were drilled into, and nothing of another run', async () => {
    const record = recordFor(freshTenant());
    const other = { ...record, runId: 'r10' };
    for (const one of [record, other]) await open().publish(one, [childOf(1), childOf(2)]);
    for (const _ of [1, 2]) {
      await open().deleteRun(record.tenant, 'orders', 'r1');
      expect(await open().shown(record)).toBeUndefined();
      expect(await open().shown(other)).toMatchObject({ record: other });
    }
  });
}
