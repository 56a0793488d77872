import { describe, expect, it } from 'vitest';
import { clusterAnswerSchema } from '../../functions/contracts/api-cluster-answer.ts';
import type { ClusteringAlgorithm } from '../../functions/contracts/segmentation-records.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { type LeadOptions, readLeads } from '../../functions/segmentation/read-leads.ts';
import { type SegmentationOptions, segmentTable } from '../../functions/segmentation/segment-table.ts';
import type { TreeNode } from '../../functions/segments/tree.ts';
import { Random } from '../../functions/stats/random.ts';
import { kindOf, plantedLeads, REFERENCE_AT } from './planted-leads.ts';

const kernels = loadKernelsSync();
const ALL: readonly ClusteringAlgorithm[] = ['kmeans', 'dbscan', 'hierarchical'];
const DEFAULTS: SegmentationOptions = {
  algorithms: ALL,
  nClusters: 'auto',
  epsilon: 0.3,
  minSamples: 5,
  maxDepth: 3,
  minSilhouette: 0.5,
  minDataPoints: 100,
  locale: 'pt-BR',
  seed: 42,
};
const read = (leads: ReturnType<typeof plantedLeads>, options: Partial<LeadOptions> = {}) =>
  readLeads(leads, { maxDataAgeMonths: 6, referenceMs: Date.parse(REFERENCE_AT), ...options });

const planted = segmentTable(kernels, await read(plantedLeads(300)), DEFAULTS);
const [byKMeans, byDbscan, byTree] = planted;
const nodesOf = (node: TreeNode): TreeNode[] => [node, ...(node.children ?? []).flatMap(nodesOf)];

describe('segmentTable', () => {
  it('finds the planted kinds by each algorithm, the largest first', () => {
    for (const { algorithm, n_clusters, members, clusters } of planted) {
      expect(n_clusters, algorithm).toBe(3);
      expect(clusters.map(({ size }) => size)).toEqual([150, 100, 50]);
      for (const { lead_id, cluster_id } of members) expect(cluster_id, lead_id).toBe(kindOf(lead_id));
    }
  });

  it('answers what the wire says, with members that add up to the sizes', () => {
    for (const segmentation of planted) {
      const answer = { success: true, generated_at: REFERENCE_AT, ...segmentation };
      expect(clusterAnswerSchema.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
      for (const { cluster_id, size, percentage } of segmentation.clusters) {
        expect(segmentation.members.filter((member) => member.cluster_id === cluster_id)).toHaveLength(size);
        expect(percentage).toBe(size / 300);
      }
    }
  });

  it('names, describes and advises by the published tables', () => {
    const [first, second, third] = byKMeans!.clusters;
    expect(first?.name).toBe('Segmento 0 - Alto Valor + Alto Engajamento (SP)');
    expect(second?.name).toBe('Segmento 1 - Médio Valor + Médio Engajamento (RS)');
    expect(third?.name).toBe('Segmento 2 - Baixo Valor + Baixo Engajamento (BA)');
    expect(first?.name_rule).toContain('Alto Valor: value 1');
    expect(first?.action_recommendations).toContain('Priorizar remarketing em 24h');
    const own = plantedLeads(300).filter(({ lead_id }) => kindOf(String(lead_id)) === 0);
    const mean = (field: string) => own.reduce((sum, lead) => sum + Number(lead[field]), 0) / own.length;
    expect(first?.avg_ltv).toBeCloseTo(mean('ltv'), 8);
    expect(first?.avg_behavior_score).toBeCloseTo(mean('behavior_score'), 8);
    expect(first?.dominant_states).toEqual(['SP']);
    expect(first?.characteristics.distributions.behavior_score?.std).toBeGreaterThan(0);
    expect(first?.sample_leads).toHaveLength(3);
    expect(first?.sample_leads.every((id) => kindOf(id) === 0)).toBe(true);
  });

  it.each([
    ['en', 'Segment 0 - High Value + High Engagement (SP)'],
    ['es', 'Segmento 0 - Alto Valor + Alta Interacción (SP)'],
  ] as const)('speaks %s', async (locale, name) => {
    const options = { ...DEFAULTS, algorithms: ['kmeans'] as const, locale };
    const [found] = segmentTable(kernels, await read(plantedLeads(120)), options);
    expect(found?.clusters[0]?.name).toBe(name);
  });

  it('scores segments: near their own center, far from the next', () => {
    for (const { clusters, silhouette_scores } of planted) {
      expect(silhouette_scores.overall).toBeGreaterThan(0.7);
      const weighted = clusters.reduce(
        (sum, { size, silhouette_score }) => sum + size * silhouette_score!,
        0,
      );
      expect(weighted / 300).toBeCloseTo(silhouette_scores.overall!, 10);
      for (const { cohesion, separation } of clusters) expect(separation).toBeGreaterThan(3 * cohesion);
    }
  });

  it('reports every number of clusters tried, and why it took this one', () => {
    expect(byKMeans?.selection.candidates.map(({ n_clusters }) => n_clusters)).toEqual([
      3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(byKMeans?.selection.reason).toContain('3 clusters of 8 candidates');
    expect(byDbscan?.selection.reason).toContain('epsilon 0.3 was asked for');
    expect(byTree?.selection.reason).toContain('separates best');
  });

  it('takes the knee of the k-distances where no radius is given', async () => {
    const options = { ...DEFAULTS, algorithms: ['dbscan'] as const, epsilon: 'auto' as const };
    const [found] = segmentTable(kernels, await read(plantedLeads(300)), options);
    expect(found?.selection.reason).toContain('knee');
    expect(found?.epsilon).toBeGreaterThan(0);
    // However small the radius, no cluster mixes two kinds.
    const kinds = new Map<number, Set<number>>();
    for (const { lead_id, cluster_id } of found!.members) {
      if (cluster_id < 0) continue;
      kinds.set(cluster_id, (kinds.get(cluster_id) ?? new Set()).add(kindOf(lead_id)));
    }
    expect([...kinds.values()].every((found) => found.size === 1)).toBe(true);
  });

  it('counts core, border and noise so that they are all leads, and explains outliers by parts that sum', async () => {
    const odd = [...plantedLeads(300)];
    odd[7] = { ...odd[7]!, lead_id: 'bot', behavior_score: 99, state: 'AC', ltv: 0 };
    const [found] = segmentTable(kernels, await read(odd), { ...DEFAULTS, algorithms: ['dbscan'] });
    const { n_core_points = 0, n_border_points = 0, n_outliers = 0, outliers = [] } = found!;
    expect(n_core_points + n_border_points + n_outliers).toBe(300);
    expect(outliers).toHaveLength(n_outliers);
    const bot = outliers.find(({ lead_id }) => lead_id === 'bot');
    expect(bot).toMatchObject({ suspicious: true, rules: ['bot_like'] });
    expect(bot?.reason).toContain('behavior_score 99 > 95');
    for (const { risk_score, confidence, contributions } of outliers) {
      expect(risk_score).toBeGreaterThan(0.5);
      expect(confidence).toBeCloseTo(1 - risk_score, 12);
      expect(contributions.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(
        risk_score,
        10,
      );
    }
    for (const { cluster_id, confidence } of found!.members) expect(confidence < 0.5).toBe(cluster_id === -1);
  });

  it('also takes a share of the leads furthest from their k-means centers for outliers', async () => {
    const options = { ...DEFAULTS, algorithms: ['kmeans'] as const, nClusters: 3, contamination: 0.05 };
    const [found] = segmentTable(kernels, await read(plantedLeads(300)), options);
    expect(found?.n_outliers).toBeGreaterThan(0);
    expect(found?.n_outliers).toBeLessThanOrEqual(15);
    for (const { risk_score, contributions } of found!.outliers!) {
      expect(contributions.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(
        risk_score,
        10,
      );
    }
    expect(byKMeans).not.toHaveProperty('outliers');
  });

  it('grows a tree whose children add up to their parent, and draws the dendrogram of all leads', () => {
    const nodes = nodesOf(byTree!.tree!.level_0 as TreeNode);
    expect(nodes[0]).toMatchObject({ name: 'Todos os Leads', size: 300 });
    for (const { children = [], size } of nodes) {
      if (children.length > 0) expect(children.reduce((sum, child) => sum + child.size, 0)).toBe(size);
    }
    expect(byTree?.statistics).toMatchObject({ n_leaf_clusters: 3, avg_leaf_size: 100 });
    expect(nodes.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^Macro Segmento A \(.+\)$/));
    const { n_rows, leaves, merges } = byTree!.dendrogram!;
    expect(n_rows).toBe(300);
    expect(leaves.reduce((sum, { size }) => sum + size, 0)).toBe(300);
    expect(merges.map(({ height }) => height)).toEqual(
      merges.map(({ height }) => height).sort((a, b) => a - b),
    );
  });

  it('gives the same answer for leads in another order, and at any time', async () => {
    const again = segmentTable(kernels, await read(plantedLeads(300).toReversed()), DEFAULTS);
    expect(again).toEqual(planted);
  });

  it('says "no structure" of leads without any, and gives no names', async () => {
    const random = new Random(3);
    const leads = Array.from({ length: 200 }, (_, i) => ({
      lead_id: `n${i}`,
      behavior_score: 100 * random.uniform(),
      engagement_score: 100 * random.uniform(),
      intention_level: 100 * random.uniform(),
    }));
    const [found] = segmentTable(kernels, await read(leads), { ...DEFAULTS, algorithms: ['kmeans'] });
    expect(found?.advice.map(({ code }) => code)).toContain('no_structure');
    expect(found?.clusters.map(({ name }) => name)).toEqual(
      found?.clusters.map(({ cluster_id }) => `Segmento ${cluster_id}`),
    );
    expect(found?.clusters[0]?.name_rule).toBe('no name: no_structure');
  });

  it('advises on epsilon where one cluster holds almost everybody', async () => {
    const options = { ...DEFAULTS, algorithms: ['dbscan'] as const, epsilon: 30 };
    const [found] = segmentTable(kernels, await read(plantedLeads(150)), options);
    expect(found?.advice.map(({ code }) => code)).toContain('one_dense_cluster');
    expect(found?.silhouette_scores).toEqual({ overall: null, by_cluster: [null] });
  });

  it('fails for fewer leads than asked for, with the advice of the source', async () => {
    const few = await read(plantedLeads(99));
    expect(() => segmentTable(kernels, few, DEFAULTS)).toThrow(
      /99 clientes são menos que os 100.*max_data_age_months/,
    );
    expect(() => segmentTable(kernels, few, { ...DEFAULTS, minDataPoints: 50 })).not.toThrow();
  });

  it('fails for fewer different leads than clusters, and for leads that nothing tells apart', async () => {
    const same = plantedLeads(200).map((_, i) => ({
      lead_id: `s${i}`,
      behavior_score: i % 2,
      state: 'SP',
    }));
    const two = await read(same);
    expect(() => segmentTable(kernels, two, { ...DEFAULTS, algorithms: ['kmeans'] })).toThrow(
      /3 different rows, but the table has 2/,
    );
    const one = await read(same.map((lead) => ({ ...lead, behavior_score: 1 })));
    expect(() => segmentTable(kernels, one, DEFAULTS)).toThrow(/No feature tells the 200 rows apart/);
  });
});
