import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../cli/tessella.mjs', import.meta.url));
const STACK_LINE = /^ +at .*:\d+:\d+/m;
const HEADER = 'InvoiceNo,Quantity,InvoiceDate,UnitPrice,CustomerID';

const folder = mkdtempSync(join(tmpdir(), 'tessella-cli-'));
const running = new Set<ChildProcess>();
let port: number;

beforeAll(async () => {
  port = await freePort();
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A port that is free now; the commands are told to use it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `tessella …` in the test's folder. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (text.stdout += data));
  child.stderr.on('data', (data) => (text.stderr += data));
  const ended = once(child, 'close').then(([code]): Ended => {
    running.delete(child);
    return { code, ...text };
  });
  /** Waits until the stream has shown a text. */
  const until = async (stream: 'stdout' | 'stderr', expected: string): Promise<string> => {
    for (let waited = 0; !text[stream].includes(expected); waited += 50) {
      if (waited > 60_000 || child.exitCode !== null)
        throw new Error(`No "${expected}" in: ${text.stdout}${text.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return text[stream];
  };
  return {
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    prints: (expected: string) => until('stdout', expected),
    tells: (expected: string) => until('stderr', expected),
  };
}

const tessella = (...args: string[]) => start(...args).ended;
const stackOptions = (data: string) => ['--data', data, '--port', String(port)];

describe('the words of the command line', () => {
  it('tells a newcomer the first steps', async () => {
    const { code, stdout } = await tessella('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('tessella run orders.csv');
  });

  it.each([
    ['no file', ['run']],
    ['an unknown command', ['frobnicate']],
    ['too many clusters', ['run', 'orders.csv', '--clusters', '99']],
    ['a file that is missing', ['run', 'missing.csv']],
    ['a folder', ['run', '.']],
    ['an output that is a folder', ['sample', '--out', '.']],
    ['an unknown scope', ['keys', 'create', '--table', 't', '--tenant', 'acme', '--scopes', 'all']],
  ])('fails with exit code 2 and one JSON document for %s', async (_, args) => {
    const { code, stdout, stderr } = await tessella(...args, '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'failed', problem: { title: 'InvalidRequestError' } });
    expect(stderr).not.toMatch(STACK_LINE);
  });
});

describe('tessella run', () => {
  it('prints the segments as one JSON document, and the same ones when the content comes again', async () => {
    await tessella('sample', '--customers', '60', '--out', 'orders.csv');
    const first = await tessella('run', 'orders.csv', '--json', ...stackOptions('data'));
    expect(first.code, first.stderr).toBe(0);
    const result = JSON.parse(first.stdout);
    expect(result).toMatchObject({ status: 'succeeded', outcome: 'planned' });
    const sizes: number[] = result.segments.map(({ size }: { size: number }) => size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(result.customers);
    expect(result.quality).toBe(`tessella quality ${result.runId} --data data --port ${port}`);
    expect(result.api.serve).toBe(`tessella up --data data --port ${port}`);
    const again = await tessella('run', 'orders.csv', '--json', ...stackOptions('data'));
    expect(JSON.parse(again.stdout)).toMatchObject({
      runId: result.runId,
      outcome: 'alreadyPublished',
      segments: result.segments,
    });
  });

  it('starts over with --fresh, and the key of yesterday still opens the API, and what is not of the stack stays', async () => {
    const keyFile = join(folder, 'data', 'development-key-default');
    const before = readFileSync(keyFile, 'utf8');
    writeFileSync(join(folder, 'data', 'notes.txt'), 'not of the stack');
    const after = await tessella('run', 'orders.csv', '--json', '--fresh', ...stackOptions('data'));
    expect(after.code, after.stderr).toBe(0);
    expect(JSON.parse(after.stdout).outcome).toBe('planned');
    expect(readFileSync(keyFile, 'utf8')).toBe(before);
    expect(readdirSync(join(folder, 'data'))).toContain('notes.txt');
  });

  it('fails with line, reason and the option that helps for a table whose columns it cannot tell', async () => {
    writeFileSync(join(folder, 'other.csv'), `${HEADER.replace('CustomerID', 'who')}\n1,1,2025-01-01,5,a\n`);
    const { code, stdout, stderr } = await tessella('run', 'other.csv', '--json', ...stackOptions('data'));
    expect(code).toBe(1);
    const { problem, runId } = JSON.parse(stdout);
    expect(problem).toMatchObject({ title: 'InvalidDatasetError', line: 1, reason: 'missing_column' });
    expect(runId).toBe(problem.runId);
    expect(stderr).toContain('--columns customerId=');
    expect(stderr).not.toMatch(STACK_LINE);
  });

  it('fails for a reference date that orders lie after', async () => {
    const { code, stdout } = await tessella(
      ...['run', 'orders.csv', '--json', '--reference-date', '2020-01-01', ...stackOptions('data')],
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout).problem).toMatchObject({ status: 400, reason: 'reference_before_orders' });
  });

  it('fails with the count of each rule when no row can be used', async () => {
    writeFileSync(join(folder, 'returns.csv'), `${HEADER}\n1,-1,2025-01-01,5,a\n2,-1,2025-01-02,5,b\n`);
    const { code, stdout } = await tessella('run', 'returns.csv', '--json', ...stackOptions('data'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout).problem).toMatchObject({
      reason: 'no_customers',
      byRule: { quantity_not_positive: 2 },
    });
  });

  it('leaves the next start an intact folder when it is interrupted', async () => {
    const interrupted = start('run', 'orders.csv', ...stackOptions('cut'));
    await interrupted.tells('PlanRun');
    interrupted.kill('SIGTERM');
    expect((await interrupted.ended).stdout).toBe('');
    const next = await tessella('run', 'orders.csv', '--json', ...stackOptions('cut'));
    expect(next.code, next.stderr).toBe(0);
    expect(JSON.parse(next.stdout).outcome).toBe('planned');
  });
});

describe('tessella quality', () => {
  it('reports on the run that a dataset serves, and on a run by its id as JSON', async () => {
    const text = await tessella('quality', ...stackOptions('data'));
    expect(text.code, text.stderr).toBe(0);
    const [, runId] = /^Run (\w+): orders, \d+ entities/.exec(text.stdout)!;
    expect(text.stdout).toMatch(/rows read, .* used, .* left out\n {2}missing_customer_id \d+/);
    const json = await tessella('quality', runId!, '--json', ...stackOptions('data'));
    expect(JSON.parse(json.stdout)).toMatchObject({ runId, report: { kind: 'orders' } });
  });

  it('fails for a run and a dataset that are not there', async () => {
    for (const args of [['r00'], ['--dataset', 'nothing']]) {
      const { code, stdout, stderr } = await tessella('quality', ...args, '--json', ...stackOptions('data'));
      expect(code).toBe(1);
      expect(JSON.parse(stdout).problem).toMatchObject({ status: 404 });
      expect(stderr).not.toMatch(STACK_LINE);
    }
  });
});

describe('tessella up', () => {
  it('takes a file with the credentials it prints, keeps its folder and port to itself, and ends orderly', async () => {
    const up = start('up', '--json', ...stackOptions('data'));
    const printed = JSON.parse(await up.prints('\n}\n'));

    const second = await tessella('up', '--json', '--data', 'data', '--port', String(await freePort()));
    const fresh = await tessella(
      ...['run', 'orders.csv', '--fresh', '--data', 'data', '--port', String(await freePort())],
    );
    const taken = await tessella('up', '--data', 'elsewhere', '--port', String(port));
    for (const { code, stderr } of [second, fresh, taken]) {
      expect(code).toBe(1);
      expect(stderr).not.toMatch(STACK_LINE);
    }
    expect(JSON.parse(second.stdout).problem.title).toBe('DataFolderLockedError');
    expect(taken.stderr).toContain(`Port ${port} is already in use`);
    expect(readdirSync(join(folder, 'data'))).toEqual(expect.arrayContaining(['dynamodb', 's3', 'logs']));

    const { bucket: Bucket, credentials, endpoints, region, apiUrl, apiKey } = printed;
    const s3 = new S3Client({ region, credentials, endpoint: endpoints.s3 });
    const lines = Array.from({ length: 40 }, (_, i) => `${i},1,2025-01-${10 + (i % 20)},${i + 1},c${i % 12}`);
    const Body = [HEADER, ...lines, ''].join('\n');
    await s3.send(new PutObjectCommand({ Bucket, Key: 'drop/default/dropped/orders.csv', Body }));
    s3.destroy();
    const headers = { 'X-API-Key': apiKey };
    const segments = `${apiUrl}/v1/segments?dataset=dropped`;
    for (let waited = 0; (await fetch(segments, { headers })).status !== 200; waited += 200) {
      expect(waited).toBeLessThan(30_000);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }

    up.kill('SIGINT');
    expect((await up.ended).code).toBe(0);
    await expect(fetch(`${apiUrl}/health`)).rejects.toThrow();
  });
});
