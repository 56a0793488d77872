import { gzipSync } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintCustomerApiKey, storeKey } from '../../cli/keys.ts';
import type { DrilldownState } from '../../functions/contracts/drilldown-runs.ts';
import { SCOPES } from '../../functions/contracts/env.ts';
import { madeUpCustomers, madeUpLabels } from '../drilldown/made-up-customers.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

const EXPLORE = '/api/v1/ai/segment_subsegment_explore';
const customers = madeUpCustomers(3000);
const labels = madeUpLabels(customers, 6);

let stack: Stack;
let headers: Record<string, string>;
beforeAll(async () => {
  stack = await startStack();
  const { region, adminCredentials: credentials, endpoints, outputs } = stack.cloud;
  const client = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
  const [, table] = Object.entries(outputs).find(([name]) => name.endsWith('.ApiKeysTableName'))!;
  const key = mintCustomerApiKey('acme', SCOPES);
  await storeKey(client, String(table), key);
  client.destroy();
  headers = { 'X-Customer-Api-Id': key.customerApiId, 'X-Secret': key.secret };
});
afterAll(() => stack?.remove());

const call = (method: string, path: string, body?: unknown, credentials = headers) =>
  fetch(`${stack.cloud.apiUrl}${path}`, {
    method,
    headers: { ...credentials, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

async function upload(file: Uint8Array, contentType: string): Promise<string> {
  const started = await call('POST', '/v1/uploads', { bytes: file.length, contentType });
  expect(started.status).toBe(201);
  const { uploadId, parts, complete } = (await started.json()) as {
    uploadId: string;
    complete: string;
    parts: { offset: number; bytes: number; url: string }[];
  };
  for (const { offset, bytes, url } of parts) {
    const sent = await fetch(url, {
      method: 'PUT',
      body: Buffer.from(file.subarray(offset, offset + bytes)),
    });
    expect(sent.status).toBe(200);
  }
  expect((await call('POST', complete)).status).toBe(200);
  return uploadId;
}

const stateOf = async (location: string) => (await (await call('GET', location)).json()) as DrilldownState;

async function ended(location: string): Promise<DrilldownState> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const state = await stateOf(location);
    if (state.status === 'succeeded' || state.status === 'failed') return state;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${location} does not end`);
}

describe('the drill-down of an uploaded file', () => {
  it('gives by URL the bytes that the inline route answers with, also when a worker is killed', async () => {
    const options = { k_range: [2, 3], restarts: 4 };
    const inline = await call('POST', EXPLORE, { customers, labels, ...options });
    expect(inline.status).toBe(200);
    const lines = customers.map((customer) => JSON.stringify({ ...customer, label: labels[customer.id] }));
    const upload_id = await upload(gzipSync(lines.join('\n')), 'application/x-ndjson');

    const { lambda } = stack.cloud;
    const worker = lambda.functionNames.find((name) => name.includes('ExploreParent'))!;
    let killed = 0;
    const look = setInterval(() => {
      const busy = lambda.environments(worker).find((environment) => environment.busy);
      if (!busy || killed > 0) return;
      process.kill(busy.pid, 'SIGKILL');
      killed++;
    }, 1);
    const accepted = await call('POST', EXPLORE, { upload_id, ...options });
    expect(accepted.status).toBe(202);
    const state = await ended(accepted.headers.get('location')!);
    clearInterval(look);

    expect(killed).toBe(1);
    expect(state.problem).toBeUndefined();
    expect(state).toMatchObject({ status: 'succeeded', customers: 3000, parents: { done: 7, total: 7 } });
    expect(state.steps.map(({ step }) => step)).toEqual([
      'PlanDrilldown',
      'ExploreParent',
      'PublishDrilldown',
    ]);
    const result = await fetch(state.result!.url);
    expect(result.status).toBe(200);
    expect(await result.text()).toBe(await inline.text());
  });

  it('segments a JSON document of several parts', async () => {
    const padding = ' '.repeat(17 * 1024 * 1024);
    const file = Buffer.from(`{"customers":${JSON.stringify(customers.slice(0, 300))}${padding}}`);
    const upload_id = await upload(file, 'application/json');
    const body = { algorithm: 'kmeans', k_range: [3] };
    const accepted = await call('POST', '/api/v1/ai/purchasing_segmentation', { upload_id, ...body });
    const { result } = await ended(accepted.headers.get('location')!);
    const inline = await call('POST', '/api/v1/ai/purchasing_segmentation', {
      customers: customers.slice(0, 300),
      ...body,
    });
    expect(await (await fetch(result!.url)).text()).toBe(await inline.text());
  });

  it('fails with what is wrong in the file, by line, and keeps the reason', async () => {
    const upload_id = await upload(Buffer.from('{"id":"a"}\n'), 'application/x-ndjson');
    const accepted = await call('POST', EXPLORE, { upload_id });
    const state = await ended(accepted.headers.get('location')!);
    expect(state).toMatchObject({
      status: 'failed',
      problem: { title: 'InvalidDatasetError', status: 422, line: 1 },
    });
  });

  it('takes an API key where the two headers could be sent too, and nobody without either', async () => {
    const key = await stack.keyOf('acme');
    const started = await apiOf(stack, key).post<{ abort: string }>('/v1/uploads', { bytes: 3 });
    expect(started.status).toBe(201);
    expect((await call('DELETE', started.body.abort)).status).toBe(200);
    expect((await call('POST', '/v1/uploads', { bytes: 3 }, {})).status).toBe(403);
    const other = await stack.keyOf('zebra');
    expect((await apiOf(stack, other).post(`${started.body.abort}/complete`, {})).status).toBe(404);
  });
});
