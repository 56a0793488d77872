import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** Folder of the bundles, one folder per function; source maps lie beside them, outside what is deployed. */
export const BUNDLES = join(ROOT, 'dist');

// Dependencies that are CommonJS inside call require(), which an ES module does not have.
const REQUIRE_BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** zod carries its messages in some fifty languages and keeps all of them in any bundle: English is a quarter less. */
const onlyEnglish: Plugin = {
  name: 'only-english',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/**
 * Bundles every file of `handlers` into `<outdir>/<name>/index.mjs`. Equal sources give equal bytes, so that a
 * function is deployed again only when its own code changed. Folders of handlers that are gone are removed.
 * @returns size of each bundle in bytes, by handler name
 */
export async function bundleHandlers(
  handlers = join(ROOT, 'functions/handlers'),
  outdir = BUNDLES,
): Promise<Record<string, number>> {
  const names = (await readdir(handlers))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
    .sort();
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: names.map((name) => ({ in: join(handlers, `${name}.ts`), out: name })),
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    conditions: ['module', 'import'],
    minify: true,
    legalComments: 'none',
    // A deployed function carries no map; the external one reads a stack trace from its log.
    sourcemap: 'external',
    sourcesContent: false,
    banner: { js: REQUIRE_BANNER },
    plugins: [onlyEnglish],
    logLevel: 'silent',
    write: false,
  });

  await rm(outdir, { recursive: true, force: true });
  await mkdir(join(outdir, 'maps'), { recursive: true });
  for (const { path, contents } of result.outputFiles) {
    const isMap = path.endsWith('.map');
    const name = basename(path, isMap ? '.js.map' : '.js');
    if (!isMap) await mkdir(join(outdir, name), { recursive: true });
    await writeFile(isMap ? join(outdir, 'maps', `${name}.map`) : join(outdir, name, 'index.mjs'), contents);
  }
  const sizes = names.map(
    async (name) => [name, (await stat(join(outdir, name, 'index.mjs'))).size] as const,
  );
  return Object.fromEntries(await Promise.all(sizes));
}

if (import.meta.main) {
  const sizes = Object.entries(await bundleHandlers());
  const kib = (bytes: number) => `${Math.ceil(bytes / 1024)} KiB`;
  const list = sizes.map(([name, bytes]) => `${name} ${kib(bytes)}`).join(', ');
  console.log(`bundles: ${list || 'none, functions/handlers holds no handler'}`);
}
