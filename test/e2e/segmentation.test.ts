import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Segmentation } from '../../functions/segmentation/segment-table.ts';
import { kindOf, plantedLeads } from '../segmentation/planted-leads.ts';
import { leadsCsv } from '../support/leads-csv.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

const leads = plantedLeads(240);
const texts = leads.map((lead) =>
  Object.fromEntries(Object.entries(lead).map(([name, value]) => [name, String(value)])),
);

let stack: Stack;
let acme: ReturnType<typeof apiOf>;
beforeAll(async () => {
  stack = await startStack();
  acme = apiOf(stack, await stack.keyOf('acme'));
  const { status } = await stack.drop('drop/acme/leads/leads.csv', leadsCsv(texts));
  expect(status).toBe('SUCCEEDED');
});
afterAll(() => stack?.remove());

describe('the function that segments while the caller waits', () => {
  it('segments leads in the body by each algorithm', async () => {
    for (const algorithm of ['kmeans', 'dbscan', 'hierarchical']) {
      const body = { algorithm, leads, n_clusters: 3, min_silhouette: 0.5, max_data_age_months: null };
      const answer = await acme.post<Segmentation>('/api/segmentation/cluster', body);
      expect([algorithm, answer.status]).toEqual([algorithm, 200]);
      for (const { lead_id, cluster_id } of answer.body.members) expect(cluster_id).toBe(kindOf(lead_id));
    }
  });

  it('tries out another clustering of what is served, with the rights that its role has', async () => {
    const recluster = { n_clusters: 3, sample: 240 };
    const { status, body } = await acme.post<{ reclustered: { total_leads: number; n_clusters: number } }>(
      '/v1/segments/preview',
      { recluster },
    );
    expect([status, body.reclustered?.total_leads, body.reclustered?.n_clusters]).toEqual([200, 240, 3]);
    const scored = await acme.post<{ scored: { segment_name: string }[] }>('/v1/segments/preview', {
      records: [texts[0]],
    });
    expect([scored.status, scored.body.scored?.length]).toEqual([200, 1]);
  });

  it('starts a run over the dataset where there are no leads', async () => {
    const { status, body } = await acme.post<{ run_id: string }>('/api/segmentation/cluster', {
      n_clusters: 4,
    });
    expect([status, typeof body.run_id]).toEqual([202, 'string']);
  });
});

describe('members of a served segment', () => {
  it('are listed to their own tenant alone', async () => {
    const { body } = await acme.get<{ segments: { segment_id: number; size: number }[] }>('/v1/segments');
    const { segment_id, size } = body.segments[0]!;
    const path = `/v1/segments/${segment_id}/members?limit=1000`;
    const page = await acme.get<{ members: unknown[] }>(path);
    expect([page.status, page.body.members.length]).toEqual([200, size]);
    const other = apiOf(stack, await stack.keyOf('zebra'));
    expect((await other.get(path)).status).toBe(404);
  });
});
