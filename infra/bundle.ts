import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
/** Module of the worker threads, and the module that starts them: each function with the one gets the other. */
const WORKER = 'functions/threads/kernel-worker.ts';
const WORKER_STARTER = 'functions/threads/thread-pool.ts';

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
 * The forecasting library's WASM lies beside the bundle of a function that holds its loader: the one part finds it by
 * `functions/load-augurs.ts`, the other by the URL of its own module, which is then the bundle.
 */
const FORECASTING_LOADER = 'functions/load-augurs.ts';
const FORECASTING_WASM = [
  '@bsull/augurs/ets_bg.wasm',
  '@bsull/augurs/mstl_bg.wasm',
  '@bsull/augurs/prophet_bg.wasm',
  '@bsull/augurs-prophet-wasmstan/prophet-wasmstan.core.wasm',
  '@bsull/augurs-prophet-wasmstan/prophet-wasmstan.core2.wasm',
];

/** Stan needs a system to run on, and of the two that are offered the one for browsers: the other starts a thread. */
const threadlessSystem: Plugin = {
  name: 'threadless-system',
  setup({ onResolve }) {
    onResolve({ filter: /^@bytecodealliance\/preview2-shim\/\w+$/ }, ({ path }) => ({
      path: join(ROOT, 'node_modules/@bytecodealliance/preview2-shim/lib/browser', `${basename(path)}.js`),
    }));
  },
};

/**
 * Bundles every file of `handlers` into `<outdir>/<name>/index.mjs`. Equal sources give equal bytes, so that a
 * function is deployed again only when its own code changed. Folders of handlers that are gone are removed. A function
 * that starts worker threads has their module beside its own.
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
    entryPoints: [
      ...names.map((name) => ({ in: join(handlers, `${name}.ts`), out: name })),
      { in: join(ROOT, WORKER), out: basename(WORKER, '.ts') },
    ],
    metafile: true,
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
    plugins: [onlyEnglish, threadlessSystem],
    logLevel: 'silent',
    write: false,
  });

  await rm(outdir, { recursive: true, force: true });
  await mkdir(join(outdir, 'maps'), { recursive: true });
  const bundlesWith = (source: string) =>
    Object.entries(result.metafile.outputs)
      .filter(([, { inputs }]) => source in inputs)
      .map(([path]) => basename(path, '.js'));
  const startsThreads = bundlesWith(WORKER_STARTER);
  for (const { path, contents } of result.outputFiles) {
    const isMap = path.endsWith('.map');
    const name = basename(path, isMap ? '.js.map' : '.js');
    if (isMap) await writeFile(join(outdir, 'maps', `${name}.map`), contents);
    else if (names.includes(name)) await writeModule(join(outdir, name), 'index.mjs', contents);
    else for (const user of startsThreads) await writeModule(join(outdir, user), `${name}.mjs`, contents);
  }
  for (const user of bundlesWith(FORECASTING_LOADER)) {
    for (const file of FORECASTING_WASM) {
      await copyFile(join(ROOT, 'node_modules', file), join(outdir, user, basename(file)));
    }
  }
  const sizes = names.map(
    async (name) => [name, (await stat(join(outdir, name, 'index.mjs'))).size] as const,
  );
  return Object.fromEntries(await Promise.all(sizes));
}

async function writeModule(folder: string, file: string, contents: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), contents);
}

if (import.meta.main) {
  const sizes = Object.entries(await bundleHandlers());
  const kib = (bytes: number) => `${Math.ceil(bytes / 1024)} KiB`;
  const list = sizes.map(([name, bytes]) => `${name} ${kib(bytes)}`).join(', ');
  console.log(`bundles: ${list || 'none, functions/handlers holds no handler'}`);
}
