import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the project, the folder that holds package.json, seen from `cli/` or from the bundle in `dist/cli/`. */
export const PROJECT = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '..' : '../..', import.meta.url),
);
/** Folder of the synthesized templates. */
export const ASSEMBLY = join(PROJECT, 'cdk.out');

const SOURCES = ['wasm', 'functions', 'infra', 'cdk.json', 'package.json', 'asconfig.json'];

function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Builds kernels and bundles and synthesizes the template, unless `cdk.out` is newer than every source. */
export async function ensureBuilt(log: (line: string) => void): Promise<void> {
  const built = join(ASSEMBLY, 'manifest.json');
  const changed = Math.max(...SOURCES.map((source) => newest(join(PROJECT, source))));
  if (existsSync(built) && statSync(built).mtimeMs >= changed) return;
  log('Building kernels, bundles and template (once; again when sources change) …');
  await runScript('synth');
}

/** Builds the kernels where they were never built, and with them the bundle that `tessella cluster` starts from. */
export async function ensureKernels(log: (line: string) => void): Promise<void> {
  if (existsSync(join(PROJECT, 'build', 'kernels-wasm.js'))) return;
  log('Building the kernels (once) …');
  await runScript('build');
}

async function runScript(name: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn('npm', ['run', '--silent', name], {
      cwd: PROJECT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm run ${name} failed with exit code ${code}:\n${output}`));
    });
  });
}
