import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** Folder of the bundled commands; `cli/tessella.mjs` looks here first. */
export const CLI_BUNDLE = join(ROOT, 'dist/cli');

// Dependencies that are CommonJS inside call require(), which an ES module does not have.
const REQUIRE_BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

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
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { ...programs, 'kernel-worker': 'functions/threads/kernel-worker.ts' },
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
    banner: { js: REQUIRE_BANNER },
    logLevel: 'silent',
    metafile: true,
  });
  // Of installed packages the lock file tells.
  const own = Object.keys(metafile.inputs).filter((path) => !path.startsWith('node_modules/'));
  await writeFile(join(outdir, 'sources.txt'), [...own, 'package-lock.json'].join('\n'));
}

if (import.meta.main) {
  await bundlePrograms({ tables: 'cli/tables.ts' }, CLI_BUNDLE);
  console.log('bundle of the commands that need no stack: dist/cli');
}
