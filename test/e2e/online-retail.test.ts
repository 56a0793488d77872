import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CustomerSegment, SegmentAnswer, SegmentsPage } from '../../functions/contracts/api.ts';
import type { RunDetail, RunSummary } from '../../functions/contracts/api-runs.ts';
import type { FittedRecipe } from '../../functions/contracts/recipe.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

const file = fileURLToPath(
  new URL('../../../shared/data/online_retail/online_retail.csv.gz', import.meta.url),
);

/** The figures that pandas and scikit-learn give on this file, cleaned and reduced in the same way. */
const ORACLE = {
  means: [92.53642231443061, 4.272014753342554, 2054.2664601198708],
  deviations: [100.00264028934252, 7.697110499963787, 8988.194278527177],
  inertia: 3118.2841,
  sizes: [3049, 1062, 213, 8, 6],
};

describe.skipIf(!existsSync(file))('541,909 real invoice lines, from drop to API', () => {
  let stack: Stack;
  let api: ReturnType<typeof apiOf>;
  let run: RunDetail;

  beforeAll(async () => {
    stack = await startStack();
    api = apiOf(stack, await stack.keyOf('acme'));
    const execution = await stack.drop('drop/acme/orders/online_retail.csv.gz', readFileSync(file));
    expect(execution.status, execution.cause).toBe('SUCCEEDED');
    const { body } = await api.get<{ runs: RunSummary[] }>('/v1/runs');
    run = await api.run(body.runs[0]!.runId);
  });
  afterAll(() => stack?.remove());

  it('counts every row, by the rule that dropped it', () => {
    expect(run.status).toBe('succeeded');
    const { read, used, rejected, byRule } = run.rows!;
    expect([read, used, rejected]).toEqual([541_909, 397_884, 144_025]);
    expect(byRule).toMatchObject({
      missing_customer_id: 135_080,
      quantity_not_positive: 8905,
      unit_price_not_positive: 40,
    });
    expect(Object.values(byRule).reduce((sum, n) => sum + n, 0)).toBe(rejected);
  });

  it('reduces them to the customers, means and deviations of the oracle', async () => {
    expect(run.nEntities).toBe(4338);
    const scaler = run.artifacts!.find(({ name }) => name === 'scaler.json')!;
    const recipe = JSON.parse(Buffer.from(await stack.object(scaler.key)).toString()) as FittedRecipe;
    recipe.features.forEach(({ offset, scale }, i) => {
      expect(offset / ORACLE.means[i]!).toBeCloseTo(1, 13);
      expect(scale / ORACLE.deviations[i]!).toBeCloseTo(1, 13);
    });
  });

  it('finds the best known optimum', () => {
    expect(run.scores!.inertia).toBeLessThanOrEqual(ORACLE.inertia);
    expect(run.scores!.silhouette).toBeGreaterThan(0.5);
  });

  it('serves named segments that add up', async () => {
    const { body } = await api.get<SegmentsPage>('/v1/segments?dataset=orders');
    expect(body.runId).toBe(run.runId);
    const sizes = body.segments.map(({ size }) => size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(4338);
    sizes.forEach((size, i) => {
      expect(Math.abs(size - ORACLE.sizes[i]!)).toBeLessThanOrEqual(3);
    });
    expect(body.segments.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(new Set(body.segments.map(({ name }) => name)).size).toBe(5);
  });

  it('scores a known customer as the batch did, and anybody by hand', async () => {
    const known = await api.get<CustomerSegment>('/v1/customers/12347/segment?dataset=orders');
    expect(known.body.features).toMatchObject({ recency_days: 2, frequency: 7 });
    expect(known.body.features.monetary).toBeCloseTo(4310, 9);
    const byId = await api.post<SegmentAnswer>('/segment/customer', { customer_id: 12347 });
    expect(byId.status).toBe(200);
    const { recency_days: recency, frequency, monetary } = known.body.features;
    const byHand = await api.post<SegmentAnswer>('/segment/manual', { recency, frequency, monetary });
    expect(byHand.body).toEqual(byId.body);
    expect(byId.body).toMatchObject({
      segment_id: known.body.segment_id,
      segment_name: known.body.segment_name,
      distance_to_center: known.body.distance_to_center,
      confidence: Math.max(0, 1 - known.body.distance_to_center / 5),
    });
    expect(Object.keys(byId.body.stats)).toHaveLength(12);
  });

  it('fails for a customer that does not exist and for a body that is not one', async () => {
    expect((await api.post('/segment/customer', { customer_id: 99999 })).status).toBe(404);
    expect((await api.post('/segment/manual', { recency: 'x' })).status).toBe(400);
    expect((await api.get('/v1/customers/99999/segment')).status).toBe(404);
  });
});
