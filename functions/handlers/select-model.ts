import { modelOf } from '../clustering/model.ts';
import { selectCandidate } from '../clustering/search.ts';
import type { FitTask } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { FittedRecipe } from '../contracts/recipe.ts';
import { type StepInput, stepInputSchema } from '../contracts/workflow.ts';
import { isCandidate } from '../features/candidates.ts';
import { findFormerRun } from '../former-run.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { readAhead } from '../read-ahead.ts';
import { type DescribedFit, modelAnalysis } from '../segmentation/run-analysis.ts';
import { type StepContext, stepHandler } from '../shell.ts';

/**
 * Chooses the best fitted candidate and writes it as the model, with the comparison it won; and fixes which run the new one
 * is compared with.
 */
export async function selectModel(
  { run }: StepInput,
  { ports, log }: StepContext,
): Promise<{ readonly nClusters: number }> {
  const { objects } = ports;
  const keys = runKeys(run);
  const recipe = await readJson<FittedRecipe>(objects, keys.recipe);
  const tasks = await readJson<FitTask[]>(objects, keys.candidates);
  const candidates = tasks.filter(isCandidate);
  const fits: DescribedFit[] = [];
  const fitOf = (item: number) => readJson<DescribedFit>(objects, keys.fit(item));
  for await (const fit of readAhead(candidates.length, fitOf)) fits.push(fit);
  const { selected, report } = selectCandidate(fits);
  await writeJson(objects, keys.model, modelOf(recipe, selected));
  await writeJson(objects, keys.selection, report);
  await writeJson(objects, keys.analysis('kmeans'), modelAnalysis(selected, report));
  await writeJson(objects, keys.former, await findFormerRun(ports, run));
  log.info('model selected', { nClusters: report.selected, reason: report.reason });
  return { nClusters: report.selected };
}

export const handler = stepHandler('SelectModel', stepInputSchema, selectModel);
