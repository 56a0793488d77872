import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { TableReport } from '../../functions/tables/table-report.ts';
import { runCommand, scratchFolder } from '../support/run-command.ts';

const { write, path } = scratchFolder();
const ORDERS =
  'order_id;mail;paid_at;amount\n1;ann@example.org;31.12.2024;1.200,50\n2;ann@example.org;01.01.2025;Select\n3;x\n';

describe('tessella inspect', () => {
  it('prints a table for people, without anything personal', async () => {
    const { code, stdout, stderr } = await runCommand('inspect', write('orders.csv.gz', gzipSync(ORDERS)));
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/csv, gzip, utf-8, delimiter ;/);
    expect(stdout).toMatch(/2 rows, 4 columns/);
    expect(stdout).toMatch(/line 4: the row has 2 fields where the header has 4: 9;a/);
    expect(stdout).toMatch(/mail .*personal: email/);
    expect(stdout).toMatch(/amount .*"Select" may mean missing \(1\); decimal comma/);
    expect(stdout).not.toMatch(/ann@|example/);
    expect(stderr).toBe('');
  });

  it('prints JSON that holds all of it', async () => {
    const file = write('orders.csv', Buffer.from(ORDERS.replace('Select', 'Größe'), 'latin1'));
    const { stdout } = await runCommand('inspect', file, '--json');
    const report = JSON.parse(stdout) as TableReport;
    expect(report).toMatchObject({ nRows: 2, nRejected: 1, encoding: 'windows-1252', delimiter: ';' });
    expect(report.columns.map(({ type }) => type)).toEqual(['id', 'category', 'date', 'category']);
  });

  it('takes encoding and delimiter from the command line', async () => {
    const file = write('bars.txt', 'a,b|c\n1,2|3\n');
    const { stdout } = await runCommand(
      'inspect',
      file,
      '--json',
      '--delimiter',
      '|',
      '--encoding',
      'latin1',
    );
    const report = JSON.parse(stdout) as TableReport;
    expect(report.columns.map(({ name }) => name)).toEqual(['a,b', 'c']);
    expect(report.encoding).toBe('windows-1252');
  });

  it('fails with exit code 2 on what is no table, no file, no sheet and no encoding', async () => {
    const cases: [string[], RegExp][] = [
      [[write('empty.csv', '')], /is empty/],
      [[path('none.csv')], /There is no file/],
      [[write('a.csv', 'a\n1\n'), '--encoding', 'ebcdic'], /Expected one of utf-8/],
      [[write('b.csv', 'a\n1\n'), '--delimiter', '/'], /Expected , or/],
    ];
    for (const [args, text] of cases) {
      const { code, stdout, stderr } = await runCommand('inspect', ...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(text);
    }
  });
});
