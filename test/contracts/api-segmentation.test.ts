import { describe, expect, it } from 'vitest';
import { clusterBodySchema, clusterQuerySchema } from '../../functions/contracts/api-cluster.ts';
import {
  listAnswerSchema,
  listedOutlierSchema,
  listQuerySchema,
  outliersAnswerSchema,
  outliersQuerySchema,
  updateBodySchema,
} from '../../functions/contracts/api-segmentation.ts';
import {
  type ClusterRecord,
  clusterRecordId,
  type OutlierRecord,
} from '../../functions/contracts/segmentation-records.ts';

const ref = {
  tenant: 'acme',
  dataset: 'leads',
  run_id: 'r1',
  clustering_algorithm: 'dbscan',
} as const;

/** Every field of the source's table `ml_segments` (S0-21). */
const record: ClusterRecord = {
  ...ref,
  id: clusterRecordId(ref, 2),
  cluster_id: 2,
  cluster_name: 'Segmento 2 - Alto Valor (SP)',
  created_at: '2026-11-21T03:00:12.345Z',
  updated_at: '2026-11-21T03:00:12.345Z',
  size: 10,
  percentage: 0.1,
  avg_ltv: 497.5,
  avg_behavior_score: null,
  avg_engagement_score: 82.1,
  avg_intention_level: null,
  dominant_countries: ['BR'],
  dominant_states: ['SP', 'RJ'],
  dominant_utm_sources: ['facebook'],
  dominant_features: ['ltv'],
  silhouette_score: 0.7,
  cohesion: 0.2,
  separation: 1.4,
  action_recommendations: ['a'],
  bid_recommendations: ['b'],
  campaign_recommendations: ['c'],
  name_rule: 'Alto Valor: value 0.9',
};

const outlier: OutlierRecord = {
  ...ref,
  lead_id: 'lead_123',
  cluster_id: -1,
  confidence: 0.08,
  updated_at: '2026-11-21T03:00:12.345Z',
  risk_score: 0.92,
  reason: 'behaviour too intense',
  suspicious: true,
  email: 'a@example.com',
  behavior_score: 98,
  days_since_lead: 0,
  country: 'BR',
  state: null,
  utm_source: 'facebook',
  utm_medium: 'cpc',
  rules: ['bot_like'],
  contributions: [{ feature: 'behavior_score', contribution: 0.92 }],
  features: { behavior_score: 98, bot_like_behavior: true },
};

describe('wire of /api/segmentation', () => {
  it('shows of a stored segment the fields that S0-26 lists, bid and campaign recommendations included', () => {
    const { clusters } = listAnswerSchema.parse({ success: true, clusters: [record] });
    expect(Object.keys(clusters[0]!).sort()).toEqual(
      [
        'id',
        'cluster_id',
        'cluster_name',
        'clustering_algorithm',
        'size',
        'percentage',
        'avg_ltv',
        'avg_behavior_score',
        'avg_engagement_score',
        'dominant_countries',
        'dominant_states',
        'dominant_utm_sources',
        'silhouette_score',
        'action_recommendations',
        'bid_recommendations',
        'campaign_recommendations',
      ].sort(),
    );
    expect(record).toMatchObject(clusters[0]!);
  });

  it('tells segments of different runs and algorithms apart by id', () => {
    const ids = [ref, { ...ref, run_id: 'r2' }, { ...ref, clustering_algorithm: 'kmeans' as const }];
    expect(new Set(ids.map((one) => clusterRecordId(one, 0))).size).toBe(3);
  });

  it('shows of an outlier the fields that S0-27 lists, and the e-mail only where it is handed over', () => {
    const { email: _email, ...shown } = outlier;
    const listed = listedOutlierSchema.parse({ id: outlier.lead_id, ...shown });
    expect(Object.keys(listed)).toEqual(
      expect.arrayContaining([
        'lead_id',
        'behavior_score',
        'days_since_lead',
        'country',
        'state',
        'utm_source',
        'utm_medium',
        'risk_score',
        'reason',
      ]),
    );
    expect(listed).not.toHaveProperty('email');
    expect(listedOutlierSchema.parse({ id: outlier.lead_id, ...outlier }).email).toBe('a@example.com');
    const answer = { success: true, outliers: [listed], total: 1, generated_at: '2026-11-21T03:00:12.345Z' };
    expect(outliersAnswerSchema.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
  });

  it('has the defaults of the source: kmeans with 5 clusters, 10 segments, 50 outliers below 0.5', () => {
    expect(clusterBodySchema.parse({})).toMatchObject({
      algorithm: 'kmeans',
      n_clusters: 5,
      epsilon: 0.3,
      min_samples: 5,
      max_depth: 3,
      min_data_points: 100,
      max_data_age_months: 6,
    });
    expect(clusterQuerySchema.parse({})).toMatchObject({ algorithm: 'kmeans', n_clusters: 5 });
    expect(listQuerySchema.parse({})).toEqual({ limit: 10 });
    expect(outliersQuerySchema.parse({})).toEqual({ limit: 50, confidence_threshold: 0.5 });
  });

  it('takes client_vertical and vertical in body and query (X01)', () => {
    for (const name of ['client_vertical', 'vertical']) {
      expect(clusterBodySchema.parse({ [name]: 'curso-online' })).toHaveProperty(name, 'curso-online');
      expect(clusterQuerySchema.parse({ [name]: 'curso-online' })).toHaveProperty(name, 'curso-online');
    }
  });

  it('takes the body of the source’s contract for update, a run, an algorithm and campaigns besides (X07)', () => {
    const body = { cluster_id: 0, action_recommendations: ['a'], bid_recommendations: ['b'] };
    expect(updateBodySchema.parse(body)).toEqual(body);
    const more = { ...body, run_id: 'r1', algorithm: 'dbscan', campaign_recommendations: [] };
    expect(updateBodySchema.parse(more)).toEqual(more);
  });

  it.each([
    ['2 clusters', { n_clusters: 2 }],
    ['11 clusters', { n_clusters: 11 }],
    ['a number of clusters as text', { n_clusters: '5' }],
    ['half a cluster', { n_clusters: 4.5 }],
    ['another algorithm', { algorithm: 'spectral' }],
    ['no lead', { leads: [] }],
    ['a lead that is no object', { leads: [1] }],
    ['a cell that is an object', { leads: [{ id: '1', score: {} }] }],
    ['no feature', { features: [] }],
    ['a radius of 0', { epsilon: 0 }],
    ['an infinite radius', { epsilon: Number.POSITIVE_INFINITY }],
    ['a radius that is no number', { epsilon: Number.NaN }],
    ['a field that does not exist', { n_cluster: 5 }],
  ])('fails for a cluster body with %s', (_, body) => {
    expect(clusterBodySchema.safeParse(body).success).toBe(false);
  });

  it.each([
    ['limit 0', { limit: '0' }],
    ['limit −1', { limit: '-1' }],
    ['limit 10⁶', { limit: '1000000' }],
    ['a threshold above 1', { confidence_threshold: '1.01' }],
    ['a threshold that is no number', { confidence_threshold: 'NaN' }],
    ['an empty threshold', { confidence_threshold: '' }],
    ['a threshold below 0', { confidence_threshold: '-0.1' }],
  ])('fails for an outliers query with %s', (_, query) => {
    expect(outliersQuerySchema.safeParse(query).success).toBe(false);
  });

  it.each([
    ['limit 0', { limit: '0' }],
    ['limit −1', { limit: '-1' }],
    ['limit 10⁶', { limit: '1000000' }],
    ['another algorithm', { algorithm: 'ward' }],
  ])('fails for a list query with %s', (_, query) => {
    expect(listQuerySchema.safeParse(query).success).toBe(false);
  });

  it.each([
    ['2 clusters', { n_clusters: '2' }],
    ['11 clusters', { n_clusters: '11' }],
    ['a blank', { n_clusters: '' }],
  ])('fails for a cluster query with %s', (_, query) => {
    expect(clusterQuerySchema.safeParse(query).success).toBe(false);
  });

  it.each([
    ['nothing to change', { cluster_id: 0 }],
    ['a negative cluster', { cluster_id: -1, action_recommendations: [] }],
    ['a text for a list', { cluster_id: 0, action_recommendations: 'call' }],
    ['an empty recommendation', { cluster_id: 0, action_recommendations: [' '] }],
    ['no cluster', { action_recommendations: ['a'] }],
  ])('fails for an update with %s', (_, body) => {
    expect(updateBodySchema.safeParse(body).success).toBe(false);
  });
});
