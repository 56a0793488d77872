import type { RunRecord } from '../contracts/records.ts';
import { GoneError } from '../errors.ts';
import type { Ports } from '../ports.ts';

/**
 * What `read` finds of a run, undefined being one that the tenant does not have. A run is marked before anything of it is
 * deleted: one that is not marked after it was read was whole.
 * @throws GoneError for a run that has expired, also while it was read
 */
export async function readKeptRun<T>(
  { runs }: Pick<Ports, 'runs'>,
  tenant: string,
  runId: string,
  read: (run: RunRecord | undefined) => Promise<T>,
): Promise<T> {
  const kept = async () => {
    const run = await runs.get(tenant, runId);
    if (run?.status === 'expiring' || run?.status === 'expired') throw runExpired(run.dataset, runId);
    return run;
  };
  const [found] = await Promise.allSettled([read(await kept())]);
  await kept();
  if (found.status === 'rejected') throw found.reason;
  return found.value;
}

/** What every route answers for a run that has expired. */
export function runExpired(dataset: string, runId: string): GoneError {
  return new GoneError(
    `Run ${runId} of dataset ${dataset} has expired: of the published runs the last ones are kept, as many as "keepRuns" of the dataset says. GET /v1/runs lists them; asking for the same files again makes the run anew.`,
    { reason: 'run_expired', runId },
  );
}
