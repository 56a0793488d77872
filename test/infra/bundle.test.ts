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

  it('puts the worker beside a function that starts threads, and there it runs', async () => {
    const [folder, outdir] = [handlers(), temporary()];
    const threads = join(import.meta.dirname, '../../functions/threads/clustering-threads.ts');
    writeFileSync(
      join(folder, 'fit.ts'),
      `import { openThreads } from ${JSON.stringify(threads)};
      export const handler = async (nThreads: number) => {
        const threads = await openThreads(nThreads);
        const values = Float32Array.from({ length: 600 }, (_, i) => (i * i) % 97);
        const fit = await threads.kmeans({ nSamples: 300, nFeatures: 2, values }, { nClusters: 4, seed: 1 });
        const score = await threads.estimateSilhouette({ nSamples: 300, nFeatures: 2, values }, fit.labels, 4, 1);
        await threads.close();
        return { fit, score };
      };\n`,
    );
    await bundleHandlers(folder, outdir);
    expect(readdirSync(join(outdir, 'fit')).sort()).toEqual(['index.mjs', 'kernel-worker.mjs']);
    expect(readdirSync(join(outdir, 'join-path'))).toEqual(['index.mjs']);
    const { handler } = await import(pathToFileURL(join(outdir, 'fit/index.mjs')).href);
    expect(await handler(2)).toEqual(await handler(1));
  });

  it('puts the forecasting WASM beside a function that forecasts, and there it runs as from the sources', async () => {
    const [folder, outdir] = [handlers(), temporary()];
    const functions = join(import.meta.dirname, '../../functions');
    writeFileSync(
      join(folder, 'forecast.ts'),
      `import { loadAugurs } from ${JSON.stringify(join(functions, 'load-augurs.ts'))};
      import { augursForecasters } from ${JSON.stringify(join(functions, 'forecast/augurs.ts'))};
      export const handler = async () => {
        const values = Float64Array.from({ length: 60 }, (_, i) => 10 + (i % 7) + Math.sin(i * i));
        const timestamps = values.map((_, i) => 1.7e9 + i * 86400);
        const future = Float64Array.of(1.7e9 + 60 * 86400);
        const forecasters = augursForecasters(await loadAugurs());
        return forecasters.map((one) => one.project({ values, timestamps, seasonLength: 7 }, future).point[0]);
      };\n`,
    );
    await bundleHandlers(folder, outdir);
    expect(readdirSync(join(outdir, 'forecast')).sort()).toEqual([
      'ets_bg.wasm',
      'index.mjs',
      'mstl_bg.wasm',
      'prophet-wasmstan.core.wasm',
      'prophet-wasmstan.core2.wasm',
      'prophet_bg.wasm',
    ]);
    expect(readdirSync(join(outdir, 'join-path'))).toEqual(['index.mjs']);
    expect(readFileSync(join(outdir, 'forecast/index.mjs'), 'utf8')).not.toContain('node:worker_threads');
    const run = async (module: string) => (await import(pathToFileURL(module).href)).handler();
    const bundled = await run(join(outdir, 'forecast/index.mjs'));
    expect(bundled.every(Number.isFinite)).toBe(true);
    expect(bundled).toEqual(await run(join(folder, 'forecast.ts')));
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
