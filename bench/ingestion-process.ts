import { readFileSync, rmSync } from 'node:fs';
import { memoryPorts } from '../functions/adapters/memory.ts';
import { decodeArrow } from '../functions/arrow/ipc.ts';
import type { RunPlan } from '../functions/contracts/artifacts.ts';
import { datasetConfigSchema } from '../functions/contracts/dataset.ts';
import { runKeys } from '../functions/contracts/keys.ts';
import type { FittedRecipe } from '../functions/contracts/recipe.ts';
import { REQUEST_DEFAULTS, type RunRef, runRequestSchema } from '../functions/contracts/workflow.ts';
import { readFeatureMatrix } from '../functions/feature-shards.ts';
import { buildFeatures } from '../functions/handlers/build-features.ts';
import { mergeEntities } from '../functions/handlers/merge-entities.ts';
import { prepareFit } from '../functions/handlers/prepare-fit.ts';
import { writeFeatures } from '../functions/handlers/write-features.ts';
import { readJson, writeJson } from '../functions/json-objects.ts';
import { loadKernels } from '../functions/kernels/instance.ts';
import { createLogger } from '../functions/observability.ts';
import { planInput } from '../functions/plan-input.ts';
import type { StepContext } from '../functions/shell.ts';
import { fileObjects } from './file-objects.ts';

/**
 * Child of `ingestion.ts`: reads one CSV through the steps of the workflow up to the Arrow feature files, one step after
 * the other on one core, and prints seconds per step, the peak resident memory and the moments of what came out, as JSON.
 * Then it reads the features into the kernels' memory and, with `again`, runs the steps a second time: their code is
 * compiled by then, as in a worker that has done a shard before.
 *
 * usage: ingestion-process.ts FOLDER KEY [again]
 */
const [folder = '', key = '', again] = process.argv.slice(2);
const run: RunRef = { tenant: 'acme', dataset: 'ingestion', runId: 'r1' };
const keys = runKeys(run);
const objects = fileObjects(folder);
const ports = { ...memoryPorts(), objects };
const context: StepContext = {
  ports,
  executionId: 'benchmark',
  log: createLogger({ write: () => {} }),
  progress: () => {},
  claimed: async () => {},
};
// What a run that was stopped may have left.
rmSync(`${folder}/${keys.root}`, { recursive: true, force: true });
const baseMb = peakMb();
let seconds: Record<string, number> = {};

async function timed<T>(step: string, work: () => Promise<T>): Promise<T> {
  const started = coreSeconds();
  const result = await work();
  seconds[step] = coreSeconds() - started;
  return result;
}

/** Seconds that the process has had of its core, those of the collector and the compiler included. */
function coreSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Largest resident memory of the process so far, MiB. */
function peakMb(): number {
  const peakKb = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(peakKb) / 1024;
}

const head = (await objects.head(key))!;

async function planRun(): Promise<RunPlan> {
  const request = runRequestSchema.parse({ files: [key] });
  const config = datasetConfigSchema.parse({});
  const planned = await planInput(objects, [head], request, config);
  const whole = { run, asked: request, request: { ...request, ...REQUEST_DEFAULTS }, config, ...planned };
  await writeJson(objects, keys.plan, whole);
  const startedAt = new Date(0).toISOString();
  const record = {
    ...run,
    trigger: 'api',
    executionId: 'benchmark',
    request,
    startedAt,
    turn: startedAt,
  } as const;
  await ports.runs.claim({ ...record, status: 'running' });
  return whole;
}

interface Ingested {
  readonly plan: RunPlan;
  readonly nRead: number;
  readonly nEntities: number;
  readonly seconds: number;
}

async function ingest(): Promise<Ingested> {
  seconds = {};
  const started = coreSeconds();
  const plan = await timed('PlanRun', planRun);
  let nRead = 0;
  await timed('BuildFeatures', async () => {
    for (const { shard } of plan.rowShards)
      nRead += (await buildFeatures({ run, item: shard }, context)).rows;
  });
  let nEntities = 0;
  await timed('MergeEntities', async () => {
    for (let item = 0; item < plan.nBuckets; item++)
      nEntities += (await mergeEntities({ run, item }, context)).rows;
  });
  await timed('PrepareFit', () => prepareFit({ run }, context));
  await timed('WriteFeatures', async () => {
    for (let item = 0; item < plan.nBuckets; item++) {
      await writeFeatures({ run, item }, context);
    }
  });
  return { plan, nRead, nEntities, seconds: coreSeconds() - started };
}

const { plan, nRead, nEntities, seconds: total } = await ingest();
const [steps, peak] = [seconds, peakMb()];
const recipe = await readJson<FittedRecipe>(objects, keys.recipe);
const imputed = recipe.features.filter(({ steps }) => steps.some(({ step }) => step === 'impute'));
const nLeftOut = await rowsLeftOut();
const outcome = { nEntities, moments: await momentsOfFeatures() };
const matrix = await matrixOfFeatures();
const againSeconds = again === undefined ? undefined : (await ingest()).seconds;
rmSync(`${folder}/${keys.root}`, { recursive: true });
console.log(
  JSON.stringify({
    seconds: total,
    steps,
    nRead,
    nLeftOut,
    peakMb: peak,
    baseMb,
    matrix,
    againSeconds,
    imputed: imputed.map(({ name }) => name),
    outcome,
  }),
);

/** Rows that the steps wrote out with the reason why they are not used. */
async function rowsLeftOut(): Promise<number> {
  let nRows = 0;
  const count = async (file: string): Promise<boolean> => {
    if (!(await objects.head(file))) return false;
    nRows += decodeArrow(await objects.read(file)).int32('file').length;
    return true;
  };
  for (const { shard } of plan.rowShards)
    for (let part = 0; await count(keys.rejected(shard, part)); ) part++;
  for (let bucket = 0; bucket < plan.nBuckets; bucket++) await count(keys.leftOut(bucket));
  return nRows;
}

/** Of each feature what it was scaled by, and mean, population deviation and extremes of the values that were written. */
async function momentsOfFeatures(): Promise<Record<string, readonly number[]>> {
  const sums = recipe.features.map(() => ({ sum: 0, squares: 0, min: Infinity, max: -Infinity }));
  for (let bucket = 0; bucket < plan.nBuckets; bucket++) {
    const file = decodeArrow(await objects.read(keys.features(bucket)));
    for (const [f, { name }] of recipe.features.entries()) {
      const own = sums[f]!;
      for (const value of file.float32(name)) {
        own.sum += value;
        own.squares += value * value;
        own.min = Math.min(own.min, value);
        own.max = Math.max(own.max, value);
      }
    }
  }
  const moments = recipe.features.map(({ name, offset, scale }, f) => {
    const { sum, squares, min, max } = sums[f]!;
    const mean = sum / nEntities;
    return [name, [offset, scale, mean, Math.sqrt(squares / nEntities - mean * mean), min, max]] as const;
  });
  return Object.fromEntries(moments);
}

/** The feature files in the kernels' memory, as FitCandidate reads them: seconds but for the reading of bytes, and copies. */
async function matrixOfFeatures() {
  const fileOf = (bucket: number) => objects.read(keys.features(bucket));
  let readSeconds = coreSeconds();
  let columnBytes = 0;
  let copiedBytes = 0;
  for (let bucket = 0; bucket < plan.nBuckets; bucket++) {
    const bytes = await fileOf(bucket);
    const file = decodeArrow(bytes);
    for (const part of recipe.features.flatMap(({ name }) => file.float32Parts(name))) {
      columnBytes += part.byteLength;
      // What is no view of the file's own bytes was copied out of it.
      if (part.buffer !== bytes.buffer) copiedBytes += part.byteLength;
    }
  }
  readSeconds = coreSeconds() - readSeconds;
  const { memory } = await loadKernels();
  const before = memory.used;
  const started = coreSeconds();
  const { values } = await readFeatureMatrix(
    objects,
    keys,
    plan.nBuckets,
    recipe,
    () => {},
    (length) => memory.f32(length),
  );
  return {
    seconds: Math.max(0, coreSeconds() - started - readSeconds),
    mb: values.byteLength / 2 ** 20,
    copies: (copiedBytes + memory.used - before) / columnBytes,
  };
}
