import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lambda } from '../../local/lambda.ts';
import { FunctionError } from '../../local/lambda-error.ts';
import { eventually, functionDefinition, isAlive, lambdaOf, temporaryFolder } from './support/functions.ts';

const WORKER = `
let count = 0;
export const handler = async (event, context) => {
  count++;
  if (event.log) console.log(event.log);
  if (event.throws) throw Object.assign(new Error(event.throws), { name: 'TransientStoreError' });
  if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep));
  if (event.loop) for (;;);
  if (event.exit !== undefined) process.exit(event.exit);
  if (event.lost) { Promise.reject(new Error('lost')); await new Promise((resolve) => setTimeout(resolve, 5000)); }
  if (event.uncaught) { setTimeout(() => { throw new TypeError('late'); }); await new Promise((resolve) => setTimeout(resolve, 5000)); }
  if (event.heap) { const all = []; for (;;) all.push({ text: String(all.length) + 'x' }); }
  if (event.wasm) {
    const memory = new WebAssembly.Memory({ initial: 1 });
    for (let i = 0; i < 40; i++) {
      memory.grow(160);
      new Uint8Array(memory.buffer).fill(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  if (event.nothing) return undefined;
  if (event.bytes) return 'x'.repeat(event.bytes);
  return { count, pid: process.pid, left: context.getRemainingTimeInMillis(), context, env: event.env && process.env };
};`;

describe('the local Lambda service', () => {
  const { folder, remove } = temporaryFolder();
  const lines: string[] = [];
  let lambda: Lambda;
  const invoke = async (event: object, name = 'worker') =>
    JSON.parse(await lambda.invoke(name, JSON.stringify(event)));
  const failure = (event: object, name = 'worker') =>
    invoke(event, name).then(
      () => expect.unreachable('the invocation succeeded'),
      (error: Error) => error,
    );

  beforeAll(() => {
    process.env.AWS_PROFILE = 'of-the-user';
    lambda = lambdaOf(
      folder,
      [
        functionDefinition(folder, 'worker', WORKER, {
          memorySizeMb: 128,
          timeoutMs: 1500,
          environment: { DATA_BUCKET: 'data' },
        }),
        functionDefinition(folder, 'slow', WORKER),
        functionDefinition(folder, 'broken', `throw new RangeError('cannot start');`),
        functionDefinition(folder, 'nameless', 'export const other = 1;'),
        functionDefinition(folder, 'missing', '', { handler: 'nowhere.handler' }),
      ],
      {
        log: (name, line) => lines.push(`${name}: ${line}`),
        environment: () => ({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' }),
      },
    );
  });
  afterAll(async () => {
    delete process.env.AWS_PROFILE;
    await lambda.close();
    remove();
  });

  it('starts cold once and then reuses the warm process', async () => {
    const first = await invoke({});
    const second = await invoke({});
    expect([first.count, second.count]).toEqual([1, 2]);
    expect(second.pid).toBe(first.pid);
    expect(first.left).toBeGreaterThan(1000);
    expect(first.left).toBeLessThanOrEqual(1500);
    expect(first.context).toMatchObject({ functionName: 'worker', memoryLimitInMB: '128' });
  });

  it('takes a name, an ARN or a qualified ARN', async () => {
    const { arn } = lambda.find('worker');
    expect(lambda.find(arn).name).toBe('worker');
    expect(lambda.find(`${arn}:$LATEST`).name).toBe('worker');
  });

  it('gives a function its own variables, the endpoints and nothing of the parent process', async () => {
    const { env } = await invoke({ env: true });
    expect(env).toMatchObject({ DATA_BUCKET: 'data', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9', TZ: ':UTC' });
    expect(env.AWS_PROFILE).toBeUndefined();
    expect(env.HOME).toBeUndefined();
    expect(env.PATH).not.toBe(process.env.PATH);
  });

  it('answers null for a handler that returns nothing', async () => {
    expect(await lambda.invoke('worker', '{"nothing":true}')).toBe('null');
  });

  it('passes log lines on and appends them to a file with a report per invocation', async () => {
    await invoke({ log: 'a line of the handler' });
    await eventually(() => lines.includes('worker: a line of the handler'));
    const file = path.join(folder, 'logs', 'worker.log');
    // Lines are appended in the background, and reports of earlier invocations stand there already.
    const text = await eventually(() => {
      const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
      return /a line of the handler.*REPORT RequestId: /s.test(written) && written;
    });
    expect(text).toMatch(/Memory Size: 128 MB Max Memory Used: [1-9]\d* MB/);
  });

  it.skipIf(!existsSync('/proc'))('shows the peak memory of each process', async () => {
    await invoke({});
    const [environment] = lambda.environments('worker');
    expect(environment?.peakMemoryMb).toBeGreaterThan(20);
    expect(environment?.peakMemoryMb).toBeLessThan(256);
  });

  it('runs at most as many events at once as the account allows, each in its own process', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => invoke({ sleep: 150 }, 'slow')));
    // On a busy machine one process may serve three events while another serves one.
    const served = Map.groupBy(results, ({ pid }) => pid);
    expect(served.size).toBe(4);
    for (const ofOne of served.values()) {
      expect(ofOne.map(({ count }) => count).sort()).toEqual(ofOne.map((_, i) => i + 1));
    }
  });

  it('fails with the name, message and trace of what the handler threw', async () => {
    const error = await failure({ throws: 'throttled' });
    expect(error).toBeInstanceOf(FunctionError);
    expect((error as FunctionError).payload).toMatchObject({
      errorType: 'TransientStoreError',
      errorMessage: 'throttled',
      trace: expect.arrayContaining([expect.stringContaining('index.mjs')]),
    });
  });

  it('fails with Sandbox.Timedout when the time is up, even in a busy loop, and kills the process', async () => {
    const error = failure({ loop: true });
    const { pid } = await eventually(() => lambda.environments('worker').find(({ busy }) => busy));
    expect((await error).name).toBe('Sandbox.Timedout');
    expect((await error).message).toMatch(
      /^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.50 seconds$/,
    );
    await eventually(() => !isAlive(pid));
    expect((await invoke({})).count).toBe(1);
  });

  it.skipIf(!existsSync('/proc'))(
    'fails with Runtime.OutOfMemory when WASM memory outgrows the function',
    async () => {
      const error = await failure({ wasm: true });
      expect(error.name).toBe('Runtime.OutOfMemory');
      expect(error.message).toContain('signal: killed');
    },
  );

  it('fails when the JavaScript heap outgrows the function', async () => {
    const error = await failure({ heap: true });
    expect(['Runtime.OutOfMemory', 'Runtime.ExitError']).toContain(error.name);
  });

  it('fails with Runtime.ExitError when a busy worker is killed, and the next event starts afresh', async () => {
    const error = failure({ sleep: 1000 });
    const { pid } = await eventually(() => lambda.environments('worker').find(({ busy }) => busy));
    process.kill(pid, 'SIGKILL');
    expect((await error).name).toBe('Runtime.ExitError');
    expect((await error).message).toContain('Runtime exited with error: signal: killed');
    const next = await invoke({});
    expect(next.pid).not.toBe(pid);
  });

  it('replaces a warm process that was killed while idle', async () => {
    const { pid } = await invoke({});
    process.kill(pid, 'SIGKILL');
    await eventually(() => !lambda.environments('worker').some((environment) => environment.pid === pid));
    expect((await invoke({})).pid).not.toBe(pid);
  });

  it('fails with Runtime.ExitError when the handler ends the process', async () => {
    expect((await failure({ exit: 0 })).message).toContain('Runtime exited without providing a reason');
    const error = await failure({ exit: 3 });
    expect(error.name).toBe('Runtime.ExitError');
    expect(error.message).toContain('Runtime exited with error: exit status 3');
  });

  it('fails with Runtime.UnhandledPromiseRejection when a promise is lost', async () => {
    const error = await failure({ lost: true });
    expect([error.name, error.message]).toEqual(['Runtime.UnhandledPromiseRejection', 'lost']);
    expect((await invoke({})).count).toBe(1);
  });

  it('fails with the name of an exception that nobody caught', async () => {
    expect((await failure({ uncaught: true })).name).toBe('TypeError');
  });

  it('fails with the error of a module that cannot start', async () => {
    const error = await failure({}, 'broken');
    expect([error.name, error.message]).toEqual(['RangeError', 'cannot start']);
  });

  it('fails when the handler or its file does not exist', async () => {
    expect((await failure({}, 'nameless')).name).toBe('Runtime.HandlerNotFound');
    expect((await failure({}, 'missing')).name).toBe('Runtime.ImportModuleError');
  });

  it('fails for a result over 6 MB and lets one just below pass', async () => {
    expect((await failure({ bytes: 6_291_557 })).name).toBe('Function.ResponseSizeTooLarge');
    expect(await invoke({ bytes: 6_291_000 })).toHaveLength(6_291_000);
  });

  it('fails before it starts anything for an event over 6 MB', async () => {
    const error = await failure({ text: 'x'.repeat(6_291_456) });
    expect(error).toMatchObject({ name: 'RequestTooLargeException', status: 413 });
  });

  it('fails for a function that the template does not have', async () => {
    expect(await failure({}, 'nobody')).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
  });
});

describe('closing the local Lambda service', () => {
  it('leaves no process behind and refuses what still waits', async () => {
    const { folder, remove } = temporaryFolder();
    const lambda = lambdaOf(folder, [functionDefinition(folder, 'worker', WORKER)], { concurrency: 2 });
    const outcomes = Array.from({ length: 4 }, () =>
      lambda.invoke('worker', '{"sleep":9000}').then(
        () => 'done',
        (error: Error) => error.name,
      ),
    );
    const pids = await eventually(() => {
      const busy = lambda.environments('worker').filter((environment) => environment.busy);
      return busy.length === 2 && busy.map(({ pid }) => pid);
    });
    await lambda.close();
    expect(pids.filter(isAlive)).toEqual([]);
    expect((await Promise.all(outcomes)).sort()).toEqual([
      'Runtime.ExitError',
      'Runtime.ExitError',
      'ServiceException',
      'ServiceException',
    ]);
    remove();
  });

  it('ends a process that has been idle for long', async () => {
    const { folder, remove } = temporaryFolder();
    const lambda = lambdaOf(folder, [functionDefinition(folder, 'worker', WORKER)], { idleMs: 50 });
    const { pid } = JSON.parse(await lambda.invoke('worker', '{}'));
    await eventually(() => !isAlive(pid));
    expect(lambda.environments('worker')).toEqual([]);
    await lambda.close();
    remove();
  });
});
