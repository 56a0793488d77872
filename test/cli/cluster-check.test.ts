import { describe, expect, it } from 'vitest';
import { Random } from '../../functions/stats/random.ts';
import { runCommand, scratchFolder } from '../support/run-command.ts';

const { write } = scratchFolder();
const random = new Random(11);
const csv = (points: readonly (readonly number[])[]) => `x,y\n${points.map((p) => p.join(',')).join('\n')}\n`;

/** Three tight blobs far apart, 30 rows each. */
const BLOBS = write(
  'blobs.csv',
  csv(
    Array.from({ length: 90 }, (_, i) => [
      (i % 3) * 10 + 0.4 * random.normal(),
      (i % 3 === 1 ? 10 : 0) + 0.4 * random.normal(),
    ]),
  ),
);
/** A square without clusters. */
const SQUARE = write(
  'square.csv',
  csv(Array.from({ length: 200 }, () => [random.uniform(), random.uniform()])),
);

interface Check {
  readonly simplifiedSilhouette: { readonly silhouette: number; readonly byCluster: number[] } | null;
  readonly stability: {
    readonly jaccard: number[];
    readonly dissolved: number[];
    readonly nResamples: number;
  };
  readonly gap?: { readonly nClusters: number; readonly table: { readonly nClusters: number }[] };
}

async function checked(table: string, ...args: string[]): Promise<Check> {
  const { stdout, stderr, code } = await runCommand('cluster', table, '--json', '--check', ...args);
  expect(stderr).not.toMatch(/Error/);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { check: Check }).check;
}

describe('tessella cluster --check', () => {
  it('finds three real blobs stable, and by the gap statistic three', async () => {
    const check = await checked(BLOBS, '--algorithm', 'kmeans', '--k', '3');
    expect(check.stability.nResamples).toBe(50);
    expect(check.stability.jaccard).toHaveLength(3);
    expect(Math.min(...check.stability.jaccard)).toBeGreaterThan(0.95);
    expect(check.stability.dissolved).toEqual([0, 0, 0]);
    expect(check.gap).toMatchObject({
      nClusters: 3,
      table: [1, 2, 3, 4].map((nClusters) => ({ nClusters })),
    });
    expect(check.simplifiedSilhouette!.silhouette).toBeGreaterThan(0.9);
    expect(check.simplifiedSilhouette!.byCluster).toHaveLength(3);
  });

  it('says of a square without clusters that there are none, and that five of them do not come back', async () => {
    const check = await checked(SQUARE, '--algorithm', 'kmeans', '--k', '5');
    expect(check.gap!.nClusters).toBe(1);
    expect(Math.min(...check.stability.jaccard)).toBeLessThan(0.75);
  });

  it.each([
    ['ward', '--k', '3'],
    ['bisecting', '--k', '3'],
    ['dbscan', '--eps', '2'],
  ])('redraws the rows for %s too, without a gap statistic', async (algorithm, flag, value) => {
    const check = await checked(BLOBS, '--algorithm', algorithm, flag, value);
    expect(check.gap).toBeUndefined();
    expect(Math.min(...check.stability.jaccard)).toBeGreaterThan(0.9);
  });

  it('prints the check as text, and nothing of it without the option', async () => {
    const args = ['cluster', BLOBS, '--algorithm', 'kmeans', '--k', '3'];
    const { stdout } = await runCommand(...args, '--check');
    expect(stdout).toMatch(/check {4}simplified silhouette 0\.9/);
    expect(stdout).toMatch(/found again in 50 redrawn tables/);
    expect(stdout).toMatch(/gap statistic over 1\.\.4 clusters: 3/);
    expect((await runCommand(...args)).stdout).not.toContain('check');
  });

  it('counts a draw of too few different rows as one that finds no cluster again', async () => {
    const tiny = write(
      'tiny.csv',
      csv([
        [0, 0],
        [1, 5],
        [9, 2],
      ]),
    );
    const { stability, gap } = await checked(tiny, '--algorithm', 'kmeans', '--k', '3');
    expect(Math.max(...stability.dissolved)).toBeGreaterThan(0);
    expect(gap!.table).toHaveLength(3);
  });
});
