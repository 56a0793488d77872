import type { EntitiesManifest, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type PrepareResult, type StepInput, stepInputSchema } from '../contracts/workflow.ts';
import { readEntities } from '../entity-buckets.ts';
import { InsufficientDataError } from '../errors.ts';
import { analysesFor, candidatesFor } from '../features/candidates.ts';
import type { EntityTable } from '../features/entity-table.ts';
import { fitRecipe } from '../features/fit-recipe.ts';
import { joinTables } from '../features/join-tables.ts';
import { readJson, writeJson } from '../json-objects.ts';
import type { ObjectStore } from '../ports.ts';
import { readAhead } from '../read-ahead.ts';
import { type StepContext, stepHandler } from '../shell.ts';

/** Rows that correlations are judged on: the first in canonical order. */
const SAMPLE_ROWS = 10_000;

/** Least entities of a dataset whose configuration names no number. */
const LEAST_LEADS = 100;

/** Merges what all buckets tell about the features into the fitted recipe, and lists the candidates to fit. */
export async function prepareFit(
  { run }: StepInput,
  { ports, progress }: StepContext,
): Promise<PrepareResult> {
  const { objects, runs } = ports;
  const keys = runKeys(run);
  const plan = await readJson<RunPlan>(objects, keys.plan);
  const { request, nBuckets, columns, spec } = plan;
  const manifests: EntitiesManifest[] = [];
  const manifestOf = (bucket: number) => readJson<EntitiesManifest>(objects, keys.entitiesManifest(bucket));
  for await (const manifest of readAhead(nBuckets, manifestOf)) manifests.push(manifest);

  const nSamples = manifests.reduce((sum, { nEntities }) => sum + nEntities, 0);
  checkEnough(plan, nSamples);
  const fits = candidatesFor(request, nSamples);
  const candidates = [...fits, ...analysesFor(plan, nSamples, fits.length)];
  const recipe = fitRecipe(spec, {
    recipe: plan.recipe,
    columns: columns.map(({ name, type, unit, source }) => ({ name, type, unit, source })),
    partials: manifests.map(({ partials }) => partials),
    referenceAt: manifests[0]!.referenceAt,
    sample: await sampleOf(objects, plan, manifests),
  });
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

function checkEnough({ kind, config: { minDataPoints } }: RunPlan, found: number): void {
  const least = minDataPoints ?? (kind === 'leads' ? LEAST_LEADS : 2);
  if (found >= least) return;
  throw new InsufficientDataError(
    `There are ${found} ${kind === 'leads' ? 'leads' : 'entities'} in the window, fewer than the ${least} that the dataset asks for: clusters would be empty. ` +
      'Take a longer window ("maxDataAgeMonths"), add data, or lower "minDataPoints" in the dataset configuration.',
    { reason: 'too_few_data_points', found, expected: least },
  );
}

/** The first rows in canonical order: buckets are read until there are enough. */
async function sampleOf(
  objects: ObjectStore,
  plan: RunPlan,
  manifests: readonly EntitiesManifest[],
): Promise<EntityTable> {
  const tables: EntityTable[] = [];
  let rows = 0;
  for (const { bucket, nEntities } of manifests) {
    if (nEntities === 0 && (tables.length > 0 || bucket < manifests.length - 1)) continue;
    const table = await readEntities(objects, plan, bucket, SAMPLE_ROWS - rows);
    tables.push(table);
    rows += table.nRows;
    if (rows >= SAMPLE_ROWS) break;
  }
  return joinTables(tables);
}

export const handler = stepHandler('PrepareFit', stepInputSchema, prepareFit);
