import type { ArrowColumns, ArrowSchemaMetadata } from './arrow/columns.ts';
import { arrowFileChunks, type DecodedArrow, decodeArrow } from './arrow/ipc.ts';
import type { Model, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import type { QualityReport } from './contracts/quality.ts';
import type { Artifact } from './contracts/records.ts';
import { readEntities } from './entity-buckets.ts';
import { columnData, ID_COLUMNS } from './features/entity-table.ts';
import { canonicalJson, writeJson } from './json-objects.ts';
import { readAhead } from './read-ahead.ts';
import { rejectedRows } from './rejected-table.ts';
import type { SegmentationDocument } from './run-segmentation.ts';
import type { SegmentDescription } from './segments/describe.ts';
import type { StepContext } from './shell.ts';

const JSON_TYPE = 'application/json';
const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Shards in memory at once while a table is streamed. */
const AHEAD = 2;

/** The documents among the artefacts of a run. */
export interface RunDocuments {
  readonly segments: readonly SegmentDescription[];
  readonly quality: QualityReport;
  /** Without a segmentation for orders without analyses. */
  readonly segmentation: SegmentationDocument;
}

/**
 * Writes the published artefacts of a run and their index. Their bytes hold nothing of the run's id, its tenant, its
 * times or its sharding: equal input, request and seed give equal files, as the hashes show.
 */
export async function writeArtifacts(
  { ports: { objects }, progress }: StepContext,
  plan: RunPlan,
  model: Model,
  { segments, quality, segmentation }: RunDocuments,
): Promise<Artifact[]> {
  const keys = runKeys(plan.run);
  const write = async (name: string, chunks: AsyncIterable<Uint8Array>, type: string): Promise<Artifact> => {
    const key = keys.artifact(name);
    return { name, key, ...(await objects.writeStream(key, chunks, type)) };
  };
  const json = (name: string, value: unknown) => write(name, jsonChunks(value), JSON_TYPE);
  const arrow = (name: string, tables: AsyncIterable<ArrowColumns>) =>
    write(name, arrowFileChunks(tables, units(model)), ARROW_TYPE);

  const labelsOf = async (bucket: number) => decodeArrow(await objects.read(keys.labels(bucket)));
  const segmentsOf = (labels: DecodedArrow) =>
    labels.int32('cluster').map((cluster) => model.segmentIds?.[cluster] ?? cluster);
  const idColumn = ID_COLUMNS[plan.recipe];

  async function* entityTable(): AsyncGenerator<ArrowColumns> {
    const shard = (bucket: number) => Promise.all([readEntities(objects, plan, bucket), labelsOf(bucket)]);
    let rows = 0;
    for await (const [entities, labels] of readAhead(plan.nBuckets, shard, AHEAD)) {
      yield {
        [idColumn]: entities.ids,
        ...Object.fromEntries([...entities.columns].map(([name, column]) => [name, columnData(column)])),
        segment_id: segmentsOf(labels),
      };
      rows += entities.nRows;
      progress(rows);
    }
  }
  async function* labelTable(): AsyncGenerator<ArrowColumns> {
    for await (const labels of readAhead(plan.nBuckets, labelsOf, AHEAD)) {
      yield {
        customer_id: labels.strings('customer_id'),
        segment_id: segmentsOf(labels),
        distance: labels.float64('distance'),
        confidence: labels.float64('confidence'),
      };
    }
  }

  const artifacts = [
    await json('model.json', model),
    await json('scaler.json', model.recipe),
    await json('segment_profiles.json', segments),
    await json('quality_report.json', quality),
    ...(segmentation.segmentations.length > 0 ? [await json('segmentation.json', segmentation)] : []),
    await arrow(plan.recipe === 'rfm' ? 'rfm_table.arrow' : 'entities.arrow', entityTable()),
    await arrow('labels.arrow', labelTable()),
    await arrow('rejected_rows.arrow', rejectedRows(objects, plan)),
  ];
  await writeJson(
    objects,
    keys.artifactIndex,
    artifacts.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
  );
  return artifacts;
}

async function* jsonChunks(value: unknown): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(canonicalJson(value));
}

/** Units of the columns, as Arrow metadata. */
function units({ recipe }: Model): ArrowSchemaMetadata {
  return { columns: Object.fromEntries(recipe.columns.map(({ name, unit }) => [name, { unit }])) };
}
