import type { Candidate } from '../contracts/artifacts.ts';
import type { ResolvedRequest } from '../contracts/workflow.ts';
import { InsufficientDataError } from '../errors.ts';

/**
 * The fits that a request asks for: one per number of clusters.
 * @throws InsufficientDataError when there are fewer rows than clusters
 */
export function candidatesFor(request: ResolvedRequest, nSamples: number): Candidate[] {
  const { algorithm, nClusters, seed, nInit } = request;
  const { min, max } = typeof nClusters === 'number' ? { min: nClusters, max: nClusters } : nClusters;
  if (nSamples < max) {
    const found = nSamples === 1 ? 'There is 1 customer' : `There are ${nSamples} customers`;
    const advice = nSamples < 2 ? 'add data' : `ask for at most ${nSamples} or add data`;
    throw new InsufficientDataError(`${found}, too few for ${max} segments: ${advice}.`, {
      reason: 'too_few_customers',
      found: nSamples,
      expected: max,
    });
  }
  return Array.from({ length: max - min + 1 }, (_, item) => ({
    item,
    algorithm,
    nClusters: min + item,
    seed,
    nInit,
  }));
}
