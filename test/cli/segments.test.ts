import { describe, expect, it } from 'vitest';
import { plantedLeads } from '../segmentation/planted-leads.ts';
import { leadsCsv } from '../support/leads-csv.ts';
import { runCommand, scratchFolder } from '../support/run-command.ts';

const { write, path } = scratchFolder();
const texts = plantedLeads(180).map((lead) =>
  Object.fromEntries(Object.entries(lead).map(([name, value]) => [name, String(value)])),
);
const file = write('leads.csv', leadsCsv(texts));

describe('tessella segments', () => {
  it('prints what the segments are, by all three algorithms', async () => {
    const { code, stdout, stderr } = await runCommand('segments', file, '--eps', '0.3');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/180 rows, 180 leads/);
    expect(stdout).toMatch(/kmeans: 3 segments, silhouette 0\.\d\d/);
    expect(stdout).toMatch(/Segment 0 - High Value \+ High Engagement \(SP\)/);
    expect(stdout).toMatch(/named by: High Value: value 1/);
    expect(stdout).toMatch(/dbscan: 3 segments.* core, .* border, .* outliers/);
    expect(stdout).toMatch(/tree: \d levels, \d leaves, best level_2/);
    expect(stdout).not.toMatch(/example\.com/);
  });

  it('speaks Portuguese, takes features and one algorithm, and prints JSON', async () => {
    const { code, stdout } = await runCommand(
      ...['segments', file, '--algorithms', 'kmeans', '--k', '4', '--locale', 'pt-BR'],
      ...['--features', 'behavior_score,geo', '--json'],
    );
    expect(code).toBe(0);
    const { segmentations } = JSON.parse(stdout);
    expect(segmentations).toHaveLength(1);
    expect(segmentations[0]).toMatchObject({ algorithm: 'kmeans', n_clusters: 4 });
    expect(segmentations[0].clusters[0].name).toMatch(/^Segmento 0 - /);
  });

  it('takes the configuration of a dataset', async () => {
    const config = write('config.json', JSON.stringify({ scaling: 'zscore', minDataPoints: 1000 }));
    const { code, stderr } = await runCommand('segments', file, '--config', config);
    expect(code).toBe(2);
    expect(stderr).toMatch(/180 customers are fewer than the 1000/);
  });

  it.each([
    ['a file that is not there', ['nothing.csv'], /no file/],
    ['2 clusters', [file, '--k', '2'], /from 3 to 10/],
    ['11 clusters', [file, '--k', '11'], /from 3 to 10/],
    ['another algorithm', [file, '--algorithms', 'ward'], /kmeans,dbscan,hierarchical/],
    ['features that do not exist', [file, '--features', 'karma'], /"karma"/],
    ['a configuration that is not there', [file, '--config', path('none.json')], /cannot be read as JSON/],
    [
      'a configuration that is none',
      [file, '--config', write('bad.json', '{"kinds": 1}')],
      /no configuration/,
    ],
  ])('fails with exit code 2 for %s', async (_, args, message) => {
    const { code, stderr } = await runCommand('segments', ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
