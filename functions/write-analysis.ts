import { encodeArrowFile } from './arrow/ipc.ts';
import type { AnalysisCandidate } from './contracts/artifacts.ts';
import type { RunKeys } from './contracts/keys.ts';
import type { FittedRecipe } from './contracts/recipe.ts';
import { InsufficientDataError, InvalidDatasetError } from './errors.ts';
import type { FeatureRows } from './feature-shards.ts';
import { writeJson } from './json-objects.ts';
import type { Kernels } from './kernels/instance.ts';
import type { ObjectStore } from './ports.ts';
import {
  type AnalysedRows,
  analyseRows,
  type SkippedAnalysis,
  structureOfRows,
} from './segmentation/run-analysis.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** What is to be analysed, and how. */
export interface AnalysedRun {
  readonly data: FeatureRows;
  readonly recipe: FittedRecipe;
  readonly candidate: AnalysisCandidate;
}

/**
 * Does one analysis on all rows: writes what it found in numbers, and per bucket the cluster of each row, so that workers
 * read their part alone.
 */
export async function writeAnalysis(
  objects: ObjectStore,
  keys: RunKeys,
  kernels: Kernels,
  { data, recipe, candidate }: AnalysedRun,
): Promise<void> {
  const { algorithm } = candidate;
  if (algorithm === 'structure') {
    const structure = structureOfRows(kernels, data, candidate.seed);
    await writeJson(objects, keys.analysis(algorithm), structure ?? null);
    return;
  }
  const features = recipe.features.map(({ name }) => name);
  let analysed: AnalysedRows;
  try {
    analysed = analyseRows(kernels, data, candidate, features, data.bucketRows);
  } catch (error) {
    // The model stands without it: what data cannot be analysed so is said, not failed for.
    if (!(error instanceof InsufficientDataError || error instanceof InvalidDatasetError)) throw error;
    const skipped: SkippedAnalysis = { algorithm, skipped: error.message };
    await writeJson(objects, keys.analysis(algorithm), skipped);
    return;
  }
  const { fit, labels, confidence, distances } = analysed;
  let start = 0;
  for (const [bucket, rows] of data.bucketRows.entries()) {
    const end = start + rows;
    const file = encodeArrowFile({
      cluster: labels.subarray(start, end),
      confidence: confidence.subarray(start, end),
      distance: distances.subarray(start, end),
    });
    await objects.write(keys.analysisLabels(algorithm, bucket), file, ARROW_TYPE);
    start = end;
  }
  await writeJson(objects, keys.analysis(algorithm), fit);
}
