import { expect, it } from 'vitest';
import type { DrilldownRecord } from '../../functions/contracts/drilldown-runs.ts';
import { exploreUploadBodySchema } from '../../functions/contracts/drilldown-runs.ts';
import type { DrilldownStore } from '../../functions/ports.ts';
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
