import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryPorts } from '../functions/adapters/memory.ts';
import type { UploadManifest } from '../functions/contracts/uploads.ts';
import { readCustomers, writeCustomerChunks } from '../functions/customer-chunks.ts';
import { IdLabels } from '../functions/id-labels.ts';
import { jsonPieces } from '../functions/json-pieces.ts';
import { type ParentedCustomer, uploadedCustomers } from '../functions/uploaded-customers.ts';
import { madeUpCustomers } from './drilldown/made-up-customers.ts';

const customer = { id: 'a', frequency: 1, amount_spent: 2.5, product_types: ['tv'] };
type ContentType = UploadManifest['contentType'];

async function read(file: string | Uint8Array, contentType: ContentType, withLabels = true) {
  const { objects } = memoryPorts();
  await objects.write('file', typeof file === 'string' ? new TextEncoder().encode(file) : file);
  const found: ParentedCustomer[] = [];
  for await (const each of uploadedCustomers(objects, { key: 'file', contentType }, withLabels)) {
    found.push(each);
  }
  return found;
}
const document = (value: unknown) => read(JSON.stringify(value), 'application/json');
const lines = (...values: unknown[]) =>
  read(
    values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n'),
    'application/x-ndjson',
  );
const labelled = { ...customer, label: 0 };

describe('an uploaded document', () => {
  it.each([
    ['no customers', { labels: {} }, /holds no customer/],
    [
      'customers that are no list',
      { customers: { a: customer }, labels: { a: 0 } },
      /\/customers: expected an array/,
    ],
    ['labels that are no object', { customers: [customer], labels: [0] }, /\/labels: expected an object/],
    [
      'a missing field',
      { customers: [{ ...customer, frequency: undefined }], labels: { a: 0 } },
      /\/customers\/0\/frequency/,
    ],
    [
      'a negative amount',
      { customers: [{ ...customer, amount_spent: -1 }], labels: { a: 0 } },
      /\/customers\/0\/amount_spent/,
    ],
    ['an unknown field', { customers: [{ ...customer, age: 1 }], labels: { a: 0 } }, /\/customers\/0/],
    ['a label that is no whole number', { customers: [customer], labels: { a: 0.5 } }, /\/labels\/a/],
    [
      'a customer without label',
      { customers: [customer], labels: {} },
      /\/customers\/0\/id: no label for "a"/,
    ],
    [
      'a label without customer',
      { customers: [customer], labels: { a: 0, 'b/c': 1 } },
      /\/labels\/b~1c: no customer "b\/c"/,
    ],
    [
      'an id that stands there twice',
      { customers: [customer, customer], labels: { a: 0, b: 0 } },
      /\/customers\/1\/id: the id "a" stands there twice/,
    ],
    [
      'options that belong into the request',
      { k_range: [2], customers: [customer], labels: { a: 0 } },
      /\/k_range: this option belongs into the request/,
    ],
  ])('fails for %s', async (_what, value, message) => {
    await expect(document(value)).rejects.toThrow(message);
  });

  it.each([
    ['NaN', '{"customers":[{"id":"a","frequency":NaN}]}', /not valid JSON/],
    ['an end that comes too early', '{"customers":[{"id":"a"', /not valid JSON/],
    [
      'text behind its end',
      `{"customers":[${JSON.stringify(customer)}],"labels":{"a":0}} x`,
      /not valid JSON/,
    ],
    ['nothing at all', '', /holds no customer/],
    [
      'a label twice',
      `{"labels":{"a":0,"a":1},"customers":[${JSON.stringify(customer)}]}`,
      /\/labels\/a: stands there twice/,
    ],
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22]), /not text in UTF-8/],
    ['damaged gzip', new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3]), /gzip file/],
  ])('fails for %s', async (_what, file, message) => {
    await expect(read(file, 'application/json')).rejects.toThrow(message);
  });

  it('fails for labels where none are asked for', async () => {
    const file = JSON.stringify({ customers: [customer], labels: { a: 0, b: 1 } });
    await expect(read(file, 'application/json', false)).rejects.toThrow(
      /a first segmentation takes no labels/,
    );
  });

  it('tells the first twenty faults and reads no further', async () => {
    const customers = Array.from({ length: 50 }, (_, i) => ({ ...customer, id: `c${i}`, frequency: -1 }));
    const { context } = await document({
      customers,
      labels: Object.fromEntries(customers.map(({ id }) => [id, 0])),
    }).catch((error) => error);
    expect(context.errors).toHaveLength(20);
  });

  it('treats names of prototypes as any other id', async () => {
    const customers = ['__proto__', 'constructor', 'toString'].map((id) => ({ ...customer, id }));
    const text = `{"customers":${JSON.stringify(customers)},"labels":{"__proto__":1,"constructor":2,"toString":3}}`;
    expect((await read(text, 'application/json')).map(({ parent }) => parent)).toEqual([1, 2, 3]);
  });

  it('is read in bounded memory: a piece of more than 64 MiB fails', async () => {
    async function* chunks() {
      yield new TextEncoder().encode('{"other":"');
      for (let i = 0; i < 65; i++) yield new Uint8Array(1024 ** 2).fill(0x61);
    }
    const pieces = jsonPieces(chunks(), { within: ['customers'], fields: [] });
    await expect(pieces.next()).rejects.toThrow(/67108864 bytes without an element of customers/);
  });
});

describe('uploaded lines', () => {
  it('are customers in the order of the file', async () => {
    const found = await lines(labelled, '', { ...labelled, id: 'b', label: -1 });
    expect(found).toEqual([
      { customer, parent: 0 },
      { customer: { ...customer, id: 'b' }, parent: -1 },
    ]);
  });

  it.each([
    ['a line that is no JSON', [labelled, '{"id":'], /line 2: not valid JSON/],
    ['NaN', ['{"id":"a","frequency":NaN}'], /line 1: not valid JSON/],
    ['a customer without label', [customer], /line 1, \/label/],
    [
      'an id that stands there twice',
      [labelled, '', labelled],
      /line 3, \/id: the id "a" stands there twice/,
    ],
    ['half an order', [{ ...labelled, frequency: 1.5 }], /line 1, \/frequency/],
    ['no customer', ['', ' '], /holds no customer/],
  ])('fail for %s', async (_what, values, message) => {
    await expect(lines(...values)).rejects.toThrow(message);
  });
});

describe('chunks of customers', () => {
  it.each([1, 500, 10_000, 1e9])(
    'give each parent back in the order of the file, cut at %i characters',
    async (size) => {
      const { objects } = memoryPorts();
      const customers = madeUpCustomers(200);
      const parentOf = (row: number) => ((row * 7) % 5) - 1;
      async function* parented() {
        for (const [row, each] of customers.entries()) yield { customer: each, parent: parentOf(row) };
      }
      const keyOf = (chunk: number) => `chunk/${chunk}`;
      const { chunks, counts } = await writeCustomerChunks(objects, keyOf, parented(), size);
      expect(Object.fromEntries(counts)).toEqual({ '-1': 40, 0: 40, 1: 40, 2: 40, 3: 40 });
      for (const wanted of [[0, 1], [2], [3, -1], [-1]]) {
        const found = await readCustomers(objects, keyOf, chunks, wanted);
        for (const parent of wanted) {
          expect(found.get(parent)).toEqual(customers.filter((_, row) => parentOf(row) === parent));
        }
      }
    },
  );
});

describe('labels by id', () => {
  it('do as a Map does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.integer({ min: -1, max: 9 }))),
        (pairs) => {
          const labels = new IdLabels();
          const expected = new Map<string, number>();
          for (const [id, label] of pairs) {
            expect(labels.add(id, label)).toBe(!expected.has(id));
            if (!expected.has(id)) expected.set(id, label);
          }
          expect(labels.size).toBe(expected.size);
          for (const [id, label] of expected) {
            expect([labels.isTaken(id), labels.take(id), labels.take(id), labels.isTaken(id)]).toEqual([
              false,
              label,
              'twice',
              true,
            ]);
          }
          expect(labels.take('never there')).toBeUndefined();
        },
      ),
    );
  });

  it('keep what they hold while they grow', () => {
    const labels = new IdLabels();
    for (let i = 0; i < 20_000; i++) labels.add(`c${i}`, i % 1000);
    expect(labels.take('c5')).toBe(5);
    for (let i = 20_000; i < 50_000; i++) labels.add(`c${i}`, i % 1000);
    expect([labels.take('c5'), labels.take('c49999'), labels.take('c50000')]).toEqual([
      'twice',
      999,
      undefined,
    ]);
  });
});
