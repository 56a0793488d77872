import { gunzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { arrowFileChunks } from '../../functions/arrow/ipc.ts';
import type { EntitiesManifest, PartialManifest, TablePlan } from '../../functions/contracts/artifacts.ts';
import { type DatasetConfigInput, datasetConfigSchema } from '../../functions/contracts/dataset.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import {
  REQUEST_DEFAULTS,
  type RunRequestInput,
  runRequestSchema,
} from '../../functions/contracts/workflow.ts';
import { buildFeatures } from '../../functions/handlers/build-features.ts';
import { mergeEntities } from '../../functions/handlers/merge-entities.ts';
import { readJson, writeJson } from '../../functions/json-objects.ts';
import { planInput } from '../../functions/plan-input.ts';
import { rejectedRows } from '../../functions/rejected-table.ts';
import { readRowCounts } from '../../functions/row-counts.ts';
import { quietContext } from './prepared-run.ts';

/** Input files by name, in the order in which they are read. */
export type InputFiles = Readonly<Record<string, string | Uint8Array>>;

/** What a table dataset comes to after MergeEntities. */
export interface TableRun {
  readonly ports: MemoryPorts;
  readonly plan: TablePlan;
  /** All entities in canonical order, as another Arrow reader shows them. */
  readonly entities: readonly Readonly<Record<string, unknown>>[];
  readonly manifests: readonly PartialManifest[];
  readonly merged: readonly EntitiesManifest[];
  readonly rows: Awaited<ReturnType<typeof readRowCounts>>;
  readonly rejected: readonly Readonly<Record<string, unknown>>[];
  /** The artefact's bytes. */
  readonly rejectedBytes: Uint8Array;
}

const run = { tenant: 'acme', dataset: 'leads', runId: 'r1' };

/** Reads files of one row per entity through PlanRun's planning, BuildFeatures and MergeEntities. */
export async function runTable(
  files: InputFiles,
  config: DatasetConfigInput = {},
  settings: Partial<RunRequestInput> = {},
): Promise<TableRun> {
  const ports = memoryPorts();
  const { objects } = ports;
  const context = quietContext(ports);
  const heads = [];
  for (const [name, body] of Object.entries(files)) {
    const key = `files/acme/leads/${name}`;
    await objects.write(key, typeof body === 'string' ? new TextEncoder().encode(body) : body);
    heads.push((await objects.head(key))!);
  }
  const request = runRequestSchema.parse({ files: heads.map(({ key }) => key), ...settings });
  const parsed = datasetConfigSchema.parse(config);
  const planned = await planInput(objects, heads, request, parsed);
  if (planned.recipe !== 'table') throw new Error('planned as orders');
  const plan: TablePlan = {
    run,
    asked: request,
    request: { ...request, ...REQUEST_DEFAULTS },
    config: parsed,
    ...planned,
  };
  const keys = runKeys(run);
  await writeJson(objects, keys.plan, plan);
  const manifests: PartialManifest[] = [];
  for (const { shard } of plan.rowShards) {
    await buildFeatures({ run, item: shard }, context);
    manifests.push(await readJson<PartialManifest>(objects, keys.partialManifest(shard)));
  }
  const entities: Record<string, unknown>[] = [];
  const merged: EntitiesManifest[] = [];
  for (let item = 0; item < plan.nBuckets; item++) {
    await mergeEntities({ run, item }, context);
    merged.push(await readJson<EntitiesManifest>(objects, keys.entitiesManifest(item)));
    entities.push(...arrowRows(await objects.read(keys.entities(item))));
  }
  const parts: Uint8Array[] = [];
  for await (const part of arrowFileChunks(rejectedRows(objects, plan))) parts.push(part);
  const rejectedBytes = new Uint8Array(Buffer.concat(parts));
  const rows = await readRowCounts(objects, plan);
  return {
    ports,
    plan,
    entities,
    manifests,
    merged,
    rows,
    rejected: arrowRows(rejectedBytes),
    rejectedBytes,
  };
}

/** The rows of an Arrow file as the library's own reader shows them. */
export const arrowRows = (bytes: Uint8Array) =>
  tableFromIPC(bytes)
    .toArray()
    .map((row: { toJSON(): Record<string, unknown> }) => row.toJSON());

/** A dataset's gzipped file, unpacked. */
export const unpacked = (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes));
