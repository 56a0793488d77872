import type { Candidate } from '../contracts/artifacts.ts';
import type { RunRequest } from '../contracts/workflow.ts';
import { InsufficientDataError } from '../errors.ts';

/**
 * The fits that a request asks for: one per number of clusters.
 * @throws InsufficientDataError when there are fewer rows than clusters
 */
export function candidatesFor(request: RunRequest, nSamples: number): Candidate[] {
  const { algorithm, nClusters, seed, nInit } = request;
  const { min, max } = typeof nClusters === 'number' ? { min: nClusters, max: nClusters } : nClusters;
  if (nSamples < max) {
    throw new InsufficientDataError(
      `There are ${nSamples} customers, too few for ${max} segments: ask for at most ${nSamples} or add data.`,
      { reason: 'too_few_customers', found: nSamples, expected: max },
    );
  }
  return Array.from({ length: max - min + 1 }, (_, item) => ({
    item,
    algorithm,
    nClusters: min + item,
    seed,
    nInit,
  }));
}
