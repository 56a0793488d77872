import { beforeEach, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { datasetConfigSchema } from '../../functions/contracts/dataset.ts';
import { TransientStoreError } from '../../functions/errors.ts';
import { handler } from '../../functions/handlers/run-schedules.ts';
import { createLogger } from '../../functions/observability.ts';

describe('RunSchedules', () => {
  let ports: MemoryPorts;
  const at = (scheduledAt: string) =>
    handler.with({ ports: () => ports, log: createLogger({ write: () => {} }) })({ scheduledAt });
  const save = (tenant: string, dataset: string, version: number, cron?: string, timeZone = 'UTC') =>
    ports.configs.append({
      tenant,
      dataset,
      version,
      config: datasetConfigSchema.parse(cron === undefined ? {} : { schedule: { cron, timeZone } }),
      savedAt: '2026-01-01T00:00:00.000Z',
    });
  const started = () => [...ports.contents.executions.values()];

  beforeEach(() => {
    ports = memoryPorts();
  });

  it('starts what came due in the quarter of an hour before, by the clocks of each time zone', async () => {
    await save('acme', 'leads', 1, '0 3 * * MON', 'America/Sao_Paulo');
    await save('rival', 'orders', 1, '0 3 * * MON');
    // Monday 03:00 in São Paulo is 06:00 UTC.
    expect(await at('2026-03-02T06:15:00Z')).toEqual({ nSchedules: 2, nStarted: 1 });
    expect(started()).toEqual([{ trigger: 'schedule', tenant: 'acme', dataset: 'leads' }]);
    expect(await at('2026-03-02T03:15:00Z')).toEqual({ nSchedules: 2, nStarted: 1 });
    expect(started()).toHaveLength(2);
  });

  it('starts nothing before the time, nor in the next period', async () => {
    await save('acme', 'leads', 1, '0 3 * * *');
    expect((await at('2026-03-02T03:00:00Z')).nStarted).toBe(0);
    expect((await at('2026-03-02T03:30:00Z')).nStarted).toBe(0);
    expect(started()).toEqual([]);
  });

  it('starts one execution for a period that is delivered twice', async () => {
    await save('acme', 'leads', 1, '*/15 * * * *');
    await at('2026-03-02T03:15:00Z');
    await at('2026-03-02T03:15:40Z');
    expect(started()).toHaveLength(1);
    await at('2026-03-02T03:30:00Z');
    expect(started()).toHaveLength(2);
    for (const name of ports.contents.executions.keys()) expect(name).toMatch(/^[A-Za-z0-9-]{1,80}$/);
  });

  it('forgets a schedule that the newest configuration no longer has', async () => {
    await save('acme', 'leads', 1, '*/15 * * * *');
    await save('acme', 'leads', 2);
    expect(await at('2026-03-02T03:15:00Z')).toEqual({ nSchedules: 0, nStarted: 0 });
  });

  it('fails after it has tried all datasets, when one cannot be started', async () => {
    await save('acme', 'leads', 1, '*/15 * * * *');
    await save('rival', 'orders', 1, '*/15 * * * *');
    const { start } = ports.workflow;
    const refusing = {
      ...ports.workflow,
      start: (...[name, input]: Parameters<typeof start>) =>
        'tenant' in input && input.tenant === 'acme'
          ? Promise.reject(new TransientStoreError('busy'))
          : start(name, input),
    };
    const run = handler.with({
      ports: () => ({ ...ports, workflow: refusing }),
      log: createLogger({ write: () => {} }),
    });
    await expect(run({ scheduledAt: '2026-03-02T03:15:00Z' })).rejects.toThrow('busy');
    expect(started()).toEqual([{ trigger: 'schedule', tenant: 'rival', dataset: 'orders' }]);
  });

  it('fails for an event without a time', async () => {
    await expect(handler({})).rejects.toThrow(/scheduledAt/);
  });
});
