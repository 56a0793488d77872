import { beforeAll, describe, expect, it } from 'vitest';
import { runText } from '../../cli/segments-text.ts';
import { segmentedLeads } from '../routes/segmented-leads.ts';

describe('the report of a run, as text', () => {
  let text: string;
  let ids: string[];
  beforeAll(async () => {
    const { call, runId } = await segmentedLeads();
    const { json } = await call({ path: `/v1/runs/${runId}/segmentation` });
    text = runText(json);
    const outliers = json.segmentations.flatMap(({ outliers: one = [] }: { outliers?: object[] }) => one);
    ids = outliers.map(({ lead_id }: { lead_id: string }) => lead_id);
  }, 60_000);

  it('tells segments of all algorithms with their names, differences, averages and advice', () => {
    expect(text).toMatch(/^Run r[0-9a-f]+: 242 entities, \d+ features/);
    expect(text).toMatch(/\nkmeans: 3 segments, silhouette 0\.\d\d\n/);
    expect(text).toContain('  Segmento 0 - Alto Valor + Alto Engajamento (SP)\n    121 (50.0 %)');
    expect(text).toMatch(/differs by: .*engagement_score \+\d\.\d\d \(mean 7\d/);
    expect(text).toMatch(/advice: Priorizar remarketing em 24h; /);
    expect(text).toMatch(/\ndbscan: \d+ segments?, .* core, \d+ border, \d+ outliers\n/);
    expect(text).toMatch(/ {2}outliers: \d+ \(\d+\.\d %\), risk from 0\.\d\d to 0\.\d\d, median 0\.\d\d\n/);
    expect(text).toMatch(/patterns that fired: .*bot_like 1/);
    expect(text).toMatch(/ {2}tree: \d levels?, \d leaves, best level_\d\n/);
  });

  it('names nobody: no outlier, and no lead near a center', () => {
    expect(ids).toContain('stray-0');
    for (const id of ids) expect(text).not.toContain(id);
    expect(text).not.toContain('nearest:');
    expect(text).not.toMatch(/\b[012]-\d+\b/);
  });
});
