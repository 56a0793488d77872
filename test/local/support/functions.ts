import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Lambda, type LambdaOptions } from '../../../local/lambda.ts';
import type { FunctionDefinition } from '../../../local/lambda-process.ts';

export const ARN = 'arn:aws:lambda:eu-central-1:000000000000:function:';

/** A temporary folder that `remove` deletes. */
export function temporaryFolder(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessella-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Writes one bundle `index.mjs` with this source and describes it as a template would. */
export function functionDefinition(
  folder: string,
  name: string,
  source: string,
  more: Partial<FunctionDefinition> = {},
): FunctionDefinition {
  const codeFolder = path.join(folder, 'code', name);
  mkdirSync(codeFolder, { recursive: true });
  writeFileSync(path.join(codeFolder, 'index.mjs'), source);
  return {
    name,
    arn: ARN + name,
    codeFolder,
    handler: 'index.handler',
    memorySizeMb: 256,
    timeoutMs: 10_000,
    environment: {},
    roleArn: `arn:aws:iam::000000000000:role/${name}`,
    ...more,
  };
}

/** A Lambda service over the given functions. */
export function lambdaOf(
  folder: string,
  functions: readonly FunctionDefinition[],
  more: Partial<LambdaOptions> = {},
): Lambda {
  return new Lambda({
    functions,
    concurrency: 4,
    environment: () => ({}),
    logFolder: path.join(folder, 'logs'),
    ...more,
  });
}

/** Waits until `check` gives a value, at most twenty seconds, for machines under load. */
export async function eventually<T>(
  check: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + 20_000;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error('waited twenty seconds in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** True while a process of this id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
