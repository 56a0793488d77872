import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readNumericTable } from '../../cli/numeric-table.ts';
import { problemText } from '../../cli/terminal.ts';
import { type TessellaError, toProblem } from '../../functions/errors.ts';
import { runCommand, scratchFolder } from '../support/run-command.ts';

const { folder, path, write } = scratchFolder();
const GOOD = write('good.csv', 'id,x,y\na,1,2\nb,2,1\nc,8,9\nd,9,8\n');

/** Runs the command with a labels file, expects that it fails as told and writes nothing. */
async function expectFailure(args: readonly string[], code: number, ...texts: (string | RegExp)[]) {
  const labels = path('never.csv');
  const end = await runCommand('cluster', ...args, '--json', '--labels', labels);
  expect(end.code, end.stderr).toBe(code);
  expect(JSON.parse(end.stdout)).toMatchObject({
    status: 'failed',
    problem: { title: expect.stringMatching(/Error$/) },
  });
  for (const text of texts) expect(end.stderr).toMatch(text);
  expect(end.stderr).not.toMatch(/\n {4}at /);
  expect(readdirSync(folder).filter((name) => name.startsWith('never'))).toEqual([]);
}

/** Reads the table in this process and expects that it fails as told. */
async function expectUnreadable(table: string, ...texts: RegExp[]) {
  const error = await readNumericTable(table).catch((caught: TessellaError) => caught);
  expect(error).toBeInstanceOf(Error);
  for (const text of texts) expect(problemText(toProblem(error))).toMatch(text);
}

const ALGORITHM = ['--algorithm', 'kmeans', '--k', '2'];

describe('a table', () => {
  const tables: [string, string | Uint8Array, RegExp[]][] = [
    ['empty', '', [/InvalidDatasetError/, /is empty/, /empty_file/]],
    ['blank', '\n \n', [/InvalidDatasetError/, /is empty/]],
    ['header', 'x,y\n', [/InsufficientDataError/, /2 columns but no row/]],
    ['header-alone', 'x,y', [/InsufficientDataError/, /no row/]],
    ['missing', 'x,y\n1,2\n3,\n', [/"y", row 2 \(line 3\): there is no value/, /Fill the cell/]],
    ['nan', 'x,y\n1,NaN\n3,4\n', [/Column "y", row 1 \(line 2\): found "NaN"/, /finite/]],
    ['infinite', 'x,y\n1,2\n-inf,4\n', [/Column "x", row 2 \(line 3\): found "-inf"/]],
    ['overflowing', 'x\n1\n1e999\n', [/row 2 \(line 3\): found "1e999"/]],
    ['too-large', 'x\n1\n1e200\n', [/row 2 \(line 3\): found "1e200"/, /1e150/]],
    ['texts', 'city,name\nRio,a\nBonn,b\n', [/no numeric column/, /city \(no numbers: row 1/]],
    ['no-values', 'x,id\n,1\n,2\n', [/no numeric column/, /x \(no value in any row\)/]],
    ['ragged', 'x,y\n1,2\n3\n', [/line 3: the row has 1 fields where the header has 2/]],
    ['open-quote', 'x,y\n1,"2\n3,4\n', [/line 2: .*never closed/]],
    ['utf-16', Buffer.from('x,y\n1,2\n', 'utf16le'), [/InvalidDatasetError/, /UTF-16/]],
    ['cut.gz', gzipSync('x,y\n1,2\n'.repeat(99)).subarray(0, -9), [/ends too early/, /truncated_gzip/]],
    ['zip', Buffer.from('PK\x03\x04xl'), [/cannot be read as a spreadsheet/, /corrupt_xlsx/]],
    ['feather-1', Buffer.from('FEA1....'), [/Feather of version 1/]],
    ['text.arrow', 'x,y\n1,2\n', [/InvalidDatasetError/, /corrupt_arrow/]],
    ['text.feather', 'x,y\n1,2\n', [/InvalidDatasetError/, /corrupt_arrow/]],
    ['text.parquet', 'x,y\n1,2\n', [/InvalidDatasetError/, /corrupt_parquet/]],
  ];

  it.each(tables)('fails to be read: %s', async (name, content, texts) => {
    await expectUnreadable(write(name, content), ...texts);
  });

  it.each(['lz4.feather', 'zstd.feather', 'plain.arrows', 'snappy.parquet'])(
    'fails to be read wherever it is cut off: %s',
    async (name) => {
      const whole = readFileSync(new URL(`../fixtures/cluster-tables/${name}`, import.meta.url));
      for (const share of [0.02, 0.25, 0.5, 0.75, 0.95]) {
        const table = write(name, whole.subarray(0, Math.ceil(whole.length * share)));
        await expectUnreadable(table, /InvalidDatasetError/, /Write it again/);
      }
    },
  );

  it('fails in the command too, with exit code 2 and nothing written', async () => {
    await expectFailure([write('nan.csv', 'x\n1\nNaN\n'), ...ALGORITHM], 2, /InvalidDatasetError/, /row 2/);
    await expectFailure([write('bare.csv', 'x\n'), ...ALGORITHM], 2, /InsufficientDataError/);
  });

  it('fails when there is no such file, or it is a folder', async () => {
    await expectFailure([path('none.csv'), ...ALGORITHM], 2, /InvalidRequestError/, /There is no file/);
    await expectFailure([folder, ...ALGORITHM], 2, /InvalidRequestError/, /is a folder/);
  });
});

describe('--columns', () => {
  it('fails for a column that is not there, naming those that are', async () => {
    await expectFailure([GOOD, '--columns', 'x,z', ...ALGORITHM], 2, /no column "z"/, /it has id, x, y/);
  });

  it('fails for a column of texts, naming the cell', async () => {
    const found = /Column "id", row 1 \(line 2\): found "a", which is no number/;
    await expectFailure([GOOD, '--columns', 'x,id', ...ALGORITHM], 2, found, /leave the column out/);
  });

  it('fails for a column named twice, and for an empty name', async () => {
    await expectFailure([GOOD, '--columns', 'x,x', ...ALGORITHM], 2, /names "x" twice/);
    await expectFailure([GOOD, '--columns', 'x,,y', ...ALGORITHM], 2, /Expected names such as age,income/);
  });

  it('lets a fault be in a column that is not clustered', async () => {
    const table = write('fault.csv', 'x,y\n1,NaN\n9,1\n');
    const end = await runCommand('cluster', table, '--columns', 'x', ...ALGORITHM);
    expect(end.code).toBe(0);
  });
});

describe('a number of clusters', () => {
  it.each(['ward', 'complete', 'average', 'single'])(
    'fails above the different rows: %s',
    async (algorithm) => {
      const table = write('twins.csv', 'x\n1\n1\n5\n5\n');
      const args = [table, '--algorithm', algorithm, '--k', '3'];
      await expectFailure(
        args,
        2,
        /InsufficientDataError/,
        /3 different rows, but the table has 2 \(in 4 rows\)/,
      );
      await expectFailure([table, '--algorithm', algorithm, '--k', '5'], 2, /5 clusters need at least 5/);
    },
  );

  it.each(['0', '1..3', '5..2', '2.5', '2..101'])('fails for --k %s', async (k) => {
    await expectFailure([GOOD, '--algorithm', 'kmeans', '--k', k], 2, /--k <number>.*Expected/s);
  });

  it('fails for one row, and for rows that are all equal', async () => {
    const one = write('one.csv', 'x,y\n1,2\n');
    await expectFailure([one, ...ALGORITHM], 2, /InsufficientDataError/, /2 clusters need at least 2 rows/);
    const equal = write('equal.csv', 'x,y\n1,2\n1,2\n1,2\n');
    await expectFailure([equal, ...ALGORITHM], 2, /InsufficientDataError/, /but the table has 1/);
  });

  it('fails for a range that reaches above the rows', async () => {
    await expectFailure([GOOD, '--algorithm', 'kmeans', '--k', '2..9'], 2, /9 clusters need at least 9 rows/);
  });
});

describe('an option', () => {
  it.each([
    [['--algorithm', 'dbscan', '--eps', '2', '--k', '3'], /^--k means nothing to dbscan and is left out$/m],
    [['--algorithm', 'kmeans', '--k', '2', '--eps', '3'], /^--eps means nothing to kmeans and is left out$/m],
    [['--algorithm', 'ward', '--k', '2', '--min-samples', '3'], /^--min-samples means nothing to ward/m],
    [['--algorithm', 'single', '--k', '2', '--restarts', '3'], /^--restarts means nothing to single/m],
    [['--algorithm', 'ward', '--k', '2', '--threads', '2'], /^ward itself runs on one thread/m],
  ])('is noted, and changes nothing, where the algorithm does not read it: %j', async (args, text) => {
    const end = await runCommand('cluster', GOOD, ...args, '--json');
    expect(end.code, end.stderr).toBe(0);
    expect(end.stderr).toMatch(text);
    const without = await runCommand('cluster', GOOD, ...args.slice(0, 4), '--json');
    expect(without.stderr).not.toMatch(text);
    const timeless = (text: string) => {
      const { seconds, readSeconds, threads, ...report } = JSON.parse(text);
      return report;
    };
    expect(timeless(end.stdout)).toEqual(timeless(without.stdout));
  });

  it.each([
    [['--algorithm', 'meanshift'], /Allowed choices are kmeans, dbscan/],
    [['--algorithm', 'dbscan', '--eps', '-1'], /Expected a number above 0, or auto/],
    [['--algorithm', 'dbscan', '--min-samples', '0'], /whole number from 1/],
    [['--algorithm', 'kmeans', '--scaling', 'log'], /Allowed choices are none, zscore, minmax/],
    [[], /required option '--algorithm <name>' not specified/],
  ])('fails where its value is wrong: %j', async (args, text) => {
    await expectFailure([GOOD, ...args], 2, text);
  });

  it('fails where labels would overwrite the table or a folder', async () => {
    const before = readFileSync(GOOD, 'utf8');
    const end = await runCommand('cluster', GOOD, ...ALGORITHM, '--labels', GOOD);
    expect(end.code).toBe(2);
    expect(end.stderr).toMatch(/would be overwritten/);
    expect(readFileSync(GOOD, 'utf8')).toBe(before);
    const onFolder = await runCommand('cluster', GOOD, ...ALGORITHM, '--labels', folder);
    expect(onFolder.code).toBe(2);
    expect(existsSync(folder)).toBe(true);
  });

  it('fails where the rows hold no scale for --eps auto', async () => {
    const table = write('same.csv', 'x\n1\n1\n1\n1\n1\n1\n');
    await expectFailure([table, '--algorithm', 'dbscan'], 2, /InsufficientDataError/, /Give eps as a number/);
  });
});
