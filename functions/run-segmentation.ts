import { analysesOf, type BucketAnalysis } from './bucket-analyses.ts';
import type { Model, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import {
  type ClusteringAlgorithm,
  type ClusterRecord,
  clusterRecordId,
  type OutlierRecord,
} from './contracts/segmentation-records.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';
import { describeRun, type MergedAnalysis, type RunSegmentation } from './segmentation/describe-run.ts';
import type { SkippedAnalysis, StructureFit } from './segmentation/run-analysis.ts';
import { leadNameTable } from './segments/lead-name-rules.ts';
import { byRisk } from './segments/outliers.ts';
import { mergeNearest, type NearestCustomers } from './segments/sample-leads.ts';
import { TallyMerger } from './segments/segment-tally.ts';

/** Buckets in memory at once. */
const AHEAD = 2;

/** Artefact `segmentation.json`: one description per algorithm, the model's first, and what could not be analysed. */
export interface SegmentationDocument {
  readonly segmentations: readonly RunSegmentation[];
  readonly skipped: readonly SkippedAnalysis[];
}

/**
 * Merges what the workers tallied and describes every clustering of a run; empty for a run that is described by recency,
 * frequency and spend alone.
 */
export async function runSegmentation(
  objects: ObjectStore,
  plan: RunPlan,
  model: Model,
): Promise<SegmentationDocument> {
  const keys = runKeys(plan.run);
  const { fits, skipped } = await analysesOf(objects, plan);
  const merging = fits.map((fit) => ({
    fit,
    tallies: fit.geometry.sizes.map(() => new TallyMerger()),
    nearest: fit.geometry.sizes.map((): NearestCustomers[] => []),
    outliers: new Map<string, BucketAnalysis['outliers'][number]>(),
  }));
  const bucketOf = (bucket: number) => readJson<BucketAnalysis[]>(objects, keys.bucketAnalyses(bucket));
  let bucket = 0;
  let isDescribed = true;
  for await (const parts of readAhead(plan.nBuckets, bucketOf, AHEAD)) {
    isDescribed &&= parts.length > 0;
    for (const [at, { tallies, nearest, outliers }] of parts.entries()) {
      const whole = merging[at]!;
      for (const [cluster, tally] of tallies.entries()) whole.tallies[cluster]!.add(tally);
      for (const [cluster, found] of nearest.entries()) whole.nearest[cluster]!.push(found);
      for (const outlier of outliers) whole.outliers.set(`${bucket}/${outlier.bucketRow}`, outlier);
    }
    bucket++;
  }
  if (!isDescribed) return { segmentations: [], skipped };
  const analyses = merging.map(
    ({ fit, tallies, nearest, outliers }): MergedAnalysis => ({
      fit,
      partials: tallies.map((tally) => tally.toJSON()),
      nearest: nearest.map((parts) => mergeNearest(parts)),
      outliers: fit.far.map((far) => outliers.get(`${far.bucket}/${far.bucketRow}`)!),
      ...(fit.algorithm === 'kmeans' && model.segmentIds && { ids: model.segmentIds }),
    }),
  );
  const segmentations = describeRun(analyses, {
    recipe: model.recipe,
    locale: plan.config.locale,
    names: leadNameTable(plan.config.names?.leads),
    known: await knownFacts(objects, plan, model),
  });
  return { segmentations, skipped };
}

async function knownFacts(objects: ObjectStore, { run, config }: RunPlan, { recipe }: Model) {
  const { minDataPoints } = config;
  const rows = {
    rows: recipe.nSamples,
    ...(minDataPoints !== undefined && { min_data_points: minDataPoints }),
  };
  const found = await readStructure(objects, run);
  return found ? { ...rows, p_uniform: found.p_uniform, p_independent: found.p_independent } : rows;
}

async function readStructure(objects: ObjectStore, run: RunPlan['run']): Promise<StructureFit | null> {
  const keys = runKeys(run);
  const tasks = await readJson<{ algorithm: string }[]>(objects, keys.candidates);
  if (!tasks.some(({ algorithm }) => algorithm === 'structure')) return null;
  return readJson<StructureFit | null>(objects, keys.analysis('structure'));
}

/** The segments of every algorithm and the outliers of a run, as the stores keep them. */
export function segmentationRecords(
  { tenant, dataset, runId }: RunPlan['run'],
  segmentations: readonly RunSegmentation[],
  createdAt: string,
): { clusters: ClusterRecord[]; outliers: OutlierRecord[] } {
  const refOf = (clustering_algorithm: ClusteringAlgorithm) => ({
    tenant,
    dataset,
    run_id: runId,
    clustering_algorithm,
  });
  return {
    clusters: segmentations.flatMap(({ algorithm, clusters }) =>
      clusters.map(
        ({
          name,
          characteristics,
          density: _density,
          centroid: _centroid,
          sample_leads: _leads,
          ...cluster
        }) => ({
          ...refOf(algorithm),
          ...cluster,
          id: clusterRecordId(refOf(algorithm), cluster.cluster_id),
          cluster_name: name,
          created_at: createdAt,
          updated_at: createdAt,
          avg_intention_level: characteristics.avg_intention_level,
          dominant_features: characteristics.top_features,
        }),
      ),
    ),
    // Listed as they are written: the riskiest first, whichever algorithm found it.
    outliers: segmentations
      .flatMap(({ algorithm, outliers = [] }) =>
        outliers.map(({ listed, ...outlier }) => ({
          ...refOf(algorithm),
          ...outlier,
          ...listed,
          cluster_id: -1,
          email: null,
          updated_at: createdAt,
        })),
      )
      .sort(byRisk),
  };
}
