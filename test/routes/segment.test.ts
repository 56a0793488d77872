import { describe, expect, it } from 'vitest';
import { runKeys } from '../../functions/contracts/keys.ts';
import { openApi } from './api-fixture.ts';

const STATS_OF_FIRST = {
  Recency_mean: 10,
  Recency_median: 11,
  Recency_min: 9,
  Recency_max: 12,
  Frequency_mean: 20,
  Frequency_median: 21,
  Frequency_min: 19,
  Frequency_max: 22,
  Monetary_mean: 30,
  Monetary_median: 31,
  Monetary_min: 29,
  Monetary_max: 32,
};

const manual = (body: unknown) => ({ method: 'POST', path: '/segment/manual', body });
const customer = (body: unknown) => ({ method: 'POST', path: '/segment/customer', body });

describe('GET /health', () => {
  it('answers the body of the source, without a key', async () => {
    const { call } = openApi();
    const { statusCode, body, headers } = await call({ path: '/health', tenant: null });
    expect(statusCode).toBe(200);
    expect(body).toBe('{"status":"ok","service":"segmentation-agent"}');
    expect(headers['content-type']).toBe('application/json');
  });
});

describe('POST /segment/manual', () => {
  it('scores the hand-worked customer: (20, 2, 150) scales to (1, 0, 1), √2 from the first center', async () => {
    const { call, publish } = openApi();
    await publish();
    const { statusCode, json } = await call(manual({ recency: 20, frequency: 2, monetary: 150 }));
    expect(statusCode).toBe(200);
    expect(json).toEqual({
      segment_id: 0,
      segment_name: 'Regular customers',
      stats: STATS_OF_FIRST,
      confidence: 1 - Math.SQRT2 / 5,
      distance_to_center: Math.SQRT2,
    });
  });

  it('rounds the scaled values to float32, as the batch does', async () => {
    const { call, publish } = openApi();
    await publish();
    const { json } = await call(manual({ recency: 11, frequency: 2, monetary: 100 }));
    expect(json.distance_to_center).toBe(Math.fround(0.1));
  });

  it('takes the lower segment when two centers are equally near', async () => {
    const { call, publish } = openApi();
    await publish();
    // (1.5, 0, 2) lies half way between (0, 0, 0) and (3, 0, 4).
    const { json } = await call(manual({ recency: 25, frequency: 2, monetary: 200 }));
    expect(json).toMatchObject({ segment_id: 0, distance_to_center: 2.5, confidence: 0.5 });
  });

  it('has confidence 0 from a distance of 5 on', async () => {
    const { call, publish } = openApi();
    await publish();
    const { json } = await call(manual({ recency: 10_000, frequency: 900, monetary: 0 }));
    expect(json.distance_to_center).toBeGreaterThan(5);
    expect(json.confidence).toBe(0);
  });

  it('uses the dataset published last, or the one that is named', async () => {
    const { call, publish, ports } = openApi();
    await publish('acme', 'orders', 'r1', '2026-02-01T00:00:00.000Z');
    await publish('acme', 'visits', 'r2', '2026-01-01T00:00:00.000Z');
    const [first] = await ports.segments.segments('acme', 'visits', 'r2');
    await ports.segments.putSegments([{ ...first!, name: 'Frequent visitors' }]);
    const rfm = { recency: 10, frequency: 2, monetary: 100 };
    expect((await call(manual(rfm))).json.segment_name).toBe('Regular customers');
    expect((await call(manual({ ...rfm, dataset: 'visits' }))).json.segment_name).toBe('Frequent visitors');
  });

  it('serves the new run as soon as it is published, although the old one is kept in memory', async () => {
    const { call, publish, ports } = openApi();
    const rfm = { recency: 10, frequency: 2, monetary: 100 };
    await publish();
    await call(manual(rfm));
    await publish('acme', 'orders', 'r2', '2026-02-02T00:00:00.000Z');
    const [first] = await ports.segments.segments('acme', 'orders', 'r2');
    await ports.segments.putSegments([{ ...first!, name: 'Renamed' }]);
    expect((await call(manual(rfm))).json.segment_name).toBe('Renamed');
  });

  it('reads the model once and answers well below 100 ms while warm', async () => {
    const { call, publish, ports } = openApi();
    await publish();
    const body = { recency: 20, frequency: 2, monetary: 150 };
    await call(manual(body));
    ports.contents.objects.clear();
    const started = performance.now();
    for (let n = 0; n < 100; n++) expect((await call(manual(body))).statusCode).toBe(200);
    expect((performance.now() - started) / 100).toBeLessThan(50);
  });

  it.each([
    ['a missing field', { recency: 1, frequency: 1 }, '/monetary'],
    ['text for a number', { recency: '1', frequency: 1, monetary: 1 }, '/recency'],
    ['a negative value', { recency: 1, frequency: 1, monetary: -1 }, '/monetary'],
    ['a value beyond all reason', { recency: 1, frequency: 1, monetary: 1e300 }, '/monetary'],
    ['an unknown field', { recency: 1, frequency: 1, monetary: 1, 'a/b': 1 }, '/a~1b'],
    ['a list', [1, 2, 3], ''],
    ['null', null, ''],
  ])('fails with 400 and the pointer of the field for %s', async (_what, body, pointer) => {
    const { call, publish } = openApi();
    await publish();
    const { statusCode, headers, json } = await call(manual(body));
    expect(statusCode).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(json).toMatchObject({ title: 'InvalidRequestError', status: 400, requestId: 'request-1' });
    expect(json.detail).toMatch(/^Invalid input/);
    expect(json.errors).toEqual([{ in: 'body', pointer, detail: expect.any(String) }]);
  });

  it('fails with 404 while nothing is published', async () => {
    const { call } = openApi();
    const { statusCode, json } = await call(manual({ recency: 1, frequency: 1, monetary: 1 }));
    expect(statusCode).toBe(404);
    expect(json.detail).toMatch(/^Model artifact not found/);
  });

  it('fails with 404 when the model of the published run is gone, and recovers when it is back', async () => {
    const { call, publish, ports } = openApi();
    await publish();
    const key = runKeys({ tenant: 'acme', dataset: 'orders', runId: 'r1' }).artifact('model.json');
    const model = ports.contents.objects.get(key)!;
    ports.contents.objects.delete(key);
    const body = { recency: 1, frequency: 1, monetary: 1 };
    const { statusCode, json } = await call(manual(body));
    expect(statusCode).toBe(404);
    expect(json.detail).toMatch(/^Model artifact not found/);
    ports.contents.objects.set(key, model);
    expect((await call(manual(body))).statusCode).toBe(200);
  });
});

describe('POST /segment/customer', () => {
  it('answers with the stored label of the customer', async () => {
    const { call, publish } = openApi();
    await publish();
    const { statusCode, json } = await call(customer({ customer_id: 'C-1' }));
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({
      segment_id: 1,
      segment_name: 'Big spenders',
      confidence: 1,
      distance_to_center: 0,
    });
    expect(Object.keys(json.stats)).toEqual(Object.keys(STATS_OF_FIRST));
  });

  it('takes a number for its digits', async () => {
    const { call, publish, ports } = openApi();
    await publish();
    await ports.labels.putLabels({ tenant: 'acme', dataset: 'orders', runId: 'r1' }, [
      { customerId: '12347', cluster: 0, features: { recency_days: 1, frequency: 1, monetary: 1 } },
    ]);
    expect((await call(customer({ customer_id: 12347 }))).json.segment_id).toBe(0);
    expect((await call(customer({ customer_id: ' 12347 ' }))).json.segment_id).toBe(0);
  });

  it('fails with 404 for an unknown customer, and keeps the id out of the log', async () => {
    const { call, publish, log } = openApi();
    await publish();
    const { statusCode, json } = await call(customer({ customer_id: 'nobody-77' }));
    expect(statusCode).toBe(404);
    expect(json.detail).toMatch(/^Customer not found/);
    expect(log.join('')).not.toContain('nobody-77');
  });

  it('fails with 404 while nothing is published', async () => {
    const { json } = await openApi().call(customer({ customer_id: 12347 }));
    expect(json).toMatchObject({ status: 404, detail: expect.stringMatching(/^Model artifact not found/) });
  });

  it.each([
    [{}],
    [{ customer_id: null }],
    [{ customer_id: 1.5 }],
    [{ customer_id: '' }],
    [{ customer_id: true }],
  ])('fails with 400 for %j', async (body) => {
    const { call, publish } = openApi();
    await publish();
    const { json } = await call(customer(body));
    expect(json).toMatchObject({ status: 400, detail: expect.stringMatching(/^Invalid input/) });
    expect(json.errors[0].pointer).toBe('/customer_id');
    expect(json.errors[0].detail).toMatch(/1 to 256 characters|>=1 characters/);
  });
});
