#!/usr/bin/env node
// Plain JavaScript that any Node can start: it makes sure that Node 24 runs the rest, which is TypeScript.
import module from 'node:module';

// Other modules by require(): an import of `node:fs` would load streams and promises for it, too.
const require = module.createRequire(import.meta.url);
const { existsSync, readFileSync, statSync } = require('node:fs');
const { fileURLToPath } = require('node:url');

const NEEDED = 24;
/** Commands of the bundle that `npm run build` writes. */
const BUNDLED = ['cluster', 'inspect', 'segments'];
const bundle = new URL('../dist/cli/tables.mjs', import.meta.url);
// What it was made of, which the build writes beside it: relative to the project, one a line.
const sources = new URL('./sources.txt', bundle);
const project = fileURLToPath(new URL('..', import.meta.url));
// What V8 compiled once it reads back; where the folder cannot be written it compiles each time.
const compiled = fileURLToPath(new URL('./compiled', bundle));
const isBundled = BUNDLED.includes(process.argv[2]) && isUpToDate();
const main = isBundled ? bundle : new URL('./main.ts', import.meta.url);
const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  if (isBundled) module.enableCompileCache(compiled);
  await import(main.href);
  // These commands print at once and leave nothing behind: no code that is still being compiled is waited for.
  if (isBundled) process.exit();
} else if (existsSync(own)) {
  // `npm ci` brought its own Node 24 along: hand over to it and pass signals on.
  const { spawn } = require('node:child_process');
  const { constants } = require('node:os');
  const env = isBundled ? { NODE_COMPILE_CACHE: compiled, ...process.env } : process.env;
  const child = spawn(own, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit', env });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to parent and child alike; anything else sends it to us alone.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
} else {
  console.error(
    `tessella needs Node ${NEEDED} or newer, and this is ${process.version}. ` +
      'Run `npm ci` in the project (it brings its own Node 24), or install Node 24.',
  );
  process.exitCode = 1;
}

/** Whether the bundle is there and newer than all its sources. */
function isUpToDate() {
  if (!existsSync(sources)) return false;
  const builtMs = statSync(bundle).mtimeMs;
  return readFileSync(sources, 'utf8')
    .split('\n')
    .every((path) => statSync(project + path, { throwIfNoEntry: false })?.mtimeMs <= builtMs);
}
