import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { PurchasingCustomer } from '../../functions/contracts/drilldown.ts';
import { drilldownKeys } from '../../functions/contracts/keys.ts';
import { TransientStoreError } from '../../functions/errors.ts';
import { exampleCustomers, exampleLabels } from '../drilldown/example.ts';
import { madeUpCustomers, madeUpLabels } from '../drilldown/made-up-customers.ts';
import { putUpload, runDrilldown, runStartedDrilldowns } from '../support/run-drilldown.ts';
import { openApi } from './api-fixture.ts';

const EXPLORE = '/api/v1/ai/segment_subsegment_explore';
const PURCHASING = '/api/v1/ai/purchasing_segmentation';
const LINES = 'application/x-ndjson';
const post = (api: ReturnType<typeof openApi>, path: string, body: unknown) =>
  api.call({ method: 'POST', path, body });

const linesOf = (customers: readonly PurchasingCustomer[], labels?: Record<string, number>) =>
  customers
    .map((customer) => JSON.stringify({ ...customer, ...(labels && { label: labels[customer.id] }) }))
    .join('\n');

/** Starts a drill-down, runs it to its end, and returns what GET says and the bytes of the result. */
async function ended(api: ReturnType<typeof openApi>, path: string, body: unknown) {
  const { statusCode, headers, json } = await post(api, path, body);
  expect(statusCode).toBe(202);
  expect(headers.location).toBe(`/v1/drilldowns/${json.runId}`);
  await runStartedDrilldowns(api.ports);
  const state = await api.call({ path: `/v1/drilldowns/${json.runId}` });
  const result = api.ports.contents.objects.get(drilldownKeys({ tenant: 'acme', runId: json.runId }).result);
  return { state: state.json, text: result && Buffer.from(result).toString() };
}

describe('a drill-down of an upload', () => {
  const customers = madeUpCustomers(600);
  const labels = madeUpLabels(customers);
  const options = { k_range: [2, 3, 4], categories: 'onehot50', restarts: 3, window: '2026' };

  it.each([
    ['a JSON document', JSON.stringify({ customers, labels }), 'application/json'],
    ['a document with the labels first', JSON.stringify({ labels, customers }, null, 1), 'application/json'],
    [
      'a document behind a byte order mark',
      `\ufeff${JSON.stringify({ customers, labels })}\r\n`,
      'application/json',
    ],
    ['JSON Lines', linesOf(customers, labels), LINES],
    ['JSON Lines with blank lines and CRLF', linesOf(customers, labels).replaceAll('\n', '\r\n\r\n'), LINES],
    ['gzip', gzipSync(JSON.stringify({ customers, labels })), 'application/json'],
    ['gzip of lines', gzipSync(linesOf(customers, labels)), LINES],
  ] as const)('of %s gives the bytes of the inline answer', async (_what, file, contentType) => {
    const api = openApi();
    const inline = await post(api, EXPLORE, { customers, labels, ...options });
    const upload_id = await putUpload(api.ports, file, contentType);
    const { state, text } = await ended(api, EXPLORE, { upload_id, ...options });
    expect(state).toMatchObject({ status: 'succeeded', customers: 600, parents: { done: 5, total: 5 } });
    expect(text).toBe(inline.body);
    expect(state.result).toMatchObject({ bytes: Buffer.byteLength(inline.body), url: expect.anything() });
  });

  it('explores one parent alone where one is asked for', async () => {
    const api = openApi();
    const request = { target_cluster: -1, scaling: 'log1p' };
    const inline = await post(api, EXPLORE, { customers, labels, ...request });
    const upload_id = await putUpload(api.ports, linesOf(customers, labels), LINES);
    const { state, text } = await ended(api, EXPLORE, { upload_id, ...request });
    expect(text).toBe(inline.body);
    expect(state.parents).toEqual({ done: 1, total: 1 });
  });

  it('answers the printed example, and parents that are too small', async () => {
    const api = openApi();
    const body = { customers: exampleCustomers, labels: exampleLabels };
    const options = { scaling: 'none', k_range: [2, 3, 50] };
    const inline = await post(api, EXPLORE, { ...body, ...options });
    const upload_id = await putUpload(api.ports, JSON.stringify(body));
    expect((await ended(api, EXPLORE, { upload_id, ...options })).text).toBe(inline.body);
    const small = { k_range: [50] };
    const { text } = await ended(api, EXPLORE, { upload_id, ...small });
    expect(text).toBe((await post(api, EXPLORE, { ...body, ...small })).body);
    expect(text).toContain('too_small');
  });

  it('segments an upload as it does a body', async () => {
    const api = openApi();
    const inline = await post(api, PURCHASING, { customers, restarts: 2 });
    const upload_id = await putUpload(api.ports, linesOf(customers), LINES);
    const { state, text } = await ended(api, PURCHASING, { upload_id, restarts: 2 });
    expect(text).toBe(inline.body);
    expect(state).toMatchObject({ kind: 'segmentation', parents: { done: 1, total: 1 } });
  });

  it('is made once for equal content and options, whichever upload holds it', async () => {
    const api = openApi();
    const [one, two] = [linesOf(customers, labels), JSON.stringify({ customers, labels })];
    const first = await putUpload(api.ports, one, LINES);
    const done = await ended(api, EXPLORE, { upload_id: first });
    const again = await post(api, EXPLORE, { upload_id: first });
    expect(again.json).toEqual({ runId: done.state.runId, status: 'succeeded' });
    const other = await post(api, EXPLORE, { upload_id: await putUpload(api.ports, two) });
    expect(other.json.runId).not.toBe(done.state.runId);
    expect((await post(api, EXPLORE, { upload_id: first, seed: 1 })).json.runId).not.toBe(done.state.runId);
    expect(api.ports.contents.drilldownExecutions.size).toBe(3);
  });

  it('of two requests at once starts one execution, and two executions at once give the same bytes', async () => {
    const api = openApi();
    const upload_id = await putUpload(api.ports, linesOf(customers, labels), LINES);
    const both = await Promise.all([post(api, EXPLORE, { upload_id }), post(api, EXPLORE, { upload_id })]);
    expect(both[0].json).toEqual(both[1].json);
    const started = [...api.ports.contents.drilldownExecutions.values()];
    expect(started).toHaveLength(1);
    await Promise.all([runDrilldown(api.ports, started[0]!), runDrilldown(api.ports, started[0]!)]);
    const { result } = drilldownKeys(started[0]!);
    const text = Buffer.from(api.ports.contents.objects.get(result)!).toString();
    expect(text).toBe((await post(api, EXPLORE, { customers, labels })).body);
  });

  it('gives the same bytes where a worker is interrupted and tried again', async () => {
    const api = openApi();
    const upload_id = await putUpload(api.ports, linesOf(customers, labels), LINES);
    await post(api, EXPLORE, { upload_id });
    const [run] = api.ports.contents.drilldownExecutions.values();
    const { write } = api.ports.objects;
    let interrupted = 0;
    const objects = {
      ...api.ports.objects,
      write: async (...args: Parameters<typeof write>) => {
        await write(...args);
        if (/parts|customers/.test(args[0]) && interrupted++ < 3)
          throw new TransientStoreError('The store is busy.');
      },
    };
    expect(await runDrilldown({ ...api.ports, objects }, run!)).toBeUndefined();
    expect(interrupted).toBeGreaterThan(3);
    const text = Buffer.from(api.ports.contents.objects.get(drilldownKeys(run!).result)!).toString();
    expect(text).toBe((await post(api, EXPLORE, { customers, labels })).body);
  });

  it('is made again when its execution was lost, when it failed, and when its result has expired', async () => {
    const api = openApi();
    const { contents } = api.ports;
    const upload_id = await putUpload(api.ports, linesOf(customers, labels), LINES);
    const { runId } = (await post(api, EXPLORE, { upload_id })).json;
    contents.ended.add(`memory:${runId}-1`);
    expect((await post(api, EXPLORE, { upload_id })).json).toEqual({ runId, status: 'queued' });
    // A worker of the first attempt that wakes up late changes nothing.
    expect((await runDrilldown(api.ports, { tenant: 'acme', runId, attempt: 1 }))?.name).toBe(
      'NotFoundError',
    );
    expect((await api.ports.drilldowns.get('acme', runId))?.status).toBe('queued');
    await runStartedDrilldowns(api.ports);
    contents.objects.delete(drilldownKeys({ tenant: 'acme', runId }).result);
    expect((await post(api, EXPLORE, { upload_id })).json).toEqual({ runId, status: 'queued' });
    await runStartedDrilldowns(api.ports);
    expect([...contents.drilldownExecutions.keys()]).toEqual([1, 2, 3].map((n) => `${runId}-${n}`));
    expect((await api.call({ path: `/v1/drilldowns/${runId}` })).json.status).toBe('succeeded');
  });
});

describe('a drill-down', () => {
  it('fails for an upload that is unknown, another tenant’s, or not complete', async () => {
    const api = openApi();
    const mine = await putUpload(api.ports, '{}', 'application/json', 'other');
    const unknown = '00000000-0000-4000-8000-000000000000';
    for (const upload_id of [mine, unknown]) {
      expect((await post(api, EXPLORE, { upload_id })).json).toMatchObject({
        status: 404,
        reason: 'no_such_upload',
      });
    }
    const begun = await post(api, '/v1/uploads', { bytes: 5 });
    const { json } = await post(api, PURCHASING, { upload_id: begun.json.uploadId });
    expect(json).toMatchObject({ status: 409, reason: 'upload_incomplete' });
  });

  it.each([
    ['a malformed upload_id', { upload_id: 'x' }, '/upload_id'],
    [
      'customers beside the upload',
      { upload_id: '00000000-0000-4000-8000-000000000000', customers: [] },
      '/customers',
    ],
    [
      'an option out of range',
      { upload_id: '00000000-0000-4000-8000-000000000000', k_range: [1] },
      '/k_range/0',
    ],
  ])('fails for %s, pointing at it', async (_what, body, pointer) => {
    const { json } = await post(openApi(), EXPLORE, body);
    expect(json.status).toBe(400);
    expect(json.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  it('fails inline above 60,000 customers with 413, naming the limit and the way to upload', async () => {
    const many = Array.from({ length: 60_001 }, () => ({}));
    for (const path of [EXPLORE, PURCHASING]) {
      const { json } = await post(openApi(), path, { customers: many, labels: {} });
      expect(json).toMatchObject({
        status: 413,
        limit: 60_000,
        found: 60_001,
        uploadRoute: 'POST /v1/uploads',
      });
    }
  });

  it('is nobody else’s business', async () => {
    const api = openApi();
    const upload_id = await putUpload(
      api.ports,
      JSON.stringify({ customers: exampleCustomers, labels: exampleLabels }),
    );
    const { runId } = (await post(api, EXPLORE, { upload_id })).json;
    const path = `/v1/drilldowns/${runId}`;
    expect((await api.call({ path, tenant: 'other' })).statusCode).toBe(404);
    expect((await api.call({ path, scopes: ['runs:read'] })).statusCode).toBe(403);
    expect((await api.call({ path })).json).toMatchObject({ status: 'queued', steps: [] });
  });
});
