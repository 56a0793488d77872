import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import { createLogger } from '../../functions/observability.ts';
import { drilldownRoutes } from '../../functions/routes/drilldown-table.ts';
import { httpHandler } from '../../functions/routes/http-handler.ts';
import { exampleCustomers, exampleLabels } from '../drilldown/example.ts';

const PATH = '/api/v1/ai/segment_subsegment_explore';
const example = { customers: exampleCustomers, labels: exampleLabels, target_cluster: 1 };
const handle = httpHandler({
  ports: () => memoryPorts(),
  log: createLogger({ write: () => {} }),
  routes: drilldownRoutes,
});

const post = async (
  body: string,
  { scopes = 'drilldown', isBase64Encoded = false, headers = {} }: Record<string, never> | Sent = {},
) => {
  const authorizer =
    scopes === null ? {} : { authorizer: { lambda: { tenant: 'acme', keyId: 'k', scopes } } };
  const { statusCode, body: text } = await handle({
    rawPath: PATH,
    body,
    isBase64Encoded,
    headers,
    requestContext: { requestId: 'r', http: { method: 'POST' }, ...authorizer },
  });
  return { statusCode, text, json: JSON.parse(text) };
};

interface Sent {
  readonly scopes?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly headers?: Record<string, string>;
}

describe(`POST ${PATH}`, () => {
  it('answers with the sub-segments, the same bytes each time', async () => {
    const first = await post(JSON.stringify(example));
    expect(first.statusCode).toBe(200);
    expect(first.json.subsegment_results['1'].best_k).toBe(2);
    expect((await post(JSON.stringify(example))).text).toBe(first.text);
  });

  it('takes a gzip body, as API Gateway hands it on', async () => {
    const body = gzipSync(JSON.stringify(example)).toString('base64');
    const { statusCode } = await post(body, {
      isBase64Encoded: true,
      headers: { 'content-encoding': 'gzip' },
    });
    expect(statusCode).toBe(200);
  });

  const customer = exampleCustomers[0]!;
  const manyTypes = (n: number) => Array.from({ length: n }, (_, i) => `type ${i}`);
  const without = (field: keyof typeof customer) => ({ ...customer, [field]: undefined });
  it.each([
    ['no customers', { customers: undefined }, '/customers'],
    ['an empty list of customers', { customers: [] }, '/customers'],
    ['no labels', { labels: undefined }, '/labels'],
    ['a customer without id', { customers: [without('id')] }, '/customers/0/id'],
    ['a customer without frequency', { customers: [without('frequency')] }, '/customers/0/frequency'],
    ['a customer without amount', { customers: [without('amount_spent')] }, '/customers/0/amount_spent'],
    [
      'a customer without product types',
      { customers: [without('product_types')] },
      '/customers/0/product_types',
    ],
    ['a negative amount', { customers: [{ ...customer, amount_spent: -1 }] }, '/customers/0/amount_spent'],
    ['half an order', { customers: [{ ...customer, frequency: 1.5 }] }, '/customers/0/frequency'],
    [
      'more than 10,000 product types',
      { customers: [{ ...customer, product_types: manyTypes(10_001) }] },
      '/customers/0/product_types',
    ],
    ['a negative frequency', { customers: [{ ...customer, frequency: -1 }] }, '/customers/0/frequency'],
    ['an empty id', { customers: [{ ...customer, id: '' }] }, '/customers/0/id'],
    ['a customer without label', { labels: { ...exampleLabels, C001: undefined } }, '/customers/0/id'],
    ['a label without customer', { labels: { ...exampleLabels, 'X/1': 0 } }, '/labels/X~11'],
    ['an id that stands there twice', { customers: [...exampleCustomers, customer] }, '/customers/40/id'],
    ['a parent that no customer has', { target_cluster: 9 }, '/target_cluster'],
    ['an id over 4 kB', { customers: [{ ...customer, id: 'x'.repeat(4097) }] }, '/customers/0/id'],
    ['a field that nobody asked for', { customers: [{ ...customer, age: 3 }] }, '/customers/0/age'],
    ['a label that is no whole number', { labels: { C001: 0.5 } }, '/labels/C001'],
    ['k = 1', { k_range: [1] }, '/k_range/0'],
    ['k = 0', { k_range: [0] }, '/k_range/0'],
    ['no k', { k_range: [] }, '/k_range'],
    ['k = 51', { k_range: [51] }, '/k_range/0'],
    ['k that is no whole number', { k_range: [2.5] }, '/k_range/0'],
    ['an unknown scaling', { scaling: 'robust' }, '/scaling'],
    ['an unknown language', { locale: 'fr' }, '/locale'],
  ])('fails for %s, pointing at it', async (_what, more, pointer) => {
    const { statusCode, json } = await post(JSON.stringify({ ...example, ...more }));
    expect(statusCode).toBe(400);
    expect(json.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  it('takes ids of 4 kB, 10,000 product types and none', async () => {
    const id = 'x'.repeat(4096);
    const customers = [
      { ...customer, id, product_types: manyTypes(10_000) },
      ...exampleCustomers.slice(1).map((each) => ({ ...each, product_types: [] })),
    ];
    const { C001: _label, ...others } = exampleLabels;
    const body = { customers, labels: { ...others, [id]: 0 }, categories: 'onehot50' };
    const { statusCode, json } = await post(JSON.stringify(body));
    expect(statusCode).toBe(200);
    expect(Object.hasOwn(json.subsegment_results['0'].nested_labels, id)).toBe(true);
  });

  it('finds the same partition, scores and centers whatever the order of the customers', async () => {
    const { json } = await post(JSON.stringify(example));
    const reversed = { ...example, customers: exampleCustomers.toReversed() };
    const other = (await post(JSON.stringify(reversed))).json.subsegment_results['1'];
    const { nested_labels, nested_centroids, benchmark } = json.subsegment_results['1'];
    expect(other).toMatchObject({ nested_labels, nested_centroids, benchmark });
  });

  it('answers k = 50 with the parents that are too small for it', async () => {
    const { statusCode, json } = await post(JSON.stringify({ ...example, k_range: [50] }));
    expect(statusCode).toBe(200);
    expect(json.subsegment_results['1'].status).toBe('too_small');
  });

  it.each([
    ['NaN', '{"customers":[{"id":"a","frequency":NaN}]}', 400, /not valid JSON/],
    ['comments', '{"customers":[] // none\n}', 400, /not valid JSON/],
    ['nothing', '', 400, /empty/],
  ])('fails for %s in the body', async (_what, body, status, detail) => {
    const { statusCode, json } = await post(body);
    expect(statusCode).toBe(status);
    expect(json.detail).toMatch(detail);
  });

  it('fails above 20 MiB unpacked, naming the limit', async () => {
    const body = gzipSync(Buffer.alloc(20 * 1024 * 1024 + 1, 0x20)).toString('base64');
    const { statusCode, json } = await post(body, {
      isBase64Encoded: true,
      headers: { 'content-encoding': 'gzip' },
    });
    expect(statusCode).toBe(413);
    expect(json).toMatchObject({
      limitBytes: 20_971_520,
      reason: 'body_too_large',
      uploadRoute: 'POST /v1/uploads',
    });
  });

  it('fails without a key (401) and for a key without the scope (403)', async () => {
    expect((await post(JSON.stringify(example), { scopes: null })).statusCode).toBe(401);
    expect((await post(JSON.stringify(example), { scopes: 'runs:read' })).statusCode).toBe(403);
  });
});
