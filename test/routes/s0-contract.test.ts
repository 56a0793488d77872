import { beforeAll, describe, expect, it } from 'vitest';
import { plantedLeads, REFERENCE_AT } from '../segmentation/planted-leads.ts';
import { segmentedLeads } from './segmented-leads.ts';

/** One test per row of the source's contract, S0-24 … S0-28, with the rulings X01, X07 and X09: exact names, types and defaults. */
let api: Awaited<ReturnType<typeof segmentedLeads>>;
let second: string;
beforeAll(async () => {
  api = await segmentedLeads();
  second = await api.again(4);
}, 60_000);

const leads = plantedLeads(120);
const inline = { leads, max_data_age_months: null, reference_at: REFERENCE_AT };
const cluster = (body: object) => api.call({ method: 'POST', path: '/api/segmentation/cluster', body });
const get = async (path: string, query: Record<string, string> = {}) =>
  (await api.call({ path: `/api/segmentation/${path}`, query })).json;

/** Type of a JSON value, as the source writes it. */
const typeOf = (value: unknown) =>
  Array.isArray(value) ? `${typeof value[0]}[]` : value === null ? 'null' : typeof value;
const typesOf = (value: object) =>
  Object.fromEntries(Object.entries(value).map(([name, member]) => [name, typeOf(member)]));

describe('S0-24, POST /cluster', () => {
  it('answers success, algorithm, n_clusters, clusters, generated_at; clusters carry avg_ltv and action_recommendations', async () => {
    for (const algorithm of ['kmeans', 'dbscan', 'hierarchical']) {
      const { statusCode, json } = await cluster({ ...inline, algorithm });
      expect(statusCode).toBe(200);
      expect(typesOf(json)).toMatchObject({
        success: 'boolean',
        algorithm: 'string',
        n_clusters: 'number',
        clusters: 'object[]',
        generated_at: 'string',
      });
      expect([json.success, json.algorithm]).toEqual([true, algorithm]);
      expect(json.clusters).toHaveLength(json.n_clusters);
      expect(new Date(json.generated_at).toISOString()).toBe(json.generated_at);
      for (const one of json.clusters) {
        expect(typesOf(one)).toMatchObject({ avg_ltv: 'number', action_recommendations: 'string[]' });
      }
    }
  });

  it('takes algorithm, n_clusters, features and client_vertical, of which none is needed', async () => {
    const { json: usual } = await cluster(inline);
    expect([usual.algorithm, usual.n_clusters]).toEqual(['kmeans', 5]);
    const features = ['behavior_score', 'geo'];
    const { json } = await cluster({
      ...inline,
      algorithm: 'kmeans',
      n_clusters: 3,
      features,
      client_vertical: 'curso-online',
    });
    expect([json.n_clusters, json.client_vertical]).toEqual([3, 'curso-online']);
    expect(json.features.used.every((name: string) => /^(behavior_score|country|state)/.test(name))).toBe(
      true,
    );
    for (const n_clusters of [3, 10]) {
      expect((await cluster({ ...inline, n_clusters })).json.n_clusters).toBe(n_clusters);
    }
    for (const n_clusters of [2, 11]) {
      expect((await cluster({ ...inline, n_clusters })).statusCode).toBe(400);
    }
  });
});

describe('S0-25 with X01, GET /cluster', () => {
  it('is an alias: kmeans, 5 clusters and both names of the vertical, and the same body as by POST', async () => {
    const path = '/api/segmentation/cluster';
    const byGet = await api.call({ path, query: { vertical: 'general' } });
    expect([byGet.statusCode, byGet.json.algorithm]).toEqual([202, 'kmeans']);
    const spelled = { algorithm: 'kmeans', n_clusters: '5', client_vertical: 'general' };
    expect((await api.call({ path, query: spelled })).json).toEqual(byGet.json);
    const { statusCode, json } = await cluster({ vertical: 'general' });
    expect([statusCode, json]).toEqual([202, byGet.json]);
    const asked = [...api.ports.contents.executions.values()].slice(-3);
    expect(asked).toHaveLength(3);
    for (const input of asked) expect(input).toMatchObject({ request: { nClusters: 5 } });
  });

  it('writes nothing itself: what is asked for is a run, which has its own id', async () => {
    const { json } = await api.call({ path: '/api/segmentation/cluster', query: { n_clusters: '6' } });
    expect(json).toMatchObject({ success: true, dataset: 'leads', status: 'running' });
    expect((await get('list')).clusters[0].id.startsWith(second)).toBe(true);
  });
});

describe('S0-26 with X07, GET /list', () => {
  const FIELDS = {
    id: 'string',
    cluster_id: 'number',
    cluster_name: 'string',
    clustering_algorithm: 'string',
    size: 'number',
    percentage: 'number',
    avg_ltv: 'number',
    avg_behavior_score: 'number',
    avg_engagement_score: 'number',
    dominant_countries: 'string[]',
    dominant_states: 'string[]',
    dominant_utm_sources: 'string[]',
    silhouette_score: 'number',
    action_recommendations: 'string[]',
    bid_recommendations: 'string[]',
    campaign_recommendations: 'string[]',
  };

  it('answers success and clusters of these fields, and no others', async () => {
    const json = await get('list');
    expect(typesOf(json)).toEqual({ success: 'boolean', clusters: 'object[]' });
    for (const one of json.clusters) expect(typesOf(one)).toEqual(FIELDS);
  });

  it('shows 10 unless told otherwise, the newest run first, of one algorithm where asked', async () => {
    const all = (await get('list', { limit: '100' })).clusters;
    expect((await get('list')).clusters).toEqual(all.slice(0, 10));
    const runs = all.map(({ id }: { id: string }) => id.split('.')[0]);
    expect([...new Set(runs)]).toEqual([second, api.runId]);
    const kmeans = (await get('list', { algorithm: 'kmeans', limit: '5' })).clusters;
    expect(kmeans.map(({ id }: { id: string }) => id.split('.')[0])).toEqual([
      ...Array(4).fill(second),
      api.runId,
    ]);
    expect(new Set(all.map(({ id }: { id: string }) => id)).size).toBe(all.length);
  });

  it('tells percentages of all customers that sum to 1 for k-means', async () => {
    const { clusters } = await get('list', { algorithm: 'kmeans', limit: '4' });
    const sum = clusters.reduce((total: number, one: { percentage: number }) => total + one.percentage, 0);
    expect(sum).toBeCloseTo(1, 12);
  });
});

describe('S0-27 with X09, GET /outliers', () => {
  it('answers success, outliers, total and generated_at, with the fields of the row and no e-mail address', async () => {
    const json = await get('outliers');
    expect(typesOf(json)).toEqual({
      success: 'boolean',
      outliers: 'object[]',
      total: 'number',
      generated_at: 'string',
    });
    expect(json.total).toBe(json.outliers.length);
    expect(json.total).toBeGreaterThan(0);
    for (const outlier of json.outliers) {
      expect(typesOf(outlier)).toMatchObject({
        id: 'string',
        lead_id: 'string',
        behavior_score: 'number',
        days_since_lead: 'number',
        country: 'string',
        state: 'string',
        utm_source: 'string',
        utm_medium: 'string',
        risk_score: 'number',
        reason: 'string',
      });
      expect(outlier.id).toBe(outlier.lead_id);
      expect(outlier.email ?? null).toBeNull();
    }
    expect(JSON.stringify(json)).not.toContain('@');
  });

  it('shows at most 50 of a confidence strictly below 0.5, unless told otherwise', async () => {
    const { outliers } = await get('outliers', { limit: '1000', confidence_threshold: '1' });
    const below = (threshold: number) =>
      outliers.filter(({ confidence }: { confidence: number }) => confidence < threshold);
    expect((await get('outliers')).outliers).toEqual(below(0.5).slice(0, 50));
    const [{ confidence }] = outliers;
    const strictly = await get('outliers', { confidence_threshold: String(confidence) });
    expect(strictly.outliers).toEqual(below(confidence));
    expect((await get('outliers', { limit: '1', confidence_threshold: '1' })).outliers).toEqual(
      outliers.slice(0, 1),
    );
  });

  it('takes 50 as its default also where there are more', async () => {
    const [stored] = await api.ports.segments.outliers('acme', 'leads', second, 1);
    const many = Array.from({ length: 60 }, (_, i) => ({ ...stored!, lead_id: `made-${i}` }));
    await api.ports.segments.putOutliers(many);
    expect((await get('outliers')).total).toBe(50);
    expect((await get('outliers', { limit: '20' })).total).toBe(20);
  });
});

describe('S0-28 with X07, PUT /update', () => {
  const put = (body: object) => api.call({ method: 'PUT', path: '/api/segmentation/update', body });
  const shown = async (id: string) =>
    (await get('list', { limit: '100' })).clusters.find((one: { id: string }) => one.id === id);

  it('changes what is named of the newest run, by k-means unless told otherwise, and leaves the rest', async () => {
    const before = await shown(`${second}.kmeans.0`);
    const { statusCode, json } = await put({
      cluster_id: 0,
      action_recommendations: ['Ligar hoje'],
      bid_recommendations: ['Manter o lance'],
    });
    expect([statusCode, json.success, json.run_id]).toEqual([200, true, second]);
    const expected = {
      ...before,
      action_recommendations: ['Ligar hoje'],
      bid_recommendations: ['Manter o lance'],
    };
    expect(json.cluster).toEqual(expected);
    expect(await shown(`${second}.kmeans.0`)).toEqual(expected);
    expect((await shown(`${api.runId}.kmeans.0`)).action_recommendations).not.toContain('Ligar hoje');
    const campaign = await put({ cluster_id: 0, campaign_recommendations: ['Campanha de teste'] });
    expect(campaign.json.cluster).toEqual({
      ...expected,
      campaign_recommendations: ['Campanha de teste'],
    });
  });

  it('changes a segment of another run or algorithm where they are named', async () => {
    const body = { cluster_id: 0, action_recommendations: ['Esperar'] };
    const other = await put({ ...body, run_id: api.runId, algorithm: 'dbscan' });
    expect(other.json.cluster.id).toBe(`${api.runId}.dbscan.0`);
    expect((await shown(`${api.runId}.dbscan.0`)).action_recommendations).toEqual(['Esperar']);
    expect((await shown(`${second}.dbscan.0`)).action_recommendations).not.toEqual(['Esperar']);
  });
});
