#!/usr/bin/env node
// Plain JavaScript that any Node can start: it makes sure that Node 24 runs the rest, which is TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const main = new URL('./main.ts', import.meta.url);
const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  await import(main.href);
} else if (existsSync(own)) {
  // `npm ci` brought its own Node 24 along: hand over to it and pass signals on.
  const child = spawn(own, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
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
