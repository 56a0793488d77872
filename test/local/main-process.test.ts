import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalCloud } from '../../local/main.ts';
import { writeCloudAssembly } from './support/cloud-fixture.ts';
import { eventually, isAlive, temporaryFolder } from './support/functions.ts';

const PROGRAM = fileURLToPath(new URL('./support/start-cloud.ts', import.meta.url));

interface Started {
  readonly process: ChildProcess;
  readonly apiUrl: string;
  /** Processes of the functions it has run. */
  readonly pids: readonly number[];
}

describe('a local cloud in a process of its own', () => {
  const { folder, remove } = temporaryFolder();
  let assembly: string;
  beforeAll(() => {
    assembly = writeCloudAssembly(folder, { signedPut: '' });
  });
  afterAll(remove);

  async function start(dataFolder: string): Promise<Started> {
    const child = spawn(process.execPath, [PROGRAM, assembly, dataFolder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
    });
    const line = await eventually(() => text.includes('\n') && text);
    return { process: child, ...JSON.parse(line) };
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'leaves no process and no lock behind when it ends by %s',
    async (signal) => {
      const dataFolder = path.join(folder, signal);
      const started = await start(dataFolder);
      expect(started.pids).toHaveLength(2);
      expect(started.pids.every(isAlive)).toBe(true);

      started.process.kill(signal);
      const [, endedBy] = await once(started.process, 'exit');
      expect(endedBy).toBe(signal);
      await eventually(() => !started.pids.some(isAlive));
      await expect(fetch(started.apiUrl)).rejects.toThrow();
      const next = await startLocalCloud({ assembly, dataFolder, port: 0 });
      await next.close();
    },
  );

  it('fails for a second process on the same data folder', async () => {
    const dataFolder = path.join(folder, 'shared');
    const started = await start(dataFolder);
    await expect(startLocalCloud({ assembly, dataFolder, port: 0 })).rejects.toThrow(
      'is in use by another process',
    );
    started.process.kill('SIGTERM');
    await once(started.process, 'exit');
  });
});
