import { type DatasetRecord, MOST_FORMER_RUNS, type RunRecord } from './contracts/records.ts';
import type { RunRef } from './contracts/workflow.ts';
import type { Logger } from './observability.ts';
import type { Ports } from './ports.ts';
import type { Publication } from './run-ports.ts';

/** A finished run that is to be served, and when it was asked for. */
export type ServableRun = RunRef & Pick<RunRecord, 'turn' | 'request'> & Pick<DatasetRecord, 'labelSources'>;

/**
 * Points a dataset at a finished run: one conditional write, so that readers see the former run or this one, whole. Where
 * the dataset serves what was asked for later, or labels of the run have expired, nothing happens.
 */
export async function serveRun(
  { runs }: Pick<Ports, 'runs'>,
  { tenant, dataset, runId, turn, request, labelSources }: ServableRun,
  now: string,
  log: Logger,
): Promise<Publication> {
  const served = await runs.dataset(tenant, dataset);
  const publishedAt = served?.currentRunId === runId ? served.publishedAt : now;
  if (served?.currentRunId !== runId) {
    const former = served ? [served.currentRunId, ...served.formerRunIds] : [];
    const publication = await runs.publish({
      tenant,
      dataset,
      currentRunId: runId,
      publishedAt,
      turn,
      request,
      labelSources,
      formerRunIds: [...new Set(former)].filter((id) => id !== runId).slice(0, MOST_FORMER_RUNS),
    });
    if (publication !== 'served') {
      log.warn('not served', { tenant, dataset, runId, why: publication });
      return publication;
    }
  }
  await runs.update(tenant, runId, { publishedAt });
  return 'served';
}
