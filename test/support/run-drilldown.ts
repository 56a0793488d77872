import { createHash } from 'node:crypto';
import type { MemoryPorts } from '../../functions/adapters/memory.ts';
import { uploadKeys } from '../../functions/contracts/keys.ts';
import type { UploadManifest } from '../../functions/contracts/uploads.ts';
import {
  type DrilldownPlanResult,
  type DrilldownRef,
  type DrilldownStep,
  TRANSIENT_ERRORS,
} from '../../functions/contracts/workflow.ts';
import { handler as exploreParent } from '../../functions/handlers/explore-parent.ts';
import { handler as markDrilldownFailed } from '../../functions/handlers/mark-drilldown-failed.ts';
import { handler as planDrilldown } from '../../functions/handlers/plan-drilldown.ts';
import { handler as publishDrilldown } from '../../functions/handlers/publish-drilldown.ts';
import { readJson, writeJson } from '../../functions/json-objects.ts';
import { createLogger } from '../../functions/observability.ts';
import type { Ports } from '../../functions/ports.ts';
import type { StepHandler } from '../../functions/shell.ts';

const HANDLERS: Readonly<Record<DrilldownStep | 'MarkDrilldownFailed', StepHandler<unknown>>> = {
  PlanDrilldown: planDrilldown,
  ExploreParent: exploreParent,
  PublishDrilldown: publishDrilldown,
  MarkDrilldownFailed: markDrilldownFailed,
};

const ATTEMPTS = 4;

/**
 * Runs one drill-down in this process as its state machine would: events pass through JSON, the map reads its items from
 * the object store, transient errors are tried again, any other error goes to MarkDrilldownFailed.
 */
export async function runDrilldown(ports: Ports, run: DrilldownRef): Promise<Error | undefined> {
  const log = createLogger({ write: () => {} });
  const invoke = async (step: keyof typeof HANDLERS, event: object): Promise<unknown> => {
    const handler = HANDLERS[step].with({ ports: () => ports, log });
    for (let attempt = 1; ; attempt++) {
      try {
        return await handler(JSON.parse(JSON.stringify({ ...event, run, executionId: 'execution' })));
      } catch (error) {
        const transient = TRANSIENT_ERRORS.some((name) => name === (error as Error).name);
        if (!transient || attempt === ATTEMPTS) throw error;
      }
    }
  };
  try {
    const { itemsKey } = (await invoke('PlanDrilldown', {})) as DrilldownPlanResult;
    for (const { item } of await readJson<{ item: number }[]>(ports.objects, itemsKey)) {
      await invoke('ExploreParent', { item });
    }
    await invoke('PublishDrilldown', {});
    return undefined;
  } catch (thrown) {
    const error = thrown as Error;
    const Cause = JSON.stringify({ errorType: error.name, errorMessage: error.message });
    await invoke('MarkDrilldownFailed', { error: { Error: error.name, Cause } });
    return error;
  }
}

/** Runs every drill-down that was started and not yet run. */
export async function runStartedDrilldowns(ports: MemoryPorts): Promise<void> {
  const { drilldownExecutions, ended } = ports.contents;
  for (const [name, run] of drilldownExecutions) {
    if (ended.has(`memory:${name}`)) continue;
    await runDrilldown(ports, run);
    ended.add(`memory:${name}`);
  }
}

/** Puts a completed upload of a tenant into the store. Returns its id, which follows from the content. */
export async function putUpload(
  { objects }: Pick<Ports, 'objects'>,
  body: string | Uint8Array,
  contentType: UploadManifest['contentType'] = 'application/json',
  tenant = 'acme',
): Promise<string> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const hex = createHash('sha256').update(bytes).digest('hex');
  // A UUID of version 4, as `randomUUID` makes them.
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const keys = uploadKeys(tenant, id);
  const manifest: UploadManifest = {
    uploadId: id,
    multipartId: 'm',
    bytes: bytes.length,
    contentType,
    contentEncoding: 'identity',
    startedAt: '2026-02-03T04:05:06.000Z',
  };
  await writeJson(objects, keys.manifest, manifest);
  await objects.write(keys.data, bytes);
  return id;
}
