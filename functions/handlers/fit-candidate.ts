import { availableParallelism } from 'node:os';
import type { Candidate, FitTask, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { FittedRecipe } from '../contracts/recipe.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { InvalidRequestError } from '../errors.ts';
import { type FeatureRows, readFeatureMatrix } from '../feature-shards.ts';
import { isCandidate } from '../features/candidates.ts';
import { featureImportance } from '../features/feature-importance.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { clusterGeometry, clusterValidity } from '../segmentation/cluster-quality.ts';
import { type DescribedFit, farRows, plainPlaces } from '../segmentation/run-analysis.ts';
import { type StepContext, stepHandler } from '../shell.ts';
import { type ClusteringThreads, openThreads } from '../threads/clustering-threads.ts';
import { threadCount } from '../threads/thread-count.ts';
import { writeAnalysis } from '../write-analysis.ts';

/** Values past the last row that kernels may read as part of a vector. */
const PADDING = 16;

/** Fits one candidate clustering on all rows and scores it, or does one of the analyses beside the model. @throws InsufficientDataError with too few distinct rows */
export async function fitCandidate(
  { run, item }: ItemInput,
  { ports: { objects }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = runKeys(run);
  const { nBuckets, config } = await readJson<RunPlan>(objects, keys.plan);
  const recipe = await readJson<FittedRecipe>(objects, keys.recipe);
  const candidates = await readJson<FitTask[]>(objects, keys.candidates);
  const candidate = candidates.find((other) => other.item === item);
  if (candidate === undefined) {
    throw new InvalidRequestError(
      `There is no candidate ${item}; the run has ${candidates.length}, numbered from 0. Start the run again.`,
      { reason: 'no_such_candidate' },
    );
  }

  const nThreads = threadCount({
    nSamples: recipe.nSamples,
    memoryMb: Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
    nCores: availableParallelism(),
  });
  const threads = await openThreads(nThreads);
  const { memory } = threads.kernels;
  const mark = memory.used;
  try {
    // Straight into the kernels' memory: what only reads the rows then needs no copy of them.
    const rows = (length: number) => memory.f32(length + PADDING).subarray(0, length);
    const data = await readFeatureMatrix(objects, keys, nBuckets, recipe, progress, rows);
    if (isCandidate(candidate)) {
      await writeJson(
        objects,
        keys.fit(item),
        await scoredFit(threads, { data, recipe, candidate }, config.contamination),
      );
    } else await writeAnalysis(objects, keys, threads.kernels, { data, recipe, candidate });
    return { item, rows: data.nSamples };
  } finally {
    memory.release(mark);
    await threads.close();
  }
}

async function scoredFit(
  { kernels, kmeans, estimateSilhouette }: ClusteringThreads,
  { data, recipe, candidate }: { data: FeatureRows; recipe: FittedRecipe; candidate: Candidate },
  contamination: number | undefined,
): Promise<DescribedFit> {
  const { nClusters, seed, nInit } = candidate;
  const { labels, centers, sizes, inertia, iterations, restarts } = await kmeans(data, {
    nClusters,
    seed,
    nInit,
    labels: kernels.memory.i32(data.nSamples),
  });
  const validity = clusterValidity(kernels, data, labels, nClusters, seed);
  const estimate = await estimateSilhouette(data, labels, nClusters, seed);
  const { distances, ...geometry } = clusterGeometry(data, labels, nClusters);
  const centerRows = rowsOf(centers, data.nFeatures);
  const features = recipe.features.map(({ name }) => name);
  const placed = {
    matrix: data,
    labels,
    centers: centerRows,
    distances,
    features,
    bucketRows: data.bucketRows,
  };
  return {
    candidate,
    centers: centerRows,
    sizes: Array.from(sizes),
    scores: {
      inertia,
      silhouette: estimate.silhouette,
      // Every cluster has rows, and there are two at least.
      daviesBouldin: validity.daviesBouldin!,
      iterations,
      restarts,
    },
    importance: featureImportance(data, labels, nClusters),
    silhouetteSamples: estimate.nSamples,
    geometry: plainPlaces(geometry),
    validity,
    ...farRows(placed, contamination),
  };
}

function rowsOf(flat: Float64Array, nColumns: number): number[][] {
  return Array.from({ length: flat.length / nColumns }, (_, row) =>
    Array.from(flat.subarray(row * nColumns, (row + 1) * nColumns)),
  );
}

export const handler = stepHandler('FitCandidate', itemInputSchema, fitCandidate);
