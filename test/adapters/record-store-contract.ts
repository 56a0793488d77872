import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DatasetConfigRecord, datasetConfigSchema } from '../../functions/contracts/dataset.ts';
import type { ApiKeyRecord, LabelRecord, SegmentRecord } from '../../functions/contracts/records.ts';
import type { ClusterRecord, OutlierRecord } from '../../functions/contracts/segmentation-records.ts';
import type {
  ApiKeyStore,
  CampaignDocumentStore,
  ChildSegmentStore,
  DatasetConfigStore,
  DrilldownStore,
  InsightStore,
  LabelStore,
  RateCounterStore,
  SegmentStore,
} from '../../functions/ports.ts';
import {
  documentStoreContract,
  insightStoreContract,
  rateCounterContract,
} from './campaign-store-contract.ts';
import { childSegmentContract, drilldownStoreContract } from './drilldown-store-contract.ts';
import { freshTenant } from './fresh-tenant.ts';

export const segmentOf = (tenant: string, segment_id: number, run_id = 'r1'): SegmentRecord => ({
  tenant,
  dataset: 'orders',
  run_id,
  segment_id,
  name: `Segment ${segment_id}`,
  size: 100 - segment_id,
  share: 0.1,
  name_rule: 'recency below the median',
  statistics: { recency_days: { mean: 0.1 + 0.2, median: 4, min: 0, max: 1e21 } },
  center: { recency_days: -1 / 3 },
});

export const labelOf = (customerId: string, more: Partial<LabelRecord> = {}): LabelRecord => ({
  customerId,
  cluster: 2,
  features: { frequency: 5, monetary: 1234.56 },
  latestMs: 1_700_000_000_000,
  ...more,
});

/** What every segment store must do. */
export function segmentStoreContract(open: () => SegmentStore): void {
  it('returns the segments of one run in order of their ids, every number with the same bits', async () => {
    const tenant = freshTenant();
    const written = Array.from({ length: 30 }, (_, n) => segmentOf(tenant, 29 - n));
    await open().putSegments(written);
    await open().putSegments([segmentOf(tenant, 0, 'r10')]);
    expect(await open().segments(tenant, 'orders', 'r1')).toEqual(written.toReversed());
  });

  it('overwrites segments on a retry', async () => {
    const tenant = freshTenant();
    await open().putSegments([segmentOf(tenant, 0)]);
    await open().putSegments([{ ...segmentOf(tenant, 0), name: 'Champions' }]);
    const names = (await open().segments(tenant, 'orders', 'r1')).map((segment) => segment.name);
    expect(names).toEqual(['Champions']);
  });

  it('shows nothing of another tenant, dataset or run', async () => {
    const tenant = freshTenant();
    await open().putSegments([segmentOf(tenant, 0)]);
    expect(await open().segments(freshTenant(), 'orders', 'r1')).toEqual([]);
    expect(await open().segments(tenant, 'visits', 'r1')).toEqual([]);
    expect(await open().segments(tenant, 'orders', 'r')).toEqual([]);
  });
}

const clusterOf = (tenant: string, cluster_id: number, more: Partial<ClusterRecord> = {}): ClusterRecord => ({
  tenant,
  dataset: 'orders',
  run_id: 'r1',
  clustering_algorithm: 'kmeans',
  id: `r1.kmeans.${cluster_id}`,
  cluster_id,
  cluster_name: `Segmento ${cluster_id}`,
  name_rule: 'rule',
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  size: 10,
  percentage: 0.1,
  avg_ltv: 0.1 + 0.2,
  avg_behavior_score: null,
  avg_engagement_score: 3,
  avg_intention_level: null,
  dominant_countries: ['BR'],
  dominant_states: [],
  dominant_utm_sources: [],
  dominant_features: ['ltv'],
  silhouette_score: -1 / 3,
  cohesion: 0.5,
  separation: null,
  action_recommendations: ['call'],
  bid_recommendations: [],
  campaign_recommendations: [],
  ...more,
});

const outlierOf = (tenant: string, lead_id: string, risk_score: number): OutlierRecord => ({
  tenant,
  dataset: 'orders',
  run_id: 'r1',
  clustering_algorithm: 'dbscan',
  lead_id,
  cluster_id: -1,
  confidence: 1 - risk_score,
  updated_at: '2026-01-01T00:00:00.000Z',
  risk_score,
  reason: 'far out',
  suspicious: true,
  email: null,
  behavior_score: 98,
  days_since_lead: 0,
  country: 'BR',
  state: null,
  utm_source: null,
  utm_medium: null,
  rules: ['bot_like'],
  contributions: [{ feature: 'behavior_score', contribution: risk_score }],
  features: { behavior_score: 98, bot_like_behavior: true, tags: ['a', 'b'], none: null },
});

/** What every store of what a run's analyses found must do. */
export function clusterStoreContract(open: () => SegmentStore): void {
  it('gives every field of a segment back, by algorithm or all, in order of the ids', async () => {
    const tenant = freshTenant();
    const kmeans = [0, 1, 11].map((id) => clusterOf(tenant, id));
    const dbscan = clusterOf(tenant, 0, { clustering_algorithm: 'dbscan', id: 'r1.dbscan.0' });
    await open().putClusters([...kmeans.toReversed(), dbscan, clusterOf(tenant, 0, { run_id: 'r10' })]);
    expect(await open().clusters(tenant, 'orders', 'r1', 'kmeans')).toEqual(kmeans);
    expect(await open().clusters(tenant, 'orders', 'r1')).toEqual([dbscan, ...kmeans]);
    expect(await open().clusters(freshTenant(), 'orders', 'r1')).toEqual([]);
    expect(await open().clusters(tenant, 'visits', 'r1')).toEqual([]);
  });

  it('changes fields of a segment that is there, and makes none', async () => {
    const tenant = freshTenant();
    await open().putClusters([clusterOf(tenant, 2)]);
    const changes = { action_recommendations: ['wait'], updated_at: '2026-02-01T00:00:00.000Z' };
    expect(await open().updateCluster(clusterOf(tenant, 2), 2, changes)).toBe(true);
    expect(await open().clusters(tenant, 'orders', 'r1')).toEqual([{ ...clusterOf(tenant, 2), ...changes }]);
    expect(await open().updateCluster(clusterOf(tenant, 2), 3, changes)).toBe(false);
    expect(await open().updateCluster(clusterOf(freshTenant(), 2), 2, changes)).toBe(false);
    expect(await open().clusters(tenant, 'orders', 'r1')).toHaveLength(1);
  });

  it('gives the first outliers of a run, as they were put', async () => {
    const tenant = freshTenant();
    const outliers = Array.from({ length: 60 }, (_, n) => outlierOf(tenant, `lead-${n}`, 1 - n / 100));
    await open().putOutliers(outliers);
    await open().putOutliers([]);
    expect(await open().outliers(tenant, 'orders', 'r1', 1000)).toEqual(outliers);
    expect(await open().outliers(tenant, 'orders', 'r1', 7)).toEqual(outliers.slice(0, 7));
    expect(await open().outliers(freshTenant(), 'orders', 'r1', 7)).toEqual([]);
  });

  it('deletes all of one run and nothing of another, twice as well as once', async () => {
    const tenant = freshTenant();
    for (const run_id of ['r1', 'r10', 'r2']) {
      await open().putSegments(Array.from({ length: 30 }, (_, n) => segmentOf(tenant, n, run_id)));
      await open().putClusters([0, 1].map((id) => clusterOf(tenant, id, { run_id })));
      const outliers = Array.from({ length: 60 }, (_, n) => outlierOf(tenant, `lead-${n}`, 1 - n / 100));
      await open().putOutliers(outliers.map((one) => ({ ...one, run_id })));
    }
    const countsOf = async (runId: string) => [
      (await open().segments(tenant, 'orders', runId)).length,
      (await open().clusters(tenant, 'orders', runId)).length,
      (await open().outliers(tenant, 'orders', runId, 1000)).length,
    ];
    for (const _ of [1, 2]) {
      await open().deleteRun(tenant, 'orders', 'r1');
      await open().deleteRun(freshTenant(), 'orders', 'r2');
      await open().deleteRun(tenant, 'visits', 'r2');
      expect(await Promise.all(['r1', 'r10', 'r2'].map(countsOf))).toEqual([
        [0, 0, 0],
        [30, 2, 60],
        [30, 2, 60],
      ]);
    }
  });
}

/** What every label store must do. */
export function labelStoreContract(open: () => LabelStore): void {
  const run = (tenant: string, runId = 'r1') => ({ tenant, dataset: 'orders', runId });

  it('writes any number of labels and finds each by customer', async () => {
    const tenant = freshTenant();
    const labels = Array.from({ length: 260 }, (_, n) => labelOf(`c${n}`, { cluster: n % 5 }));
    expect(await open().putLabels(run(tenant), labels, 1_900_000_000)).toBe(260);
    for (const n of [0, 24, 25, 259]) {
      expect(await open().label(tenant, 'orders', `c${n}`, ['r1'])).toEqual({
        runId: 'r1',
        label: labels[n],
      });
    }
  });

  it('deletes labels of one run, those that are not there included', async () => {
    const tenant = freshTenant();
    const labels = Array.from({ length: 60 }, (_, n) => labelOf(`c${n}`));
    for (const runId of ['r1', 'r2']) await open().putLabels(run(tenant, runId), labels);
    const others = labels.slice(1).map(({ customerId }) => customerId);
    await open().deleteLabels(run(tenant), [...others, 'nobody']);
    await open().deleteLabels(run(tenant), others.values());
    await open().deleteLabels(run(freshTenant()), ['c0']);
    expect(await open().label(tenant, 'orders', 'c0', ['r1'])).toEqual({
      runId: 'r1',
      label: labels[0],
    });
    for (const id of ['c1', 'c59']) {
      expect(await open().label(tenant, 'orders', id, ['r1'])).toBeUndefined();
      expect(await open().label(tenant, 'orders', id, ['r1', 'r2'])).toMatchObject({ runId: 'r2' });
    }
  });

  it('takes labels from a generator, and none at all', async () => {
    const tenant = freshTenant();
    function* two() {
      yield labelOf('a');
      yield labelOf('b');
    }
    expect(await open().putLabels(run(tenant), two())).toBe(2);
    expect(await open().putLabels(run(tenant), [])).toBe(0);
  });

  it('keeps the labels of each run apart and overwrites them on a retry', async () => {
    const tenant = freshTenant();
    await open().putLabels(run(tenant), [labelOf('a')]);
    await open().putLabels(run(tenant, 'r2'), [labelOf('a', { cluster: 4 })]);
    await open().putLabels(run(tenant, 'r2'), [labelOf('a', { cluster: 3 })]);
    expect((await open().label(tenant, 'orders', 'a', ['r1']))?.label.cluster).toBe(2);
    expect((await open().label(tenant, 'orders', 'a', ['r2', 'r1']))?.label.cluster).toBe(3);
  });

  it('finds a label by the first run that wrote one, and none where that run says that the customer left', async () => {
    const tenant = freshTenant();
    await open().putLabels(run(tenant), [labelOf('a'), labelOf('b')]);
    await open().putLabels(run(tenant, 'r2'), [{ customerId: 'b', left: true }]);
    await open().putLabels(run(tenant, 'r3'), [labelOf('b', { cluster: 1 })]);
    const find = (id: string, runIds: string[]) => open().label(tenant, 'orders', id, runIds);
    expect(await find('a', ['r3', 'r2', 'r1'])).toEqual({ runId: 'r1', label: labelOf('a') });
    expect(await find('b', ['r2', 'r1'])).toBeUndefined();
    expect((await find('b', ['r3', 'r2', 'r1']))?.label.cluster).toBe(1);
    expect(await find('b', ['r1'])).toEqual({ runId: 'r1', label: labelOf('b') });
    expect(await find('b', [])).toBeUndefined();
  });

  it('finds customers whose ids hold separators, and none for ids that were never written', async () => {
    const tenant = freshTenant();
    const ids = ['a#b', 'a#C#b', 'ä/ö 雪', 'RUN#r1'];
    await open().putLabels(
      run(tenant),
      ids.map((id) => labelOf(id)),
    );
    for (const id of ids)
      expect((await open().label(tenant, 'orders', id, ['r1']))?.label.customerId).toBe(id);
    expect(await open().label(tenant, 'orders', 'b', ['r1'])).toBeUndefined();
    expect(await open().label(tenant, 'orders', 'x'.repeat(5000), ['r1'])).toBeUndefined();
  });

  it('gives numbers back with the same bits', async () => {
    const tenant = freshTenant();
    // DynamoDB holds magnitudes from 1e-130 to 1e125, and no negative zero.
    const magnitude = fc.double({ min: 1e-130, max: 1e125, noNaN: true });
    const number = fc.oneof(
      fc.constant(0),
      magnitude,
      magnitude.map((x) => -x),
      fc.maxSafeInteger(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 20 }), async (values) => {
        const features = Object.fromEntries(values.map((value, n) => [`f${n}`, value === 0 ? 0 : value]));
        await open().putLabels(run(tenant), [labelOf('a', { features })]);
        expect((await open().label(tenant, 'orders', 'a', ['r1']))?.label.features).toEqual(features);
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  it('shows nothing of another tenant or dataset', async () => {
    const tenant = freshTenant();
    await open().putLabels(run(tenant), [labelOf('a')]);
    expect(await open().label(freshTenant(), 'orders', 'a', ['r1'])).toBeUndefined();
    expect(await open().label(tenant, 'visits', 'a', ['r1'])).toBeUndefined();
  });
}

/** What every API key store must do. */
export function apiKeyStoreContract(
  open: () => ApiKeyStore,
  put: (key: ApiKeyRecord) => Promise<void>,
): void {
  it('finds a key by tenant and id, and under no other', async () => {
    const tenant = freshTenant();
    const key: ApiKeyRecord = {
      tenant,
      keyId: 'k1',
      secretHash: 'ab'.repeat(32),
      scopes: ['segments:read', 'runs:read'],
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    await put(key);
    expect(await open().key(tenant, 'k1')).toEqual(key);
    expect(await open().key(tenant, 'k2')).toBeUndefined();
    expect(await open().key(freshTenant(), 'k1')).toBeUndefined();
  });

  it('finds the key of a customer API id without knowing its tenant, and only by that id', async () => {
    const tenant = freshTenant();
    const customerApiId = crypto.randomUUID();
    const key: ApiKeyRecord = {
      tenant,
      keyId: customerApiId,
      customerApiId,
      secretHash: 'cd'.repeat(32),
      scopes: ['drilldown'],
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    await put(key);
    expect(await open().customerApi(customerApiId)).toEqual(key);
    expect(await open().customerApi(crypto.randomUUID())).toBeUndefined();
    expect(await open().key(tenant, customerApiId)).toBeUndefined();
  });
}

const configOf = (tenant: string, version: number, more: Partial<DatasetConfigRecord> = {}) => ({
  tenant,
  dataset: 'leads',
  version,
  config: datasetConfigSchema.parse({ kind: 'leads', minDataPoints: 50 + version }),
  savedAt: '2026-01-01T00:00:00.000Z',
  ...more,
});

/** What every store of dataset configurations must do. */
export function configStoreContract(open: () => DatasetConfigStore): void {
  it('keeps every version, the deletion of one included, and knows the newest', async () => {
    const tenant = freshTenant();
    for (let version = 1; version <= 11; version++) {
      const config = version === 10 ? { config: null } : {};
      expect(await open().append(configOf(tenant, version, config))).toBe(true);
    }
    expect(await open().newest(tenant, 'leads')).toEqual(configOf(tenant, 11));
    expect(await open().version(tenant, 'leads', 10)).toEqual(configOf(tenant, 10, { config: null }));
    expect(await open().version(tenant, 'leads', 2)).toEqual(configOf(tenant, 2));
    expect(await open().version(tenant, 'leads', 12)).toBeUndefined();
  });

  it('fails to write a version twice, and lets one of two writers win', async () => {
    const tenant = freshTenant();
    const [a, b] = ['a', 'b'].map((idColumn) =>
      configOf(tenant, 1, { config: datasetConfigSchema.parse({ idColumn }) }),
    );
    const won = await Promise.all([open().append(a!), open().append(b!)]);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await open().append(a!)).toBe(false);
    expect(await open().newest(tenant, 'leads')).toEqual(won[0] ? a : b);
  });

  it('lists names by tenant, ascending', async () => {
    const tenant = freshTenant();
    for (const dataset of ['visits', 'leads', 'leads-2']) {
      await open().append(configOf(tenant, 1, { dataset }));
    }
    await open().append(configOf(tenant, 2, { dataset: 'leads' }));
    expect(await open().names(tenant)).toEqual(['leads', 'leads-2', 'visits']);
    expect(await open().names(freshTenant())).toEqual([]);
    expect(await open().newest(freshTenant(), 'leads')).toBeUndefined();
  });

  it('tells the schedules of the newest versions of all tenants', async () => {
    const [one, two] = [freshTenant(), freshTenant()];
    const schedule = { cron: '0 3 * * MON', timeZone: 'America/Sao_Paulo' };
    const scheduled = { config: datasetConfigSchema.parse({ schedule }) };
    for (const tenant of [one, two]) await open().append(configOf(tenant, 1, scheduled));
    await open().append(configOf(two, 2, { config: null }));
    const found = (await open().schedules()).filter(({ tenant }) => [one, two].includes(tenant));
    expect(found).toEqual([{ tenant: one, dataset: 'leads', schedule }]);
  });
}

/** Runs the contracts of the table-backed stores under one heading each. */
export function describeRecordStores(
  open: () => {
    segments: SegmentStore;
    labels: LabelStore;
    apiKeys: ApiKeyStore;
    configs: DatasetConfigStore;
    drilldowns: DrilldownStore;
    childSegments: ChildSegmentStore;
    insights: InsightStore;
    campaignDocuments: CampaignDocumentStore;
    rateCounters: RateCounterStore;
  },
  putApiKey: (key: ApiKeyRecord) => Promise<void>,
): void {
  describe('segment store', () => segmentStoreContract(() => open().segments));
  describe('cluster store', () => clusterStoreContract(() => open().segments));
  describe('configuration store', () => configStoreContract(() => open().configs));
  describe('store of child segments', () => childSegmentContract(() => open().childSegments));
  describe('drill-down store', () => drilldownStoreContract(() => open().drilldowns));
  describe('label store', () => labelStoreContract(() => open().labels));
  describe('insight store', () => insightStoreContract(() => open().insights));
  describe('campaign documents', () => documentStoreContract(() => open().campaignDocuments));
  describe('request counters', () => rateCounterContract(() => open().rateCounters));
  describe('API key store', () => apiKeyStoreContract(() => open().apiKeys, putApiKey));
}
