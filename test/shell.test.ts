import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StepProgress } from '../functions/contracts/records.ts';
import { type ItemInput, itemInputSchema, stepInputSchema } from '../functions/contracts/workflow.ts';
import { InsufficientDataError, InvalidRequestError, TransientStoreError } from '../functions/errors.ts';
import { createLogger } from '../functions/observability.ts';
import type { Ports } from '../functions/ports.ts';
import { type StepContext, stepHandler } from '../functions/shell.ts';

const run = { tenant: 'acme', dataset: 'orders', runId: 'r1' };
const now = new Date('2024-05-06T07:08:09.000Z');

/** The few ports that the shell itself touches; everything else fails when used. */
function recordingPorts(report: (progress: StepProgress) => Promise<void> = async () => {}) {
  const progress: StepProgress[] = [];
  const ports = {
    clock: { now: () => now },
    runs: {
      reportProgress: async (record: StepProgress) => {
        progress.push(record);
        await report(record);
      },
    },
  } as unknown as Ports;
  return { ports, progress };
}

function recordingLog() {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({ level: 'debug', write: (line) => lines.push(JSON.parse(line)), now: () => now });
  return { log, lines };
}

function handlerOf<O>(
  body: (input: ItemInput, context: StepContext) => Promise<O>,
  report?: (p: StepProgress) => Promise<void>,
) {
  const { ports, progress } = recordingPorts(report);
  const { log, lines } = recordingLog();
  return {
    progress,
    lines,
    handler: stepHandler('BuildFeatures', itemInputSchema, body, { ports: () => ports, log }),
  };
}

describe('the shell around a step', () => {
  it('reports running and done with the rows of the result', async () => {
    const { handler, progress } = handlerOf(async ({ item }) => ({ item, rows: 17 }));
    await expect(handler({ run, item: 3 })).resolves.toEqual({ item: 3, rows: 17 });
    expect(progress.map(({ status, rows }) => [status, rows])).toEqual([
      ['running', 0],
      ['done', 17],
    ]);
    expect(progress[1]).toMatchObject({ tenant: 'acme', runId: 'r1', step: 'BuildFeatures', item: 3 });
    expect(progress[1]?.startedAt).toBe(now.toISOString());
    expect(progress[1]?.peakMemoryMb).toBeGreaterThan(10);
  });

  it('writes at most one heartbeat per second, however often a step calls', async () => {
    const { handler, progress } = handlerOf(async ({ item }, context) => {
      for (let rows = 1; rows <= 5000; rows++) context.progress(rows);
      return { item };
    });
    await handler({ run, item: 0 });
    expect(progress.map(({ status }) => status)).toEqual(['running', 'done']);
    expect(progress.at(-1)?.rows).toBe(5000);
  });

  it('logs one JSON line at the start and one with metrics at the end', async () => {
    const { handler, lines } = handlerOf(async ({ item }) => ({ item, rows: 5 }));
    await handler({ run, item: 1 }, { awsRequestId: 'request-9' });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      timestamp: now.toISOString(),
      level: 'info',
      step: 'BuildFeatures',
      runId: 'r1',
      tenant: 'acme',
      item: 1,
      executionId: 'request-9',
    });
    expect(lines[1]).toMatchObject({ event: 'step done', rows: 5, durationMs: expect.any(Number) });
    expect(lines[1]?._aws).toMatchObject({
      CloudWatchMetrics: [{ Namespace: 'tessella', Dimensions: [['step']] }],
    });
  });

  it('reports on the run that PlanRun claims, from the claim on', async () => {
    const { ports, progress } = recordingPorts();
    const { log, lines } = recordingLog();
    const plan = (body: (context: StepContext) => Promise<string>) =>
      stepHandler('PlanRun', z.looseObject({}), (_, context) => body(context), { ports: () => ports, log });
    const event = { trigger: 'drop', key: 'drop/acme/orders/a.csv' };
    await plan(async () => 'alreadyRunning')(event);
    expect(progress).toEqual([]);
    await plan(async (context) => {
      await context.claimed(run);
      return 'planned';
    })(event);
    expect(progress.map(({ step, status }) => [step, status])).toEqual([
      ['PlanRun', 'running'],
      ['PlanRun', 'done'],
    ]);
    expect(lines.at(-1)).toMatchObject({ event: 'step done', ...run });
    const failure = plan(async (context) => {
      await context.claimed(run);
      throw new InsufficientDataError('The file has a header only.', { file: 'a.csv' });
    })(event);
    await expect(failure).rejects.toThrow('header only');
    expect(progress.at(-1)).toMatchObject({ step: 'PlanRun', status: 'failed', problem: { file: 'a.csv' } });
  });

  it('takes the execution id from the event before the one of the invocation', async () => {
    const { handler } = handlerOf(async (_, { executionId }) => executionId);
    await expect(handler({ run, item: 0, executionId: 'e-1' }, { awsRequestId: 'x' })).resolves.toBe('e-1');
    await expect(handler({ run, item: 0 }, { awsRequestId: 'x' })).resolves.toBe('x');
  });

  it('goes on when the progress table is not writable', async () => {
    const { handler, lines } = handlerOf(
      async ({ item }) => item,
      async () => {
        throw new TransientStoreError('The runs table throttled.');
      },
    );
    await expect(handler({ run, item: 4 })).resolves.toBe(4);
    expect(lines.filter(({ event }) => event === 'progress not written')).toHaveLength(2);
  });

  it('does not let a slow heartbeat overwrite the last word', async () => {
    const order: string[] = [];
    const { handler } = handlerOf(
      async ({ item }, context) => {
        await new Promise((resolve) => setTimeout(resolve, 1010));
        context.progress(1);
        return { item };
      },
      async ({ status, rows }) => {
        if (status === 'running' && rows === 1) await new Promise((resolve) => setTimeout(resolve, 30));
        order.push(`${status} ${rows}`);
      },
    );
    await handler({ run, item: 0 });
    expect(order).toEqual(['running 0', 'running 1', 'done 1']);
  });
});

describe('a step that goes wrong', () => {
  it('fails with the name of our error and records the problem', async () => {
    const { handler, progress, lines } = handlerOf(async (): Promise<never> => {
      throw new InsufficientDataError('3 customers are too few for 5 clusters.', { reason: 'too_few_rows' });
    });
    await expect(handler({ run, item: 2 })).rejects.toMatchObject({ name: 'InsufficientDataError' });
    expect(progress.at(-1)).toMatchObject({
      status: 'failed',
      problem: { title: 'InsufficientDataError', status: 422, reason: 'too_few_rows' },
    });
    expect(lines.at(-1)).toMatchObject({ level: 'error', problem: { title: 'InsufficientDataError' } });
  });

  it('fails without a failed record when the store throttled, because the workflow retries', async () => {
    const { handler, progress, lines } = handlerOf(async (): Promise<never> => {
      throw new TransientStoreError('The labels table throttled.');
    });
    await expect(handler({ run, item: 2 })).rejects.toMatchObject({ name: 'TransientStoreError' });
    expect(progress.map(({ status }) => status)).toEqual(['running']);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', event: 'step interrupted' });
  });

  it('fails with an internal problem for a bug, whose text only the log holds', async () => {
    const { handler, progress, lines } = handlerOf(async (): Promise<never> => {
      throw new RangeError('index 7 is out of bounds');
    });
    await expect(handler({ run, item: 2 })).rejects.toBeInstanceOf(RangeError);
    expect(progress.at(-1)?.problem).toMatchObject({ title: 'InternalError', status: 500 });
    expect(JSON.stringify(progress.at(-1))).not.toContain('index 7');
    expect(String(lines.at(-1)?.stack)).toContain('index 7 is out of bounds');
  });

  it('fails for an event that does not fit, naming the step and the field', async () => {
    const { ports } = recordingPorts();
    const { log } = recordingLog();
    const handler = stepHandler('SelectModel', stepInputSchema, async () => 'unreached', {
      ports: () => ports,
      log,
    });
    const failure = handler({ run: { tenant: 'ACME', dataset: 'orders' } });
    await expect(failure).rejects.toBeInstanceOf(InvalidRequestError);
    await expect(failure).rejects.toThrow(/SelectModel.*run\.tenant.*run\.runId/s);
  });
});
