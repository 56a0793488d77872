import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { allRoutes } from '../../functions/routes/all-routes.ts';
import { openApi } from './api-fixture.ts';
import { segmentedLeads } from './segmented-leads.ts';

/** An answer fits the schema that its route shows. */
function expectShown(path: string, method: string, json: unknown) {
  const { answer } = allRoutes.find((route) => route.path === path && route.method === method)!;
  const strict = answer instanceof z.ZodObject ? answer.strict() : answer;
  expect(strict.safeParse(json).error).toBeUndefined();
}

describe('a run on leads', () => {
  let api: Awaited<ReturnType<typeof segmentedLeads>>;
  beforeAll(async () => {
    api = await segmentedLeads();
  }, 60_000);
  const get = async (path: string, query: Record<string, string> = {}, tenant = 'acme') =>
    api.call({ path, query, tenant });

  it('lists the segments of all three algorithms with names, averages and recommendations', async () => {
    const { statusCode, json } = await get('/api/segmentation/list', { limit: '100' });
    expect(statusCode).toBe(200);
    expectShown('/api/segmentation/list', 'GET', json);
    const algorithms = new Set(
      json.clusters.map((c: { clustering_algorithm: string }) => c.clustering_algorithm),
    );
    expect(algorithms).toEqual(new Set(['kmeans', 'dbscan', 'hierarchical']));
    const kmeans = json.clusters.filter(
      (c: { clustering_algorithm: string }) => c.clustering_algorithm === 'kmeans',
    );
    expect(kmeans.map(({ size }: { size: number }) => size)).toEqual([121, 81, 40]);
    expect(kmeans[0]).toMatchObject({
      id: `${api.runId}.kmeans.0`,
      cluster_id: 0,
      cluster_name: expect.stringMatching(/^Segmento 0 - Alto Valor \+ Alto Engajamento \(SP\)$/),
      dominant_utm_sources: ['facebook'],
    });
    for (const cluster of json.clusters) {
      expect(cluster.action_recommendations.length).toBeGreaterThan(0);
      expect(cluster.bid_recommendations.length).toBeGreaterThan(0);
      expect(cluster.campaign_recommendations.length).toBeGreaterThan(0);
    }
    const ten = await get('/api/segmentation/list', { algorithm: 'kmeans' });
    expect(ten.json.clusters).toEqual(kmeans);
  });

  it('lists outliers by risk, with contributions that sum to it and the patterns that fired', async () => {
    const { statusCode, json } = await get('/api/segmentation/outliers');
    expect(statusCode).toBe(200);
    expectShown('/api/segmentation/outliers', 'GET', json);
    const ids = json.outliers.map(({ lead_id }: { lead_id: string }) => lead_id);
    expect(ids.slice(0, 2).sort()).toEqual(['stray-0', 'stray-1']);
    for (const { risk_score, confidence, contributions } of json.outliers) {
      const sum = contributions.reduce((s: number, c: { contribution: number }) => s + c.contribution, 0);
      expect(sum).toBeCloseTo(risk_score, 9);
      expect(confidence).toBeLessThan(0.5);
    }
    const bot = json.outliers.find(({ lead_id }: { lead_id: string }) => lead_id === 'stray-0');
    expect(bot).toMatchObject({ behavior_score: 99.5, state: 'AC', suspicious: true });
    expect(bot.rules).toContain('bot_like');
    expect(JSON.stringify(json)).not.toContain('@example.com');
    expect((await get('/api/segmentation/outliers', { limit: '1' })).json.outliers).toEqual(
      json.outliers.slice(0, 1),
    );
    expect((await get('/api/segmentation/outliers', { confidence_threshold: '0' })).json.outliers).toEqual(
      [],
    );
  });

  it('keeps recommendations that were changed by hand', async () => {
    const body = { cluster_id: 1, action_recommendations: ['Ligar hoje'], bid_recommendations: [] };
    const call = { method: 'PUT', path: '/api/segmentation/update' };
    const { statusCode, json } = await api.call({ ...call, body });
    expect(statusCode).toBe(200);
    expectShown('/api/segmentation/update', 'PUT', json);
    expect(json.cluster).toMatchObject({ action_recommendations: ['Ligar hoje'], bid_recommendations: [] });
    expect(json.cluster.campaign_recommendations.length).toBeGreaterThan(0);
    const listed = (await get('/api/segmentation/list', { algorithm: 'kmeans' })).json.clusters[1];
    expect(listed).toEqual(json.cluster);
    expect((await api.call({ ...call, body: { ...body, cluster_id: 99 } })).json.status).toBe(404);
    expect((await api.call({ ...call, body: { ...body, run_id: 'r-none' } })).json.status).toBe(404);
    expect((await api.call({ ...call, body, tenant: 'other' })).json.status).toBe(404);
    expect((await api.call({ ...call, body: { cluster_id: 1 } })).statusCode).toBe(400);
  });

  it('shows all that was found, and the tree level by level with children that sum to their parent', async () => {
    const path = `/v1/runs/${api.runId}/segmentation`;
    const { statusCode, json } = await get(path);
    expect(statusCode).toBe(200);
    expectShown('/v1/runs/{runId}/segmentation', 'GET', json);
    expect(json.skipped).toEqual([]);
    const dbscan = json.segmentations[1];
    // Runs name no radius: on real leads a fixed one calls most of them outliers.
    expect(dbscan.selection.reason).toContain('knee');
    const clustered = dbscan.clusters.reduce((sum: number, { size }: { size: number }) => sum + size, 0);
    expect(clustered + dbscan.n_outliers).toBe(242);
    expect(dbscan.n_core_points + dbscan.n_border_points).toBe(clustered);
    const only = await get(path, { algorithm: 'hierarchical' });
    expect(only.json.segmentations).toEqual([json.segmentations[2]]);
    const visit = async (node: string): Promise<number> => {
      const level = await get(`/v1/runs/${api.runId}/tree`, { node });
      expectShown('/v1/runs/{runId}/tree', 'GET', level.json);
      if (level.json.children.length === 0) return level.json.node.size;
      const sizes = [];
      for (const child of level.json.children) sizes.push(await visit(child.id));
      expect(sizes.reduce((a, b) => a + b, 0)).toBe(level.json.node.size);
      return level.json.node.size;
    };
    expect(await visit('0')).toBe(242);
    expect((await get(`/v1/runs/${api.runId}/tree`, { node: '0.9' })).json.status).toBe(404);
    expect((await get(`/v1/runs/${api.runId}/tree`, { node: 'root' })).statusCode).toBe(400);
    expect((await get(path, {}, 'other')).json.status).toBe(404);
  });

  it('serves the segments of k-means under the same ids and words', async () => {
    const { json } = await get('/v1/segments');
    expect(json.segments.map(({ segment_id }: { segment_id: number }) => segment_id)).toEqual([0, 1, 2]);
    expect(json.segments[0].name).toBe('Alto Valor + Alto Engajamento (SP)');
  });
});

describe('the segmentation endpoints', () => {
  it.each([
    ['/api/segmentation/list', { limit: '0' }],
    ['/api/segmentation/list', { limit: '-1' }],
    ['/api/segmentation/list', { limit: '1000000' }],
    ['/api/segmentation/list', { algorithm: 'ward' }],
    ['/api/segmentation/outliers', { limit: '0' }],
    ['/api/segmentation/outliers', { confidence_threshold: '1.5' }],
    ['/api/segmentation/outliers', { confidence_threshold: 'NaN' }],
    ['/api/segmentation/outliers', { dataset: 'No Such' }],
  ])('fails with 400 for %s with %j', async (path, query) => {
    expect((await openApi().call({ path, query })).statusCode).toBe(400);
  });

  it('fails with 404 while nothing is published', async () => {
    for (const path of ['/api/segmentation/list', '/api/segmentation/outliers']) {
      expect((await openApi().call({ path, query: { dataset: 'none' } })).statusCode).toBe(404);
    }
  });
});
