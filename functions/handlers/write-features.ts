import { createHash } from 'node:crypto';
import type { ArrowColumns } from '../arrow/columns.ts';
import { encodeArrowBatch } from '../arrow/ipc.ts';
import type { RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { FittedFeature, FittedRecipe } from '../contracts/recipe.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { readEntities } from '../entity-buckets.ts';
import { featureColumn } from '../features/apply-recipe.ts';
import { readJson } from '../json-objects.ts';
import { type StepContext, stepHandler } from '../shell.ts';
import { writeParts } from '../write-parts.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Room for the features of a bucket until they are encoded, which nothing interrupts: fresh memory for each bucket is dear. */
let room = new Float32Array(0);

/**
 * Prepares the entities of one bucket by the fitted recipe: float32 columns, the kernels' input, in an Arrow file that
 * says of each column where it comes from and how it was made, and carries a checksum of their values.
 */
export async function writeFeatures(
  { run, item }: ItemInput,
  { ports: { objects }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = runKeys(run);
  const plan = await readJson<RunPlan>(objects, keys.plan);
  const recipe = await readJson<FittedRecipe>(objects, keys.recipe);
  const table = await readEntities(objects, plan, item);
  const columns: Record<string, ArrowColumns[string]> = { customer_id: table.idBytes ?? table.ids };
  const metadata: Record<string, Record<string, string>> = {};
  const checksum = createHash('sha256');
  const { nRows } = table;
  if (room.length < nRows * recipe.features.length) room = new Float32Array(nRows * recipe.features.length);
  for (const [f, feature] of recipe.features.entries()) {
    const values = featureColumn(feature, table, room.subarray(f * nRows, (f + 1) * nRows));
    columns[feature.name] = values;
    metadata[feature.name] = describe(feature);
    checksum.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  const parts = encodeArrowBatch(columns, {
    columns: metadata,
    table: { sha256_of_features: checksum.digest('hex') },
  });
  await writeParts(objects, keys.features(item), parts, ARROW_TYPE);
  progress(nRows);
  return { item, rows: nRows };
}

function describe({ source, unit, transform, offset, scale, steps }: FittedFeature): Record<string, string> {
  return {
    source,
    source_unit: unit,
    steps: JSON.stringify(steps),
    transform,
    offset: String(offset),
    scale: String(scale),
  };
}

export const handler = stepHandler('WriteFeatures', itemInputSchema, writeFeatures);
