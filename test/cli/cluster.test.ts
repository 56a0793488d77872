import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Random } from '../../functions/stats/random.ts';
import { cellsOf, chunkedSource } from '../support/read-cells.ts';
import { runCommand, scratchFolder } from '../support/run-command.ts';

const { folder, path, write } = scratchFolder();

/** Three blobs of 40, 30 and 20 rows, spread 0.5 around (0, 0), (10, 0) and (0, 10), in turn and far from zero. */
const MIDDLES = [
  { x: 0, y: 0, rows: 40 },
  { x: 10, y: 0, rows: 30 },
  { x: 0, y: 10, rows: 20 },
];
const random = new Random(3);
const POINTS = MIDDLES.flatMap(({ x, y, rows }, blob) =>
  Array.from({ length: rows }, (_, i) => ({
    blob,
    order: i,
    x: 1e6 + x + 0.5 * random.normal(),
    y: y + 0.5 * random.normal(),
  })),
).sort((a, b) => a.order - b.order);
const BLOBS = write(
  'blobs.csv',
  `customer_id,city,x,y\n${POINTS.map(({ x, y }, i) => `c-${i},Rio,${x},${y}`).join('\n')}\n`,
);

/** Sum of squared distances to the middle of each blob, in float64. */
const INERTIA = MIDDLES.reduce((sum, { rows }, blob) => {
  const own = POINTS.filter((point) => point.blob === blob);
  const mean = (axis: 'x' | 'y') => own.reduce((total, point) => total + point[axis], 0) / rows;
  const [x, y] = [mean('x'), mean('y')];
  return sum + own.reduce((total, point) => total + (point.x - x) ** 2 + (point.y - y) ** 2, 0);
}, 0);

interface Report {
  readonly nClusters: number;
  readonly sizes: number[];
  readonly inertia: number;
  readonly silhouette: number;
  readonly iterations: number | null;
  readonly seconds: number;
  readonly centers: number[][];
  readonly [field: string]: unknown;
}

/** The JSON that the command prints, and the labels that it writes. */
async function clustered(table: string, ...args: string[]) {
  const labels = path(`labels-${Math.abs(hash(args.join(' ')))}.csv`);
  const end = await runCommand('cluster', table, '--json', '--labels', labels, ...args);
  expect(end.stderr).not.toMatch(/Error/);
  expect(end.code).toBe(0);
  const lines = readFileSync(labels, 'utf8').trimEnd().split('\n');
  return { ...end, report: JSON.parse(end.stdout) as Report, lines };
}

const hash = (text: string) => [...text].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) | 0, 7);

/** Whether two rows share a label exactly where they share a blob. */
function expectBlobs(lines: readonly string[]): void {
  const labels = lines.slice(1).map((line) => line.split(',')[1]!);
  const pairs = new Set(POINTS.map(({ blob }, row) => `${blob} ${labels[row]}`));
  expect([...pairs].length).toBe(3);
  expect(new Set(labels).size).toBe(3);
}

describe('every algorithm', () => {
  const cases = [
    ['kmeans', '--k', '3'],
    ['bisecting', '--k', '3'],
    ['ward', '--k', '3'],
    ['complete', '--k', '3'],
    ['average', '--k', '3'],
    ['single', '--k', '3'],
    ['dbscan', '--eps', '2'],
  ] as const;

  it.each(cases)('finds the three blobs of a table far from zero: %s', async (algorithm, flag, value) => {
    const { report, lines } = await clustered(BLOBS, '--algorithm', algorithm, flag, value);
    expectBlobs(lines);
    expect(report).toMatchObject({
      algorithm,
      nSamples: 90,
      nFeatures: 2,
      columns: ['x', 'y'],
      idColumn: 'customer_id',
      scaling: 'none',
      seed: 42,
      nClusters: 3,
    });
    expect(report.sizes.toSorted((a, b) => b - a)).toEqual([40, 30, 20]);
    expect(report.inertia / INERTIA).toBeCloseTo(1, 9);
    expect(report.silhouette).toBeGreaterThan(0.85);
    expect(report.seconds).toBeGreaterThan(0);
    expect(report.centers[report.sizes.indexOf(30)]![0]).toBeCloseTo(1e6 + 10, 0);
    if (['kmeans', 'bisecting'].includes(algorithm)) expect(report.iterations).toBeGreaterThan(0);
    else expect(report.iterations).toBeNull();
  });

  it('says of DBSCAN which radius it used and how many rows are core, border and noise', async () => {
    const { report } = await clustered(BLOBS, '--algorithm', 'dbscan', '--min-samples', '4');
    expect(report).toMatchObject({ epsAuto: true, minSamples: 4, iterations: null });
    expect(report.eps).toBeGreaterThan(0);
    const clusteredRows = report.sizes.reduce((sum, size) => sum + size, 0);
    expect(Number(report.nCore) + Number(report.nBorder)).toBe(clusteredRows);
    expect(clusteredRows + Number(report.nNoise)).toBe(90);
  });

  it('says of a merge tree how many merges it has and where it is cut', async () => {
    const table = write('line.csv', 'at\n0\n1\n3\n10\n');
    const { report, lines } = await clustered(table, '--algorithm', 'single', '--k', '2');
    expect(report).toMatchObject({ nMerges: 3, cutHeight: 2, nextHeight: 7, sizes: [3, 1] });
    expect(lines).toEqual(['row,label', '1,0', '2,0', '3,0', '4,1']);
  });

  it('marks noise as −1 and leaves it out of sizes and scores', async () => {
    const table = write('noise.csv', 'a,b\n0,0\n0,1\n1,0\n100,100\n9,9\n9,8\n8,9\n');
    const args = ['--algorithm', 'dbscan', '--eps', '1.5', '--min-samples', '3'];
    const { report, lines } = await clustered(table, ...args);
    expect(lines.slice(1).map((line) => line.split(',')[1])).toEqual(['0', '0', '0', '-1', '1', '1', '1']);
    expect(report).toMatchObject({ sizes: [3, 3], nCore: 6, nBorder: 0, nNoise: 1 });
    // Each corner of three rows has its mean at (1/3, 1/3) of it: 2/9 + 5/9 + 5/9, twice.
    expect(report.inertia).toBeCloseTo(8 / 3, 12);
  });

  it('reports no score where nothing is clustered', async () => {
    const table = write('apart.csv', 'a\n0\n10\n20\n');
    const { report, lines } = await clustered(table, '--algorithm', 'dbscan', '--eps', '1');
    expect(report).toMatchObject({ nClusters: 0, sizes: [], inertia: 0, silhouette: null, nNoise: 3 });
    expect(lines.slice(1)).toEqual(['1,-1', '2,-1', '3,-1']);
  });
});

describe('a range of k', () => {
  it('chooses by silhouette, with a table of every k and a reason that agrees with it', async () => {
    const { report } = await clustered(BLOBS, '--algorithm', 'kmeans', '--k', '2..5');
    const candidates = report.candidates as { nClusters: number; silhouette: number; inertia: number }[];
    expect(candidates.map(({ nClusters }) => nClusters)).toEqual([2, 3, 4, 5]);
    expect(Math.max(...candidates.map(({ silhouette }) => silhouette))).toBe(report.silhouette);
    expect(report.nClusters).toBe(3);
    expect(report.reason).toMatch(/^3 clusters of 4 candidates \(silhouette /);
    const inertias = candidates.map(({ inertia }) => inertia);
    expect(inertias).toEqual(inertias.toSorted((a, b) => b - a));
  });

  it('cuts one merge tree at every k', async () => {
    const searched = await clustered(BLOBS, '--algorithm', 'ward', '--k', '2..4');
    const alone = await clustered(BLOBS, '--algorithm', 'ward', '--k', '3');
    expect(searched.report.nClusters).toBe(3);
    expect(searched.lines).toEqual(alone.lines);
    expect(searched.report.inertia).toBe(alone.report.inertia);
  });

  it('is printed as text with the chosen k marked', async () => {
    const { stdout, stderr, code } = await runCommand(
      ...['cluster', BLOBS, '--algorithm', 'average', '--k', '2..4'],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/│ ▶ │ 3 │/);
    expect(stdout).toContain('3 clusters of 3 candidates');
    expect(stdout).toMatch(/│ {3}40 │ 44\.4% │ {3}999,999\.951 │/);
    expect(stderr).toBe(
      '2 columns: x, y\nleft out: customer_id (names the rows)\n' +
        'left out: city (no numbers: row 1 (line 2): found "Rio", which is no number)\n',
    );
  });
});

describe('scaling', () => {
  const table = write('units.csv', 'metres,share\n0,0\n1,0\n2000,0.1\n0,1\n1,1\n2001,1.1\n');

  it.each([
    ['none', [0, 0, 1, 0, 0, 1]],
    ['zscore', [0, 0, 0, 1, 1, 1]],
    ['minmax', [0, 0, 0, 1, 1, 1]],
  ])('decides which column weighs: %s', async (scaling, expected) => {
    const args = ['--algorithm', 'complete', '--k', '2', '--columns', 'share,metres', '--scaling', scaling];
    const { report, lines } = await clustered(table, ...args);
    const labels = lines.slice(1).map((line) => Number(line.split(',')[1]));
    const same = (of: readonly number[]) => of.map((label) => label === of[0]);
    if (scaling === 'none') expect(same(labels)).toEqual(same(expected));
    expect(report.columns).toEqual(['share', 'metres']);
    expect(report.scaling).toBe(scaling);
    // Centers are in the units of the file whatever the scaling.
    const weighted = report.centers.reduce((sum, [, metres], c) => sum + metres! * report.sizes[c]!, 0);
    expect(weighted / 6).toBeCloseTo(4003 / 6, 9);
  });
});

describe('the same input', () => {
  it('gives the same labels and scores every time, from plain and gzipped text', async () => {
    const zipped = write('blobs.csv.gz', gzipSync(readFileSync(BLOBS)));
    const args = ['--algorithm', 'kmeans', '--k', '7', '--restarts', '3', '--seed', '9', '--threads', '1'];
    const [first, second] = [await clustered(BLOBS, ...args), await clustered(zipped, ...args)];
    expect(second.lines).toEqual(first.lines);
    const timeless = ({ file, seconds, readSeconds, labelsFile, ...rest }: Report) => rest;
    expect(timeless(second.report)).toEqual(timeless(first.report));
  });
});

describe('threads', () => {
  const rows = Array.from({ length: 900 }, (_, i) => [
    ((i * 37) % 101) / 7 + (i % 4) * 9,
    ((i * 61) % 89) / 5,
  ]);
  const table = write('many.csv', `x,y\n${rows.map((row) => row.join(',')).join('\n')}\n`);

  it.each([
    ['--algorithm', 'kmeans', '--k', '2..5'],
    ['--algorithm', 'bisecting', '--k', '4'],
    ['--algorithm', 'dbscan', '--eps', '1.5'],
    ['--algorithm', 'ward', '--k', '3'],
  ])('change no byte of labels and numbers: %s %s %s %s', async (...args) => {
    const timed = new Set(['seconds', 'readSeconds', 'threads', 'labelsFile']);
    const results = await Promise.all(
      ['1', '2', '4'].map(async (threads) => {
        const { report, lines } = await clustered(table, ...args, '--threads', threads);
        return JSON.stringify({ lines, report }, (key, value) => (timed.has(key) ? undefined : value));
      }),
    );
    expect(results[1]).toBe(results[0]);
    expect(results[2]).toBe(results[0]);
  });
});

describe('the labels file', () => {
  it('quotes ids and disarms those that a spreadsheet would compute, but not numbers', async () => {
    const ids = ['=1+1', '+x', '-5', '@a', '"say ""hi"", b"', 'plain'];
    const table = write('ids.csv', `id,v\n${ids.map((id, i) => `${id},${i}`).join('\n')}\n`);
    const { lines } = await clustered(table, '--algorithm', 'single', '--k', '1');
    expect(lines).toEqual(['id,label', "'=1+1,0", "'+x,0", '-5,0', "'@a,0", '"say ""hi"", b",0', 'plain,0']);
  });

  it('disarms ids of any file, and is read back as it was written', async () => {
    const armed = [
      '\t=1+1',
      '\r@a',
      '\n+b',
      '＝1+1',
      '-1+1',
      '-',
      "=cmd|' /C calc'!A0",
      '@SUM(1,2)',
      'a;=1+1',
    ];
    const numbers = ['-1', '+1', '-1.5', '-.5', '-1.5e3', '+2E-7'];
    const ids = [...armed, ...numbers];
    const table = write('ids.jsonl', ids.map((id, v) => JSON.stringify({ id, v })).join('\n'));
    const { lines } = await clustered(table, '--algorithm', 'single', '--k', '1');
    const { texts } = await cellsOf(chunkedSource('labels.csv', lines.join('\n')));
    const back = armed.map((id) => (id === 'a;=1+1' ? id : `'${id}`));
    expect(texts).toEqual({ id: [...back, ...numbers], label: ids.map(() => '0') });
  });

  it('is made in a folder that is not there yet', async () => {
    const labels = path('new/folder/labels.csv');
    const end = await runCommand('cluster', BLOBS, '--algorithm', 'ward', '--k', '2', '--labels', labels);
    expect(end.code).toBe(0);
    expect(readFileSync(labels, 'utf8').split('\n')).toHaveLength(92);
    expect(end.stdout).toContain(labels);
    expect(folder).not.toBe('');
  });
});

describe('the help', () => {
  it('names every option and shows an example', async () => {
    const { stdout, code } = await runCommand('cluster', '--help');
    expect(code).toBe(0);
    for (const flag of ['--columns', '--scaling', '--k', '--eps', '--min-samples', '--seed', '--restarts']) {
      expect(stdout).toContain(flag);
    }
    expect(stdout).toContain('tessella cluster customers.csv --algorithm kmeans --k 2..10');
    expect(stdout).toMatch(/--scaling <name>[\s\S]*default: "none"/);
  });
});
