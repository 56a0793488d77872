import { type ArrowColumns, decodeArrow, encodeArrowFile } from '../arrow/ipc.ts';
import type { FittedRecipe } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { transformColumn } from '../features/scale.ts';
import { readJson } from '../json-objects.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Scales the customers of one bucket by the fitted recipe into the kernels' input: float32 columns in an Arrow file. */
export async function writeFeatures(
  { run, item }: ItemInput,
  { ports: { objects }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = runKeys(run);
  const recipe = await readJson<FittedRecipe>(objects, keys.recipe);
  const entities = decodeArrow(await objects.read(keys.entities(item)));
  const columns: Record<string, ArrowColumns[string]> = { customer_id: entities.strings('customer_id') };
  const metadata: Record<string, Record<string, string>> = {};
  for (const feature of recipe.features) {
    columns[feature.name] = transformColumn(feature, entities.float64(feature.name));
    metadata[feature.name] = {
      source: feature.name,
      source_unit: feature.unit,
      transform: feature.transform,
      offset: String(feature.offset),
      scale: String(feature.scale),
    };
  }
  await objects.write(keys.features(item), encodeArrowFile(columns, { columns: metadata }), ARROW_TYPE);
  progress(entities.nRows);
  return { item, rows: entities.nRows };
}

export const handler = stepHandler('WriteFeatures', itemInputSchema, writeFeatures);
