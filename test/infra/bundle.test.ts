import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bundleHandlers } from '../../infra/bundle.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 'tessella-bundle-'));

/** A folder of two handlers that share a module and need a built-in CommonJS-style require. */
function handlers(): string {
  const folder = join(temporary(), 'handlers');
  mkdirSync(folder);
  writeFileSync(join(folder, '../greeting.ts'), `export const greeting: string = 'hello';\n`);
  writeFileSync(
    join(folder, '../legacy.cjs'),
    `module.exports = require('node:path').posix.join('a', 'b');\n`,
  );
  writeFileSync(
    join(folder, 'say-hello.ts'),
    `import { greeting } from '../greeting.ts';\nexport const handler = async () => greeting;\n`,
  );
  writeFileSync(
    join(folder, 'join-path.ts'),
    `import joined from '../legacy.cjs';\nexport const handler = async () => joined;\n`,
  );
  return folder;
}

describe('bundling', () => {
  it('makes one module per handler that runs by itself, also with CommonJS inside', async () => {
    const outdir = temporary();
    const sizes = await bundleHandlers(handlers(), outdir);
    expect(Object.keys(sizes)).toEqual(['join-path', 'say-hello']);
    const run = async (name: string) => {
      const module = await import(pathToFileURL(join(outdir, name, 'index.mjs')).href);
      return module.handler();
    };
    expect([await run('say-hello'), await run('join-path')]).toEqual(['hello', 'a/b']);
  });

  it('gives the same bytes for the same sources', async () => {
    const [sources, first, second] = [handlers(), temporary(), temporary()];
    await bundleHandlers(sources, first);
    await bundleHandlers(sources, second);
    for (const name of ['say-hello', 'join-path']) {
      const read = (outdir: string) => readFileSync(join(outdir, name, 'index.mjs'), 'utf8');
      expect(read(first)).toBe(read(second));
    }
  });

  it('deploys the module alone and keeps its source map aside', async () => {
    const outdir = temporary();
    await bundleHandlers(handlers(), outdir);
    expect(readdirSync(join(outdir, 'say-hello'))).toEqual(['index.mjs']);
    expect(JSON.parse(readFileSync(join(outdir, 'maps/say-hello.map'), 'utf8'))).toMatchObject({
      version: 3,
    });
  });

  it('removes the bundle of a handler that is gone', async () => {
    const outdir = temporary();
    mkdirSync(join(outdir, 'former'));
    await bundleHandlers(handlers(), outdir);
    expect(existsSync(join(outdir, 'former'))).toBe(false);
  });

  it('fails, and leaves the former bundles alone, when a handler does not compile', async () => {
    const [sources, outdir] = [handlers(), temporary()];
    await bundleHandlers(sources, outdir);
    writeFileSync(join(sources, 'say-hello.ts'), `import { nothing } from './nowhere.ts';\nnothing();\n`);
    await expect(bundleHandlers(sources, outdir)).rejects.toThrow(/Could not resolve "\.\/nowhere\.ts"/);
    expect(existsSync(join(outdir, 'say-hello/index.mjs'))).toBe(true);
  });
});
