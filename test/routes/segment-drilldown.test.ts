import { beforeAll, describe, expect, it } from 'vitest';
import { sampleOrders } from '../../cli/orders.ts';
import { drilldownKeys } from '../../functions/contracts/keys.ts';
import type { ChildSegment } from '../../functions/contracts/segment-drilldown.ts';
import { runStartedDrilldowns } from '../support/run-drilldown.ts';
import { runWorkflow } from '../support/run-workflow.ts';
import { openApi } from './api-fixture.ts';

const PATH = '/v1/segments/0/drilldown';

/** An API that serves 600 made-up customers in three segments, cut into so many shards. */
async function published(shards: number) {
  const api = openApi();
  const orders = [...sampleOrders({ customers: 600, seed: 3 })].join('');
  await api.ports.objects.write('files/acme/orders/a.csv', new TextEncoder().encode(orders));
  const request = { files: ['files/acme/orders/a.csv'], nClusters: 3, nInit: 2, shards };
  await runWorkflow(api.ports, { trigger: 'api', tenant: 'acme', dataset: 'orders', request });
  return api;
}

async function drilled(api: Awaited<ReturnType<typeof published>>, body: object = {}) {
  const started = await api.call({ method: 'POST', path: PATH, body });
  expect(started.statusCode).toBe(202);
  await runStartedDrilldowns(api.ports);
  const { runId } = started.json;
  const state = (await api.call({ path: `/v1/drilldowns/${runId}` })).json;
  expect(state.problem).toBeUndefined();
  const result = api.ports.contents.objects.get(drilldownKeys({ tenant: 'acme', runId }).result)!;
  const shown = (await api.call({ path: PATH })).json;
  return { state, shown, result: Buffer.from(result).toString() };
}

describe('POST /v1/segments/{segmentId}/drilldown', () => {
  let api: Awaited<ReturnType<typeof published>>;
  beforeAll(async () => {
    api = await published(2);
  });

  it('splits the segment level by level into parts that add up, under ids that name their parents', async () => {
    const { state, shown, result } = await drilled(api, { max_depth: 3, min_size: 20 });
    expect(state).toMatchObject({ kind: 'segment', status: 'succeeded', parents: { done: 1, total: 1 } });
    const segments: ChildSegment[] = shown.segments;
    const { json } = await api.call({ path: '/v1/segments' });
    const sizes = new Map<string, number>([['0', json.segments[0].size]]);
    for (const { id, size } of segments) sizes.set(id, size);
    expect(segments.length).toBeGreaterThan(3);
    for (const [id, size] of sizes) {
      const children = segments.filter(({ parent_id }) => parent_id === id);
      const told = segments.find((segment) => segment.id === id);
      if (told) expect(told.n_children).toBe(children.length);
      if (children.length === 0) continue;
      expect(children.reduce((sum, child) => sum + child.size, 0)).toBe(size);
      expect(children.map((child) => child.id)).toEqual(children.map((_, n) => `${id}.${n}`));
      expect(children.map((child) => child.size)).toEqual(
        children.map((child) => child.size).sort((a, b) => b - a),
      );
      expect(size).toBeGreaterThan(20);
      expect(new Set(children.map(({ name }) => name)).size).toBe(children.length);
    }
    expect(Math.max(...segments.map(({ depth }) => depth))).toBeLessThanOrEqual(3);
    const { labels } = JSON.parse(result);
    const leaves = segments.filter(({ n_children }) => n_children === 0);
    const counts: Record<string, number> = {};
    for (const leaf of Object.values<string>(labels)) counts[leaf] = (counts[leaf] ?? 0) + 1;
    expect(counts).toEqual(Object.fromEntries(leaves.map(({ id, size }) => [id, size])));
  });

  it('tells the figures of a part as they are among its members', async () => {
    const { shown, result } = await drilled(api, { max_depth: 1 });
    const { labels } = JSON.parse(result);
    const first: ChildSegment = shown.segments[0];
    const members = Object.keys(labels).filter((id) => labels[id] === first.id);
    const values = await Promise.all(
      members.map(async (id) => {
        const found = await api.call({ path: `/v1/customers/${encodeURIComponent(id)}/segment` });
        return found.json.features.monetary as number;
      }),
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(first.statistics.monetary!.mean).toBeCloseTo(mean, 6);
    expect(first.statistics.monetary!.max).toBe(Math.max(...values));
  });

  it('gives the same bytes at any number of shards, and is one run when asked for again', async () => {
    const [one, other] = [await drilled(api), await drilled(await published(7))];
    const withoutRun = (text: string) => ({ ...JSON.parse(text), run_id: '' });
    expect(withoutRun(other.result)).toEqual(withoutRun(one.result));
    const again = await api.call({ method: 'POST', path: PATH });
    expect(again.json).toEqual({ runId: one.state.runId, status: 'succeeded' });
  });

  it('fails for a segment or dataset that is not served, a malformed id and options out of range', async () => {
    const post = async (path: string, body: object = {}) =>
      (await api.call({ method: 'POST', path, body })).json;
    expect(await post('/v1/segments/9/drilldown')).toMatchObject({ status: 404, reason: 'no_such_segment' });
    expect(await post(PATH, { dataset: 'visits' })).toMatchObject({
      status: 404,
      reason: 'nothing_published',
    });
    expect((await post('/v1/segments/x/drilldown')).status).toBe(400);
    expect((await post(PATH, { max_depth: 7 })).errors[0].pointer).toBe('/max_depth');
    expect((await api.call({ path: '/v1/segments/1/drilldown' })).json).toMatchObject({
      status: 404,
      reason: 'not_drilled',
    });
    expect((await api.call({ path: PATH, tenant: 'other' })).statusCode).toBe(404);
  });
});
