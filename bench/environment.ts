import { spawnSync } from 'node:child_process';
import { ALLOCATOR_ENV } from '../functions/contracts/env.ts';

/**
 * Starts this program anew in the environment that functions are deployed with, unless it runs in it: the C library reads
 * its settings at the start only. Its peers inherit them.
 */
export function runAsDeployed(): void {
  const isDeployed = Object.entries(ALLOCATOR_ENV).every(([name, value]) => process.env[name] === value);
  if (isDeployed) return;
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, ...ALLOCATOR_ENV },
  });
  process.exit(status ?? 1);
}

/** The environment without those settings: that of a program started by hand. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !(name in ALLOCATOR_ENV)));
}
