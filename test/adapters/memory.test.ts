import { describe, expect, it } from 'vitest';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import { ConflictError } from '../../functions/errors.ts';
import { freshTenant } from './fresh-tenant.ts';
import { objectStoreContract } from './object-store-contract.ts';
import { describeRecordStores } from './record-store-contract.ts';
import { runStoreContract } from './run-store-contract.ts';

describe('memory ports', () => {
  const ports = memoryPorts();

  describe('run store', () => runStoreContract(() => ports.runs));
  describeRecordStores(
    () => ports,
    async (key) => void ports.contents.apiKeys.push(key),
  );
  describe('object store', () =>
    objectStoreContract(
      () => ports.objects,
      () => `${freshTenant()}/`,
    ));

  it('start one execution for a name and input given twice', async () => {
    const input = { trigger: 'schedule', tenant: 'acme', dataset: 'orders' } as const;
    const id = await ports.workflow.start('nightly', input);
    expect(await ports.workflow.start('nightly', input)).toBe(id);
    expect(ports.contents.executions).toHaveLength(1);
  });

  it('fails to start a used name with another input', async () => {
    await ports.workflow.start('once', { trigger: 'drop', key: 'drop/a/b/c' });
    const again = ports.workflow.start('once', { trigger: 'drop', key: 'drop/a/b/d' });
    await expect(again).rejects.toThrow(ConflictError);
  });

  it('tell the time they are given', () => {
    const now = new Date('2026-01-01T00:00:00Z');
    expect(memoryPorts({ now: () => now }).clock.now()).toBe(now);
  });
});
