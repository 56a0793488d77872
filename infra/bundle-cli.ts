import { mkdir, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** Folder of the bundled commands; `cli/tessella.mjs` looks here first. */
export const CLI_BUNDLE = join(ROOT, 'dist/cli');

/** Modules of Node.js that are in memory before any program starts. */
const ALWAYS_LOADED = new Set(['buffer', 'events', 'fs', 'path', 'process', 'url']);

/**
 * Modules of Node.js without an import, which binds all exports and loads whatever the rarest of them needs: that of `node:fs`
 * streams and promises, that of `node:child_process` sockets. Those that are not in memory anyway load at the first use.
 */
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, kind }) => {
      if (!isBuiltin(path) || kind === 'dynamic-import') return undefined;
      return {
        path: path.replace('node:', ''),
        namespace: kind === 'require-call' ? 'required' : 'imported',
      };
    });
    onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
    onLoad({ filter: /./, namespace: 'imported' }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(path) ?? {});
      if (!ALWAYS_LOADED.has(path)) {
        return {
          contents: `for (const name of '${names}'.split(','))
            Object.defineProperty(exports, name, { get: () => process.getBuiltinModule('${path}')[name] });`,
        };
      }
      // What nobody imports esbuild leaves out.
      const exported = names.map(
        (name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})();`,
      );
      return {
        contents: [
          `const builtin = process.getBuiltinModule('${path}');`,
          'export default builtin;',
          ...exported,
        ].join('\n'),
      };
    });
  },
};

/**
 * Kernels as files beside the bundle. In the module that other bundles hold they are text, which V8 has to read, hash and
 * scan before it is decoded, both builds of it.
 */
const kernelFiles: Plugin = {
  name: 'kernel-files',
  setup({ onLoad }) {
    onLoad({ filter: /\/build\/kernels-wasm\.js$/ }, ({ path }) => {
      return {
        loader: 'js',
        resolveDir: dirname(path),
        contents: `
          import { readFileSync } from 'node:fs';
          import relaxed from './kernels.wasm';
          import strict from './kernels-strict.wasm';
          const bytes = (file) => readFileSync(new URL(file, import.meta.url));
          export const relaxedKernels = () => bytes(relaxed);
          export const strictKernels = () => bytes(strict);`,
      };
    });
  },
};

/** What a clustering takes, with all it imports. */
const CORE = ['cli/cluster.ts', 'cli/cluster-run.ts'];

/**
 * One chunk for the core. esbuild makes a chunk of what the same entry points share, and each dynamic import is one: left
 * alone, a clustering would start from thirty small files. So all of them share the core.
 */
const sharedCore: Plugin = {
  name: 'shared-core',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.{1,2}\// }, ({ path, kind, resolveDir }) =>
      kind === 'dynamic-import' ? { path: join(resolveDir, path), namespace: 'lazy' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'lazy' }, ({ path }) => ({
      resolveDir: ROOT,
      contents: [
        ...CORE.map((file) => `import ${JSON.stringify(join(ROOT, file))};`),
        `export * from ${JSON.stringify(path)};`,
      ].join('\n'),
    }));
  },
};

/**
 * Bundles programs into `<outdir>/<name>.mjs`, what they load on demand into chunks beside them, and the module of the
 * worker threads, so that a process starts from a few small files in place of a few hundred. `sources.txt` lists what they are made of.
 * @param programs source files, relative to the project, by name
 */
export async function bundlePrograms(
  programs: Readonly<Record<string, string>>,
  outdir: string,
): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  // Apart: what programs and workers share would be one more file that each of them starts from.
  const inputs = [
    ...(await bundle(programs, outdir)),
    ...(await bundle({ 'kernel-worker': 'functions/threads/kernel-worker.ts' }, outdir)),
  ];
  // Of installed packages the lock file tells.
  const own = inputs.filter((path) => !/^(?:node_modules\/|\w+:)/.test(path));
  await writeFile(join(outdir, 'sources.txt'), [...new Set(own), 'package-lock.json'].join('\n'));
}

/** Bundles programs and returns what they are made of. */
async function bundle(entryPoints: Readonly<Record<string, string>>, outdir: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { ...entryPoints },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    conditions: ['module', 'import'],
    // Names of classes and functions are left alone: errors and stack traces show them.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    plugins: [builtins, kernelFiles, sharedCore],
    loader: { '.wasm': 'file' },
    logLevel: 'silent',
    metafile: true,
  });
  return Object.keys(metafile.inputs);
}

if (import.meta.main) {
  await bundlePrograms({ tables: 'cli/tables.ts' }, CLI_BUNDLE);
  console.log('bundle of the commands that need no stack: dist/cli');
}
