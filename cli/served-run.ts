import { NotFoundError } from '../functions/errors.ts';
import type { ApiClient } from './api.ts';

/** Id of the run whose segments a dataset serves. @throws NotFoundError where it serves none */
export async function servedRun(api: ApiClient, dataset: string): Promise<string> {
  const { current } = await api.get<{ current?: { runId: string } }>(`/v1/datasets/${dataset}`);
  if (current) return current.runId;
  throw new NotFoundError(
    `The dataset "${dataset}" serves no run yet: name a run, or another dataset with --dataset.`,
  );
}
