import type { Model, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type StepInput, stepInputSchema } from '../contracts/workflow.ts';
import { driftSinceServed, qualityReport } from '../data-quality.ts';
import { ConflictError } from '../errors.ts';
import { openFormerRun } from '../former-run.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { inheritedSources } from '../label-sources.ts';
import { readAhead } from '../read-ahead.ts';
import { rephraseNames } from '../rephrase-names.ts';
import { readRowCounts } from '../row-counts.ts';
import { writeArtifacts } from '../run-artifacts.ts';
import { runSegmentation, segmentationRecords } from '../run-segmentation.ts';
import type { RunSegmentation } from '../segmentation/describe-run.ts';
import { CategoryProfiles, type PartialCategories } from '../segments/category-profile.ts';
import { describeSegments, type SegmentWords } from '../segments/describe.ts';
import { type PartialProfile, SegmentProfiles } from '../segments/profile.ts';
import { profiledColumns } from '../segments/profiled-columns.ts';
import type { RunIdentities } from '../segments/run-identities.ts';
import { serveRun } from '../serve-run.ts';
import { type StepContext, stepHandler } from '../shell.ts';
import { writeFlow } from '../write-flow.ts';

/** What publishing a run returns: counts only. */
export interface PublishResult {
  readonly nSegments: number;
  readonly nEntities: number;
}

/**
 * Merges what the workers found, writes the artefacts and segments under the run's own keys, and points the dataset at
 * the run: until that one write readers see the previous run, whole. What was asked for last is served, however long its
 * run took. Then the run is told to have succeeded, and the event bus of it, at least once.
 */
export async function publishRun({ run }: StepInput, context: StepContext): Promise<PublishResult> {
  const { objects, segments: segmentStore, runs, clock } = context.ports;
  const keys = runKeys(run);
  const [plan, fitted, identities] = await Promise.all([
    readJson<RunPlan>(objects, keys.plan),
    readJson<Model>(objects, keys.model),
    readJson<RunIdentities>(objects, keys.identity),
  ]);
  const { segmentIds } = identities;
  const model: Model = { ...fitted, segmentIds };

  const rows = await readRowCounts(objects, plan);
  const { profiles, categories } = await mergedProfiles(context, plan, model);
  const labelled = { plan, model, rows, profiles, categories };
  const segmentation = await runSegmentation(objects, plan, model);
  const { segmentations } = segmentation;
  const words = wordsOf(plan, segmentations);
  const named = describeSegments(profiles, model, categories, words, plan.config.names?.orders);
  const segments = await rephraseNames(context.ports, run, named, plan.config.locale, context.log);
  const quality = await qualityReport(objects, labelled);
  const artifacts = await writeArtifacts(context, plan, model, {
    segments,
    quality,
    segmentation,
  });
  const drift = await driftSinceServed(context.ports, labelled);
  if (drift) await writeJson(objects, keys.drift, drift);
  const labelWrites = await writeFlow(context, plan, identities);
  const inherited = inheritedSources(await openFormerRun(objects, run));
  const labelSources = [{ runId: run.runId, segmentIds }, ...inherited];

  const { tenant, dataset, runId } = run;
  await segmentStore.putSegments(segments.map((segment) => ({ tenant, dataset, run_id: runId, ...segment })));
  const publishedAt = clock.now().toISOString();
  const { clusters, outliers } = segmentationRecords(run, segmentations, publishedAt);
  await segmentStore.putClusters(clusters);
  await segmentStore.putOutliers(outliers);
  await runs.update(tenant, runId, {
    rows,
    nEntities: profiles.total,
    scores: model.scores,
    nSegments: segments.length,
    artifacts,
    labelSources,
    labelWrites,
  });
  const { turn = '' } = (await runs.get(tenant, runId)) ?? {};
  const publication = await serveRun(
    context.ports,
    { ...run, turn, request: plan.asked, labelSources },
    publishedAt,
    context.log,
  );
  if (publication === 'expired') {
    throw new ConflictError(
      `While run ${runId} was under way, the run that it was compared with has expired. Keep more runs ("keepRuns" of the dataset), and start the run again.`,
      { reason: 'former_run_expired', runId },
    );
  }
  // After it is served: who waits for a run to succeed may read what it published.
  await runs.update(tenant, runId, { status: 'succeeded', finishedAt: publishedAt });
  const { formerRunId, events, flow } = identities;
  await context.ports.events.publish([
    {
      type: 'SegmentationCompleted',
      tenant,
      dataset,
      run_id: runId,
      detail: {
        served: publication === 'served',
        former_run_id: formerRunId,
        segments: segments.length,
        entities: profiles.total,
        moved: flow?.moved ?? 0,
        entered: flow?.entered ?? profiles.total,
        left: flow?.left ?? 0,
        held: identities.borders?.held ?? 0,
        events: events.map(({ kind, from, to }) => ({ kind, from, to })),
        changes_key: keys.allChanges,
      },
    },
  ]);
  return { nSegments: segments.length, nEntities: profiles.total };
}

/** Orders are named by recency, frequency and spend, everything else by the analysis of its columns. */
function wordsOf({ recipe }: RunPlan, [model]: readonly RunSegmentation[]): SegmentWords[] | undefined {
  if (recipe === 'rfm' || model === undefined) return undefined;
  return model.clusters.map(({ cluster_id, name_rule, characteristics }, at) => ({
    name: model.labels[at] ?? `Segment ${cluster_id}`,
    nameRule: name_rule,
    distinctive: characteristics.distinctive_features.map(({ feature, value, standardised_difference }) => ({
      feature: value === undefined ? feature : `${feature} = ${value}`,
      difference: standardised_difference,
    })),
  }));
}

async function mergedProfiles({ ports: { objects } }: StepContext, plan: RunPlan, model: Model) {
  const { partialProfile } = runKeys(plan.run);
  const { numbers, texts } = profiledColumns(model.recipe);
  const profiles = new SegmentProfiles(
    model.nClusters,
    numbers.map(({ name }) => name),
  );
  const categories = new CategoryProfiles(model.nClusters, texts);
  for await (const partial of readAhead(plan.nBuckets, (bucket) =>
    readJson<BucketProfile>(objects, partialProfile(bucket)),
  )) {
    profiles.merge(partial);
    categories.merge(partial.categories);
  }
  return { profiles, categories };
}

/** What AssignSegments left of one bucket. */
type BucketProfile = PartialProfile & { readonly categories: readonly PartialCategories[] };

export const handler = stepHandler('PublishRun', stepInputSchema, publishRun);
