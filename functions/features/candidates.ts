import type { AnalysisCandidate, Candidate, FitTask, RunPlan } from '../contracts/artifacts.ts';
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

/**
 * The clusterings beside the model that the configuration of the dataset asks for, by default DBSCAN and the tree for leads
 * and customers, and with them the test whether there is any structure. They are numbered from `first`.
 */
export function analysesFor(
  { kind, config, request: { seed } }: Pick<RunPlan, 'kind' | 'config' | 'request'>,
  { nSamples, nFeatures }: { readonly nSamples: number; readonly nFeatures: number },
  first: number,
): AnalysisCandidate[] {
  const isSmall = nSamples <= MOST_ANALYSED.rows && nFeatures <= MOST_ANALYSED.features;
  const isAnalysed = (kind === 'leads' || kind === 'customers') && isSmall;
  const algorithms = config.algorithms ?? (isAnalysed ? ['kmeans', 'dbscan', 'hierarchical'] : ['kmeans']);
  const { epsilon = 'auto', minSamples = 5 } = config.dbscan ?? {};
  const { maxDepth = 3, minSilhouette = 0.3, minPoints } = config.hierarchical ?? {};
  const fits = [
    { algorithm: 'dbscan' as const, epsilon, minSamples },
    {
      algorithm: 'hierarchical' as const,
      maxDepth,
      minSilhouette,
      ...(minPoints !== undefined && { minPoints }),
    },
  ].filter(({ algorithm }) => algorithms.includes(algorithm));
  const tests = config.algorithms || isAnalysed ? [...fits, { algorithm: 'structure' as const }] : [];
  return tests.map((test, i) => ({ item: first + i, seed, ...test }));
}

/** Past these DBSCAN may take minutes, or the profiles of its clusters much memory: then the configuration has to ask for it. */
const MOST_ANALYSED = { rows: 200_000, features: 300 } as const;

/** Whether a task is a fit of k-means, which the model is chosen from. */
export function isCandidate(task: FitTask): task is Candidate {
  return task.algorithm === 'kmeans';
}
