import { describe, expect, it } from 'vitest';
import { runOf } from '../adapters/run-store-contract.ts';
import { openApi } from './api-fixture.ts';

describe('two tenants', () => {
  /** Both have a published dataset and three runs; only acme has customer C-1. */
  async function both() {
    const api = openApi();
    await api.publish('acme', 'orders', 'r0');
    for (const [tenant, prefix] of [
      ['acme', 'r'],
      ['rival', 'x'],
    ] as const) {
      for (let n = 0; n < 3; n++) await api.ports.runs.claim(runOf(tenant, `${prefix}${n}`));
    }
    return api;
  }

  it('list only their own runs', async () => {
    const { call } = await both();
    const ids = async (tenant: string) =>
      (await call({ path: '/v1/runs', tenant })).json.runs.map((run: { runId: string }) => run.runId);
    expect(await ids('acme')).toEqual(['r2', 'r1', 'r0']);
    expect(await ids('rival')).toEqual(['x2', 'x1', 'x0']);
  });

  it('get the same answer for the other’s run as for one that never was', async () => {
    const { call } = await both();
    const theirs = await call({ path: '/v1/runs/r1', tenant: 'rival' });
    const nobodys = await call({ path: '/v1/runs/z1', tenant: 'rival' });
    expect(theirs.statusCode).toBe(404);
    expect(theirs.body.replaceAll('r1', 'z1')).toBe(nobodys.body);
  });

  it('see no segment, customer or model of the other, even by name', async () => {
    const { call } = await both();
    const asRival = [
      { path: '/v1/segments' },
      { path: '/v1/segments', query: { dataset: 'orders' } },
      { path: '/v1/customers/C-1/segment', query: { dataset: 'orders' } },
      { method: 'POST', path: '/segment/customer', body: { customer_id: 'C-1', dataset: 'orders' } },
      {
        method: 'POST',
        path: '/segment/manual',
        body: { recency: 1, frequency: 1, monetary: 1, dataset: 'orders' },
      },
    ];
    for (const request of asRival) {
      expect((await call({ ...request, tenant: 'rival' })).statusCode).toBe(404);
      expect((await call(request)).statusCode).toBe(200);
    }
  });

  it('cannot use each other’s cursors', async () => {
    const { call } = await both();
    const { cursor: runs } = (await call({ path: '/v1/runs', query: { limit: '1' } })).json;
    const { cursor: segments } = (await call({ path: '/v1/segments', query: { limit: '1' } })).json;
    for (const [path, cursor] of [
      ['/v1/runs', runs],
      ['/v1/segments', segments],
    ]) {
      expect((await call({ path, query: { cursor } })).statusCode).toBe(200);
      expect((await call({ path, query: { cursor }, tenant: 'rival' })).statusCode).toBe(400);
    }
  });

  it('cannot start a run on the other’s files', async () => {
    const { call, ports } = await both();
    await ports.objects.write('files/acme/orders/a.csv', new Uint8Array([1]));
    const body = { dataset: 'orders', files: ['files/acme/orders/a.csv'] };
    const { statusCode } = await call({ method: 'POST', path: '/v1/runs', body, tenant: 'rival' });
    expect(statusCode).toBe(403);
    expect(ports.contents.executions.size).toBe(0);
  });
});
