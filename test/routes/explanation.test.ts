import { describe, expect, it } from 'vitest';
import { model, openApi } from './api-fixture.ts';

const PATH = '/v1/customers/C-1/explanation';

describe('GET /v1/customers/{customerId}/explanation', () => {
  it('says what each feature adds to the distance, and how far the runner-up is', async () => {
    const { call, publish } = openApi();
    await publish();
    const { statusCode, json } = await call({ path: PATH });
    expect(statusCode).toBe(200);
    // Recency 40 and monetary 300 lie on the center of segment 1, frequency 2 too.
    expect(json).toMatchObject({
      customer_id: 'C-1',
      segment_id: 1,
      segment_name: 'Big spenders',
      distance_to_center: 0,
    });
    expect(json.distance_parts.map(({ part }: { part: number }) => part)).toEqual([0, 0, 0]);
    expect(json.runner_up).toMatchObject({ segment_id: 0, distance_to_center: 5, margin: 1 });
    expect(json.runner_up.margin_parts).toEqual([
      { feature: 'monetary', part: 16, share: 0.64 },
      { feature: 'recency_days', part: 9, share: 0.36 },
      { feature: 'frequency', part: 0, share: 0 },
    ]);
  });

  it('names changes that do move the customer, as scoring it anew shows', async () => {
    const { call, publish } = openApi();
    await publish();
    const { json } = await call({ path: PATH });
    expect(json.smallest_changes.length).toBeGreaterThan(0);
    const customer: Record<string, number> = { recency_days: 40, frequency: 2, monetary: 300 };
    for (const { column, from, to, segment_id } of json.smallest_changes) {
      expect(from).toBe(customer[column]);
      const { recency_days: recency, ...moved } = { ...customer, [column]: to } as Record<string, number>;
      const scored = await call({ method: 'POST', path: '/segment/manual', body: { recency, ...moved } });
      expect(scored.json.segment_id).toBe(segment_id);
      expect(segment_id).not.toBe(1);
    }
    expect(model.nClusters).toBe(2);
  });

  it('fails for a customer who is not there, and for another tenant’s', async () => {
    const { call, publish } = openApi();
    await publish();
    expect((await call({ path: '/v1/customers/C-2/explanation' })).statusCode).toBe(404);
    expect((await call({ path: PATH, tenant: 'rival' })).statusCode).toBe(404);
  });
});
