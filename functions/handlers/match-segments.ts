import type { Model, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type StepInput, stepInputSchema } from '../contracts/workflow.ts';
import { scaleValue, unscaleValue } from '../features/apply-recipe.ts';
import { type OpenedFormerRun, openFormerRun } from '../former-run.ts';
import { holdBorders } from '../hold-borders.ts';
import { readJson, readJsonIfThere, writeJson } from '../json-objects.ts';
import type { ObjectStore } from '../ports.ts';
import { readAhead } from '../read-ahead.ts';
import { flowReport } from '../segments/flow.ts';
import {
  type IdentityEvidence,
  type MatchedSegments,
  matchSegments as matchClusters,
} from '../segments/identity.ts';
import { MembershipCounts, type PartialMembership } from '../segments/membership-counts.ts';
import type { RunIdentities } from '../segments/run-identities.ts';
import { type StepContext, stepHandler } from '../shell.ts';

/**
 * Decides which segment each cluster is: those of the run that the dataset serves are found again by the customers they
 * share, else by their centers; what continues none gets an id that no segment had before. Where the dataset has a churn
 * budget, who is at a border stays: how far is decided here, and done by WriteLabels.
 */
export async function matchSegments(
  { run }: StepInput,
  { ports: { objects, runs }, log }: StepContext,
): Promise<{ readonly nSegments: number }> {
  const keys = runKeys(run);
  const [plan, model, former] = await Promise.all([
    readJson<RunPlan>(objects, keys.plan),
    readJson<Model>(objects, keys.model),
    openFormerRun(objects, run),
  ]);
  const formerRunId = former?.plan.run.runId ?? null;
  const earlier = await readJsonIfThere<RunIdentities>(objects, keys.identity);
  // A retry must not give other ids than its first attempt: workers may have read them.
  if (earlier?.formerRunId === formerRunId) return { nSegments: earlier.segmentIds.length };

  const evidence = former && (await evidenceOf(objects, plan, model, former));
  const matched = (nextId: number): MatchedSegments =>
    former && evidence
      ? matchClusters({ ids: former.segmentIds, nextId }, evidence)
      : {
          ids: model.sizes.map((_, cluster) => nextId + cluster),
          nextId: nextId + model.nClusters,
          events: [],
        };
  const nNew = matched(0).nextId;
  const firstId = nNew === 0 ? 0 : await runs.reserveSegmentIds(run.tenant, run.dataset, nNew);
  const { ids, events } = matched(firstId);
  const { churnBudget: budget } = plan.config;
  const borders =
    former && evidence && budget !== undefined
      ? await holdBorders(objects, { plan, model, former, segmentIds: ids, budget }, evidence.counts)
      : undefined;
  const identities: RunIdentities = {
    formerRunId,
    segmentIds: ids,
    events,
    flow: former && evidence ? flowReport(evidence.counts, former.segmentIds, ids) : null,
    ...(borders && { borders }),
  };
  await writeJson(objects, keys.identity, identities);
  log.info('segments matched', { formerRunId, nKept: ids.length - nNew, nNew, held: borders?.held ?? 0 });
  return { nSegments: ids.length };
}

async function evidenceOf(
  objects: ObjectStore,
  plan: RunPlan,
  model: Model,
  former: OpenedFormerRun,
): Promise<IdentityEvidence> {
  const { partialProfile } = runKeys(plan.run);
  const partials: PartialMembership[] = [];
  const partialOf = (bucket: number) =>
    readJson<{ membership: PartialMembership }>(objects, partialProfile(bucket));
  for await (const { membership } of readAhead(plan.nBuckets, partialOf)) partials.push(membership);
  const formerModel = await readJson<Model>(objects, runKeys(former.plan.run).model);
  const before = centersIn(model, formerModel);
  return {
    counts: MembershipCounts.from(partials),
    sizes: { before: formerModel.sizes, after: model.sizes },
    ...(before && { centers: { before, after: model.centers } }),
  };
}

/** Centers of the former model in the units of the new one's kernel features; undefined where the features differ. */
function centersIn({ recipe }: Model, former: Model): number[][] | undefined {
  const featureOf = new Map(former.recipe.features.map((feature, f) => [feature.name, { feature, f }]));
  const pairs = recipe.features.map((feature) => ({ feature, former: featureOf.get(feature.name) }));
  if (pairs.length !== featureOf.size || pairs.some((pair) => pair.former === undefined)) return undefined;
  return former.centers.map((center) =>
    pairs.map(({ feature, former: known }) =>
      scaleValue(feature, unscaleValue(known!.feature, center[known!.f]!)),
    ),
  );
}

export const handler = stepHandler('MatchSegments', stepInputSchema, matchSegments);
