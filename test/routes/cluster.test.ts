import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CLUSTER_BODY_BYTES, MOST_INLINE_LEADS } from '../../functions/contracts/api-cluster.ts';
import { clusterAnswerSchema, clusterStartedSchema } from '../../functions/contracts/api-cluster-answer.ts';
import { plantedLeads, REFERENCE_AT } from '../segmentation/planted-leads.ts';
import { openApi } from './api-fixture.ts';

const PATH = '/api/segmentation/cluster';
const leads = plantedLeads(120);
const api = openApi(() => new Date(REFERENCE_AT));
const post = (body: unknown, more = {}) => api.call({ method: 'POST', path: PATH, body, ...more });

describe(`POST ${PATH} with leads`, () => {
  it('answers at once in the words of S0-24: success, algorithm, n_clusters, clusters, generated_at', async () => {
    const { statusCode, json } = await post({ leads, n_clusters: 3, client_vertical: 'curso-online' });
    expect(statusCode).toBe(200);
    expect(clusterAnswerSchema.parse(json)).toEqual(json);
    expect(json).toMatchObject({
      success: true,
      algorithm: 'kmeans',
      n_clusters: 3,
      generated_at: REFERENCE_AT,
      client_vertical: 'curso-online',
      total_leads: 120,
      left_out_leads: {},
    });
    expect(json.clusters[0]).toMatchObject({
      cluster_id: 0,
      name: 'Segmento 0 - Alto Valor + Alto Engajamento (SP)',
      size: 60,
      percentage: 0.5,
      avg_ltv: expect.closeTo(500, -2),
      action_recommendations: expect.arrayContaining(['Priorizar remarketing em 24h']),
    });
  });

  it('holds the document of k-means (S0-11)', async () => {
    const { json } = await post({ leads });
    expect(json.n_clusters).toBe(5);
    expect(json.silhouette_scores.by_cluster).toHaveLength(5);
    expect(json.convergence.iterations).toBeLessThanOrEqual(100);
    expect(json.convergence.final_inertia).toBeGreaterThan(0);
    const [{ characteristics, centroid, sample_leads }] = json.clusters;
    expect(Object.keys(characteristics)).toEqual(
      expect.arrayContaining([
        'avg_ltv',
        'avg_behavior_score',
        'avg_engagement_score',
        'dominant_countries',
        'dominant_states',
        'dominant_utm_source',
        'top_features',
      ]),
    );
    expect(Object.values<number>(centroid).every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(sample_leads).toHaveLength(3);
  });

  it('holds the document of DBSCAN (S0-13), whose points are all leads', async () => {
    const { json } = await post({ leads, algorithm: 'dbscan' });
    expect(json.n_core_points + json.n_border_points + json.n_outliers).toBe(120);
    expect(json.epsilon).toBe(0.3);
    for (const { density } of json.clusters) expect(['high', 'medium', 'low']).toContain(density);
    for (const outlier of json.outliers) {
      expect(outlier).toMatchObject({
        suspicious: true,
        risk_score: expect.any(Number),
        reason: expect.any(String),
      });
    }
  });

  it('holds the document of the tree (S0-17), with a dendrogram', async () => {
    const { json } = await post({ leads, algorithm: 'hierarchical' });
    const { children, size } = json.tree.level_0;
    expect(size).toBe(120);
    expect(children.reduce((sum: number, child: { size: number }) => sum + child.size, 0)).toBe(120);
    expect(Object.keys(json.statistics)).toEqual(
      expect.arrayContaining(['n_levels', 'n_leaf_clusters', 'avg_leaf_size', 'best_depth_for_lead']),
    );
    expect(json.dendrogram.n_rows).toBe(120);
  });

  it('takes a gzip body, and answers the same bytes each time', async () => {
    const body = gzipSync(JSON.stringify({ leads })).toString('base64');
    const event = { isBase64Encoded: true, headers: { 'content-encoding': 'gzip' } };
    const packed = await post(body, { event });
    expect(packed.statusCode).toBe(200);
    expect(packed.body).toBe((await post({ leads })).body);
  });

  it('counts days from the instant that is named', async () => {
    const { json } = await post({ leads, reference_at: '2026-12-30T12:00:00Z' });
    expect(json.title).toBe('InsufficientDataError');
    const kept = await post({ leads, reference_at: '2026-12-30T12:00:00Z', max_data_age_months: null });
    expect(kept.statusCode).toBe(200);
  });

  it('writes nothing', async () => {
    const fresh = openApi(() => new Date(REFERENCE_AT));
    await fresh.call({ method: 'POST', path: PATH, body: { leads } });
    expect((await fresh.ports.runs.list('acme', { limit: 10 })).items).toEqual([]);
    for await (const { key } of fresh.ports.objects.list('')) expect(key).toBeUndefined();
  });

  it.each([
    ['2 clusters', { n_clusters: 2 }, '/n_clusters'],
    ['11 clusters', { n_clusters: 11 }, '/n_clusters'],
    ['clusters as text', { n_clusters: '5' }, '/n_clusters'],
    ['an algorithm that does not exist', { algorithm: 'ward' }, '/algorithm'],
    ['a negative epsilon', { epsilon: -1 }, '/epsilon'],
    ['min_samples 0', { min_samples: 0 }, '/min_samples'],
    ['a depth of 0', { max_depth: 0 }, '/max_depth'],
    ['a contamination of all', { contamination: 1 }, '/contamination'],
    ['no lead', { leads: [] }, '/leads'],
    ['leads that are no list', { leads: { id: 1 } }, '/leads'],
    ['a lead that is a number', { leads: [7] }, '/leads/0'],
    [
      'a score that is text',
      { leads: leads.with(2, { ...leads[2]!, behavior_score: 'high' }) },
      '/leads/2/behavior_score',
    ],
    ['the same id twice', { leads: [...leads, leads[0]] }, '/leads/120/lead_id'],
    ['a language that is not spoken', { locale: 'fr' }, '/locale'],
    ['another month count', { max_data_age_months: 0 }, '/max_data_age_months'],
    ['an unknown option', { clusters: 3 }, '/clusters'],
  ])('fails with 400 for %s', async (_, change, pointer) => {
    const { statusCode, json } = await post({ leads, ...change });
    expect([statusCode, json.title]).toEqual([400, 'InvalidRequestError']);
    expect(json.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  it.each([2, 11, 3.5, '5'])(
    'says which numbers of clusters there can be where %j is asked for',
    async (n_clusters) => {
      const { json } = await post({ leads, n_clusters });
      expect(json.errors[0].detail).toContain('must be a whole number from 3 to 10, or "auto"');
    },
  );

  it('fails with 400 for features that do not exist, naming those that do', async () => {
    const { statusCode, json } = await post({ leads, features: ['ltv', 'karma'] });
    expect([statusCode, json.reason]).toEqual([400, 'unknown_feature']);
    expect(json.detail).toMatch(/karma.*behavior_score/);
  });

  it.each([
    ['NaN', `{"leads":[{"lead_id":"a","behavior_score":NaN}]}`],
    ['half a body', '{"leads":[{"lead_id"'],
    ['nothing', ''],
    ['a list', '[]'],
  ])('fails with 400 for a body that is %s', async (_, text) => {
    expect((await post(text)).statusCode).toBe(400);
  });

  it('fails with 422 and the advice of S0-31 for fewer leads than min_data_points', async () => {
    const { statusCode, json } = await post({ leads: leads.slice(0, 99), locale: 'en' });
    expect([statusCode, json.title, json.reason]).toEqual([422, 'InsufficientDataError', 'too_few_rows']);
    expect(json.detail).toContain('Raise max_data_age_months');
    expect((await post({ leads: leads.slice(0, 99), min_data_points: 50 })).statusCode).toBe(200);
  });

  it('fails with 413 for too many leads, naming the limit and the upload path', async () => {
    const many = Array.from({ length: MOST_INLINE_LEADS + 1 }, (_, i) => ({
      lead_id: i,
      behavior_score: i % 100,
    }));
    const { statusCode, json } = await post({ leads: many, dataset: 'leads' });
    expect(statusCode).toBe(413);
    expect(json).toMatchObject({ reason: 'too_many_leads', limit: MOST_INLINE_LEADS });
    expect(json.detail).toContain('drop/acme/leads/');
  });

  it('fails with 413 for too many bytes, naming the limit and the upload path', async () => {
    const { statusCode, json } = await post(`{"leads":[{"lead_id":"${'x'.repeat(CLUSTER_BODY_BYTES)}"}]}`);
    expect(statusCode).toBe(413);
    expect(json.limitBytes).toBe(CLUSTER_BODY_BYTES);
    expect(json.detail).toContain('drop/{tenant}/{dataset}/');
  });

  it('fails with 401 without a key and with 403 without the scope', async () => {
    expect((await post({ leads }, { tenant: null })).statusCode).toBe(401);
    expect((await post({ leads }, { scopes: ['segments:read'] })).statusCode).toBe(403);
  });
});

describe('cluster without leads', () => {
  const published = async () => {
    const fresh = openApi(() => new Date(REFERENCE_AT));
    await fresh.publish('acme', 'leads');
    await fresh.ports.objects.write('files/acme/leads/a.csv', new TextEncoder().encode('lead_id\n1\n'));
    return fresh;
  };

  it('starts a run over the files of the dataset, by POST and by its alias GET', async () => {
    const { call } = await published();
    const byPost = await call({ method: 'POST', path: PATH, body: { n_clusters: 4, client_vertical: 'x' } });
    expect(byPost.statusCode).toBe(202);
    expect(clusterStartedSchema.parse(byPost.json)).toEqual(byPost.json);
    expect(byPost.json).toMatchObject({
      success: true,
      algorithm: 'kmeans',
      dataset: 'leads',
      client_vertical: 'x',
    });
    expect(byPost.headers.location).toBe(`/v1/runs/${byPost.json.run_id}`);
    const byGet = await call({ path: PATH, query: { n_clusters: '4', vertical: 'x' } });
    expect(byGet.json).toEqual(byPost.json);
  });

  it.each([
    ['2 clusters', { n_clusters: '2' }],
    ['11 clusters', { n_clusters: '11' }],
    ['an unknown parameter', { limit: '5' }],
    ['a malformed dataset', { dataset: 'Not A Name' }],
  ])('fails with 400 for a query with %s', async (_, query) => {
    expect((await (await published()).call({ path: PATH, query })).statusCode).toBe(400);
  });

  it('fails with 404 for a dataset that is unknown, or another tenant’s', async () => {
    const { call } = await published();
    const unknown = await call({ method: 'POST', path: PATH, body: { dataset: 'nothing' } });
    expect([unknown.statusCode, unknown.json.reason]).toEqual([404, 'nothing_published']);
    const other = await call({ path: PATH, query: { dataset: 'leads' }, tenant: 'globex' });
    expect(other.statusCode).toBe(404);
  });

  it('fails with 400 for options that only leads in the body have', async () => {
    const { call } = await published();
    const { statusCode, json } = await call({ method: 'POST', path: PATH, body: { features: ['ltv'] } });
    expect([statusCode, json.reason]).toEqual([400, 'needs_leads']);
  });
});
