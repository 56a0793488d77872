import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundlePrograms } from '../../infra/bundle-cli.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'tessella-bundle-cli-'));
const bundle = join(ROOT, 'build/test-bundle-cli');
const table = join(folder, 'table.csv');

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the bundled commands', () => {
  beforeAll(async () => {
    const rows = Array.from({ length: 400 }, (_, i) => `${i % 7},${(i * i) % 31},${i % 2 ? 40 : 3}`);
    writeFileSync(table, `a,b,c\n${rows.join('\n')}\n`);
    await bundlePrograms({ tables: 'cli/tables.ts' }, bundle);
  });

  it.each([['1'], ['2']])('cluster a table as the sources do, on %s threads', (threads) => {
    const labelsOf = (program: string, name: string) => {
      const labels = join(folder, name);
      const args = ['cluster', table, '--algorithm', 'kmeans', '--k', '3', '--threads', threads, '--json'];
      const { status, stdout } = run(program, ...args, '--labels', labels);
      expect(status).toBe(0);
      const { inertia, silhouette, numericMode } = JSON.parse(stdout);
      return { inertia, silhouette, numericMode, labels: readFileSync(labels, 'utf8') };
    };
    expect(labelsOf(join(bundle, 'tables.mjs'), 'bundled.csv')).toEqual(
      labelsOf(join(ROOT, 'cli/main.ts'), 'sources.csv'),
    );
  });

  it('inspect a table as the sources do', () => {
    const found = run(join(bundle, 'tables.mjs'), 'inspect', table);
    expect(found).toEqual(run(join(ROOT, 'cli/main.ts'), 'inspect', table));
    expect(found.status).toBe(0);
  });

  it('fails with the exit code and the words of the sources for a file that is not there', () => {
    const args = ['cluster', join(folder, 'nowhere.csv'), '--algorithm', 'kmeans'];
    const found = run(join(bundle, 'tables.mjs'), ...args);
    expect(found).toEqual(run(join(ROOT, 'cli/main.ts'), ...args));
    expect(found).toMatchObject({ status: 2, stderr: expect.stringContaining('There is no file') });
  });
});
