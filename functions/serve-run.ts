import { type DatasetRecord, MOST_FORMER_RUNS, type RunRecord } from './contracts/records.ts';
import type { RunRef } from './contracts/workflow.ts';
import type { Logger } from './observability.ts';
import type { Ports } from './ports.ts';

/** A finished run that is to be served, and when it was asked for. */
export type ServableRun = RunRef & Pick<RunRecord, 'turn' | 'request'> & Pick<DatasetRecord, 'labelSources'>;

/**
 * Points a dataset at a finished run: one conditional write, so that readers see the former run or this one, whole. Where
 * the dataset serves what was asked for later, nothing happens.
 */
export async function serveRun(
  { runs }: Pick<Ports, 'runs'>,
  { tenant, dataset, runId, turn, request, labelSources }: ServableRun,
  publishedAt: string,
  log: Logger,
): Promise<boolean> {
  const served = await runs.dataset(tenant, dataset);
  if (served?.currentRunId === runId) return true;
  const former = served ? [served.currentRunId, ...served.formerRunIds] : [];
  const isServed = await runs.publish({
    tenant,
    dataset,
    currentRunId: runId,
    publishedAt,
    turn,
    request,
    labelSources,
    formerRunIds: [...new Set(former)].filter((id) => id !== runId).slice(0, MOST_FORMER_RUNS),
  });
  if (!isServed) {
    log.warn('not served: the dataset serves what was asked for later', { tenant, dataset, runId });
  }
  return isServed;
}
