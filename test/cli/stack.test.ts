import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyDataFolder } from '../../cli/stack.ts';

it('empties a data folder of all that a stack keeps there, keys too, and of nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessella-data-'));
  for (const part of ['s3/bucket', 'dynamodb', 'logs', 'mine']) {
    mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(join(folder, part, 'x'), 'x');
  }
  for (const file of ['development-key-default', 'stack.log', 'orders.csv'])
    writeFileSync(join(folder, file), 'x');
  emptyDataFolder(folder);
  expect(readdirSync(folder).sort()).toEqual(['mine', 'orders.csv']);
  emptyDataFolder(join(folder, 'absent'));
});
