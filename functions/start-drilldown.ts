import { createHash } from 'node:crypto';
import type { DrilldownRecord, DrilldownRequest } from './contracts/drilldown-runs.ts';
import { ConflictError } from './errors.ts';
import { canonicalJson } from './json-objects.ts';
import type { Ports } from './ports.ts';

/** Raise it when the same content and options must give other bytes than before: it is part of every run id. */
const DRILLDOWN_VERSION = 1;

/** Executions that one request may start, each because the one before ended without a word. */
const MOST_STARTS = 3;

/**
 * Sees to it that a drill-down is done, or being done: the same content and options are one run, made once. A run that
 * failed, whose execution was lost, or whose result has expired is made again, as another attempt.
 */
export async function startDrilldown(
  ports: Pick<Ports, 'drilldowns' | 'drilldownWorkflow' | 'objects' | 'clock'>,
  tenant: string,
  request: DrilldownRequest,
): Promise<DrilldownRecord> {
  const { drilldowns, drilldownWorkflow } = ports;
  const runId = drilldownId(tenant, request);
  const known = await drilldowns.get(tenant, runId);
  if (known && (await isReady(ports, known))) return known;
  let attempt = (known?.attempt ?? 1) + (known?.status === 'failed' || known?.status === 'succeeded' ? 1 : 0);
  for (const last = attempt + MOST_STARTS; attempt < last; attempt++) {
    const createdAt = ports.clock.now().toISOString();
    // Of two requests at once one writes the record; the execution is one in any case, by its name.
    await drilldowns.begin({ tenant, runId, status: 'queued', attempt, request, createdAt });
    const executionId = await drilldownWorkflow.start(`${runId}-${attempt}`, { tenant, runId, attempt });
    const isRunning = await drilldownWorkflow.isRunning(executionId);
    const record = await drilldowns.get(tenant, runId);
    if (record && (isRunning || record.status === 'succeeded' || record.status === 'failed')) return record;
  }
  throw new ConflictError(
    `The drill-down ${runId} was started ${MOST_STARTS} times, and each time it ended without a result. Try again later; the log of PlanDrilldown says why.`,
    { reason: 'drilldown_lost', runId },
  );
}

async function isReady({ objects }: Pick<Ports, 'objects'>, { status, result }: DrilldownRecord) {
  return status === 'succeeded' && result !== undefined && (await objects.head(result.key)) !== undefined;
}

/** A hash of tenant, content and options. The id of the upload is left out: the same content sent again is the same run. */
function drilldownId(tenant: string, request: DrilldownRequest): string {
  const identity = Object.fromEntries(Object.entries(request).filter(([name]) => name !== 'uploadId'));
  const text = canonicalJson({ version: DRILLDOWN_VERSION, tenant, ...identity });
  return `d${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
}
