import type { EntitiesManifest, FittedRecipe, PartialMoments, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type PrepareResult, type StepInput, stepInputSchema } from '../contracts/workflow.ts';
import { candidatesFor } from '../features/candidates.ts';
import { mergeMoments, momentsOf } from '../features/moments.ts';
import { RFM_FEATURES } from '../features/rfm-features.ts';
import { fitZscore } from '../features/scale.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { readAhead } from '../read-ahead.ts';
import { type StepContext, stepHandler } from '../shell.ts';

/** Merges the partial moments of all buckets into the fitted recipe, and lists the candidates to fit. */
export async function prepareFit(
  { run }: StepInput,
  { ports, progress }: StepContext,
): Promise<PrepareResult> {
  const { objects, runs } = ports;
  const keys = runKeys(run);
  const { request, nBuckets } = await readJson<RunPlan>(objects, keys.plan);
  const manifests: EntitiesManifest[] = [];
  const manifestOf = (bucket: number) => readJson<EntitiesManifest>(objects, keys.entitiesManifest(bucket));
  for await (const manifest of readAhead(nBuckets, manifestOf)) manifests.push(manifest);

  const nSamples = manifests.reduce((sum, { nEntities }) => sum + nEntities, 0);
  const recipe: FittedRecipe = {
    recipe: 'rfm',
    version: 1,
    referenceAt: manifests[0]!.referenceAt,
    nSamples,
    features: RFM_FEATURES.map(({ name, unit }) => {
      const partials = manifests
        .map(({ moments }) => moments[name])
        .filter((m): m is PartialMoments => m !== undefined);
      return fitZscore(name, unit, momentsOf(mergeMoments(partials)));
    }),
  };
  const candidates = candidatesFor(request, nSamples);
  await writeJson(objects, keys.recipe, recipe);
  await writeJson(objects, keys.candidates, candidates);
  const { itemsPerStep = {} } = (await runs.get(run.tenant, run.runId)) ?? {};
  await runs.update(run.tenant, run.runId, {
    nEntities: nSamples,
    itemsPerStep: { ...itemsPerStep, FitCandidate: candidates.length },
  });
  progress(nSamples);
  return { candidatesKey: keys.candidates, nSamples };
}

export const handler = stepHandler('PrepareFit', stepInputSchema, prepareFit);
