import { readFileSync, rmSync } from 'node:fs';
import { memoryPorts } from '../functions/adapters/memory.ts';
import { encodeArrowFile } from '../functions/arrow/ipc.ts';
import type { RunPlan } from '../functions/contracts/artifacts.ts';
import { datasetConfigSchema } from '../functions/contracts/dataset.ts';
import { runKeys } from '../functions/contracts/keys.ts';
import type { FittedRecipe } from '../functions/contracts/recipe.ts';
import { type RunRef, runRequestSchema } from '../functions/contracts/workflow.ts';
import { applyRecipe } from '../functions/features/apply-recipe.ts';
import { decodeEntityTable } from '../functions/features/entity-arrow.ts';
import { fitRecipe } from '../functions/features/fit-recipe.ts';
import { buildFeatures } from '../functions/handlers/build-features.ts';
import { mergeEntities } from '../functions/handlers/merge-entities.ts';
import { prepareFit } from '../functions/handlers/prepare-fit.ts';
import { writeFeatures } from '../functions/handlers/write-features.ts';
import { readJson, writeJson } from '../functions/json-objects.ts';
import type { TableManifest } from '../functions/merge-table.ts';
import { createLogger } from '../functions/observability.ts';
import { planInput } from '../functions/plan-input.ts';
import type { StepContext } from '../functions/shell.ts';
import { fileObjects } from './file-objects.ts';

/**
 * Child of `ingestion.ts`: reads one CSV through the steps of the workflow up to the Arrow feature files, one step after
 * the other on one core, and prints seconds per step, the peak resident memory and what came out, as JSON.
 *
 * usage: ingestion-process.ts FOLDER KEY
 */
const [folder = '', key = ''] = process.argv.slice(2);
const run: RunRef = { tenant: 'acme', dataset: 'ingestion', runId: 'r1' };
const keys = runKeys(run);
const objects = fileObjects(folder);
const context: StepContext = {
  ports: { ...memoryPorts(), objects },
  executionId: 'benchmark',
  log: createLogger({ write: () => {} }),
  progress: () => {},
  claimed: async () => {},
};
const seconds: Record<string, number> = {};

async function timed<T>(step: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  seconds[step] = (performance.now() - started) / 1000;
  return result;
}

const head = (await objects.head(key))!;
const started = performance.now();
const plan = await timed('PlanRun', async (): Promise<RunPlan> => {
  const request = runRequestSchema.parse({ files: [key] });
  const config = datasetConfigSchema.parse({});
  const planned = await planInput(objects, [head], request, config);
  const whole = { run, request, config, ...planned };
  await writeJson(objects, keys.plan, whole);
  return whole;
});
let nRead = 0;
await timed('BuildFeatures', async () => {
  for (const { shard } of plan.rowShards) nRead += (await buildFeatures({ run, item: shard }, context)).rows;
});
let nEntities = 0;
await timed('MergeEntities', async () => {
  for (let item = 0; item < plan.nBuckets; item++)
    nEntities += (await mergeEntities({ run, item }, context)).rows;
});
await timed('PrepareFit', () => (plan.recipe === 'rfm' ? prepareFit({ run }, context) : fitTable()));
await timed('WriteFeatures', async () => {
  for (let item = 0; item < plan.nBuckets; item++) {
    if (plan.recipe === 'rfm') await writeFeatures({ run, item }, context);
    else await writeTable(item);
  }
});
const total = (performance.now() - started) / 1000;
const peakKb = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
rmSync(`${folder}/${keys.root}`, { recursive: true });
console.log(
  JSON.stringify({ seconds: total, steps: seconds, nRead, nEntities, peakMb: Number(peakKb) / 1024 }),
);

async function fitTable(): Promise<void> {
  if (plan.recipe !== 'table') return;
  const manifests: TableManifest[] = [];
  for (let item = 0; item < plan.nBuckets; item++)
    manifests.push(await readJson(objects, keys.entitiesManifest(item)));
  const sample = decodeEntityTable(await objects.read(keys.entities(0)));
  const partials = manifests.map((manifest) => manifest.partials);
  const { columns } = plan.entity;
  const recipe = fitRecipe(plan.spec, {
    recipe: 'table',
    columns,
    partials,
    referenceAt: manifests[0]!.referenceAt,
    sample,
  });
  await writeJson(objects, keys.recipe, recipe);
}

async function writeTable(item: number): Promise<void> {
  const recipe = await readJson<FittedRecipe>(objects, keys.recipe);
  const table = decodeEntityTable(await objects.read(keys.entities(item)));
  const features = applyRecipe(recipe, table);
  const columns = Object.fromEntries(recipe.features.map(({ name }, f) => [name, features[f]!]));
  await objects.write(keys.features(item), encodeArrowFile({ id: table.ids, ...columns }));
}
