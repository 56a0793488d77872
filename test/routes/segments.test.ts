import { describe, expect, it } from 'vitest';
import { openApi, segmentsOf } from './api-fixture.ts';

describe('GET /v1/segments', () => {
  it('lists the segments of the current run with its id and time', async () => {
    const { call, publish } = openApi();
    await publish();
    const { statusCode, json } = await call({ path: '/v1/segments', query: { dataset: 'orders' } });
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({ dataset: 'orders', runId: 'r1', publishedAt: '2026-02-01T00:00:00.000Z' });
    const { tenant: _t, dataset: _d, run_id: _r, ...first } = segmentsOf('acme', 'orders', 'r1')[0]!;
    expect(json.segments).toHaveLength(2);
    expect(json.segments[0]).toEqual(first);
    expect(json.cursor).toBeUndefined();
  });

  it('stays on the run of the first page when another is published meanwhile', async () => {
    const { call, publish } = openApi();
    await publish();
    const first = await call({ path: '/v1/segments', query: { limit: '1' } });
    await publish('acme', 'orders', 'r2', '2026-02-02T00:00:00.000Z');
    const second = await call({ path: '/v1/segments', query: { limit: '1', cursor: first.json.cursor } });
    expect(second.json).toMatchObject({ runId: 'r1', publishedAt: '2026-02-01T00:00:00.000Z' });
    expect([...first.json.segments, ...second.json.segments].map((s) => s.segment_id)).toEqual([0, 1]);
    expect(second.json.cursor).toBeUndefined();
    expect((await call({ path: '/v1/segments' })).json.runId).toBe('r2');
  });

  it('fails with 400 for a cursor of another dataset, of another list, or altered', async () => {
    const { call, publish, ports } = openApi();
    await publish();
    await publish('acme', 'visits', 'r2', '2026-01-01T00:00:00.000Z');
    const { cursor } = (await call({ path: '/v1/segments', query: { dataset: 'visits', limit: '1' } })).json;
    const { cursor: runsCursor = '' } = await ports.runs.list('acme', { limit: 1 });
    expect(runsCursor).not.toBe('');
    for (const query of [
      { dataset: 'orders', cursor },
      { cursor: runsCursor },
      { cursor: `${cursor}x` },
      { cursor: 'WzFd.aaaaaaaaaaaaaaaaaaaaaa' },
    ]) {
      expect((await call({ path: '/v1/segments', query })).json).toMatchObject({
        status: 400,
        detail: expect.stringMatching(/^Invalid input: the cursor/),
      });
    }
    const runs = await call({ path: '/v1/runs', query: { cursor } });
    expect(runs.statusCode).toBe(400);
  });

  it('fails with 404 for a dataset that was never published', async () => {
    const { call, publish } = openApi();
    await publish();
    expect((await call({ path: '/v1/segments', query: { dataset: 'visits' } })).statusCode).toBe(404);
  });

  it.each([
    [{ limit: '0' }, '/limit', 'must be a whole number from 1 to 100'],
    [{ limit: '101' }, '/limit', 'must be a whole number from 1 to 100'],
    [{ limit: '1e1' }, '/limit', 'must be a whole number from 1 to 100'],
    [{ limit: '-1' }, '/limit', 'must be a whole number from 1 to 100'],
    [{ dataset: 'Orders' }, '/dataset', 'use 1 to 63 of'],
    [{ page: '2' }, '/page', 'unknown field'],
  ])('fails with 400 for the query %j', async (query, pointer, detail) => {
    const { json } = await openApi().call({ path: '/v1/segments', query });
    expect(json).toMatchObject({
      status: 400,
      errors: [{ in: 'query', pointer, detail: expect.stringContaining(detail) }],
    });
  });
});

describe('GET /v1/customers/{customerId}/segment', () => {
  it('answers with segment, distance and raw features', async () => {
    const { call, publish } = openApi();
    await publish();
    const { json } = await call({ path: '/v1/customers/C-1/segment' });
    expect(json).toEqual({
      customer_id: 'C-1',
      dataset: 'orders',
      run_id: 'r1',
      segment_id: 1,
      segment_name: 'Big spenders',
      confidence: 1,
      distance_to_center: 0,
      features: { recency_days: 40, frequency: 2, monetary: 300 },
    });
  });

  it('decodes the id, whether API Gateway or the path tells it', async () => {
    const { call, publish, ports } = openApi();
    await publish();
    await ports.labels.putLabels({ tenant: 'acme', dataset: 'orders', runId: 'r1' }, [
      { customerId: 'a/b %25', cluster: 0, features: { recency_days: 1, frequency: 1, monetary: 1 } },
    ]);
    const path = `/v1/customers/${encodeURIComponent('a/b %25')}/segment`;
    expect((await call({ path })).json.customer_id).toBe('a/b %25');
    const event = {
      routeKey: 'GET /v1/customers/{customerId}/segment',
      pathParameters: { customerId: 'a/b %25' },
    };
    expect((await call({ path: '/v1/customers/a/b %25/segment', event })).json.customer_id).toBe('a/b %25');
  });

  it('fails with 404 for an unknown customer', async () => {
    const { call, publish } = openApi();
    await publish();
    const { json } = await call({ path: '/v1/customers/C-2/segment' });
    expect(json).toMatchObject({ status: 404, detail: expect.stringMatching(/^Customer not found/) });
  });
});
