import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { decodeArrow, ROWS_PER_BATCH } from './arrow/ipc.ts';
import type { Model, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import type { RunRef } from './contracts/workflow.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';

/** Columns of a label file, in their order; those of the artefact `labels.arrow`. */
const COLUMNS = ['customer_id', 'segment_id', 'distance', 'confidence'] as const;

/** Buckets in memory at once. */
const AHEAD = 2;

/** What begins a formula in spreadsheets (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** How the labels of a run are written. */
export interface LabelFileOptions {
  /** Whether ids that a spreadsheet would take for formulas get an apostrophe: they join with nothing then. */
  readonly escapeFormulas: boolean;
}

/** Labels as CSV (RFC 4180). */
export async function* csvLabels(
  objects: ObjectStore,
  run: RunRef,
  { escapeFormulas }: LabelFileOptions,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const text = (id: string) => {
    const safe = escapeFormulas && FORMULA.test(id) ? `'${id}` : id;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  yield encoder.encode(`${COLUMNS.join(',')}\r\n`);
  for await (const batch of labelBatches(objects, run)) {
    const { ids, segments, distances, confidences } = batch;
    const lines = ids.map(
      (id, row) => `${text(id)},${segments[row]},${distances[row]},${confidences[row]}\r\n`,
    );
    yield encoder.encode(lines.join(''));
  }
}

/** Labels as Parquet, one row group per batch. */
export async function* parquetLabels(objects: ObjectStore, run: RunRef): AsyncGenerator<Uint8Array> {
  const required = { repetition_type: 'REQUIRED' } as const;
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    createdBy: 'tessella',
    schema: [
      { name: 'root', num_children: COLUMNS.length },
      { name: 'customer_id', type: 'BYTE_ARRAY', converted_type: 'UTF8', ...required },
      { name: 'segment_id', type: 'INT32', ...required },
      { name: 'distance', type: 'DOUBLE', ...required },
      { name: 'confidence', type: 'DOUBLE', ...required },
    ],
  });
  const taken = () => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };
  for await (const batch of labelBatches(objects, run)) {
    const { ids, segments, distances, confidences } = batch;
    const data = [ids, segments, distances, confidences];
    await parquet.write({
      columnData: COLUMNS.map((name, i) => ({ name, data: data[i]! })),
      rowGroupSize: ids.length,
    });
    yield taken();
  }
  await parquet.finish();
  yield taken();
}

interface LabelBatch {
  readonly ids: string[];
  readonly segments: Int32Array;
  readonly distances: Float64Array;
  readonly confidences: Float64Array;
}

/** The labels of a run in batches of fixed size, whatever its sharding; in the memory of a few buckets. */
async function* labelBatches(objects: ObjectStore, run: RunRef): AsyncGenerator<LabelBatch> {
  const keys = runKeys(run);
  const [{ nBuckets }, model] = await Promise.all([
    readJson<RunPlan>(objects, keys.plan),
    readJson<Model>(objects, keys.artifact('model.json')),
  ]);
  const shard = async (bucket: number) => decodeArrow(await objects.read(keys.labels(bucket)));
  let batch = emptyBatch();
  for await (const labels of readAhead(nBuckets, shard, AHEAD)) {
    const clusters = labels.int32('cluster');
    const distances = labels.float64('distance');
    const confidences = labels.float64('confidence');
    for (const [row, id] of labels.strings('customer_id').entries()) {
      const at = batch.ids.push(id) - 1;
      batch.segments[at] = segmentOf(model, clusters[row]!);
      batch.distances[at] = distances[row]!;
      batch.confidences[at] = confidences[row]!;
      if (at + 1 < ROWS_PER_BATCH) continue;
      yield batch;
      batch = emptyBatch();
    }
  }
  const nRows = batch.ids.length;
  if (nRows === 0) return;
  const { ids, segments, distances, confidences } = batch;
  yield {
    ids,
    segments: segments.subarray(0, nRows),
    distances: distances.subarray(0, nRows),
    confidences: confidences.subarray(0, nRows),
  };
}

const emptyBatch = (): LabelBatch => ({
  ids: [],
  segments: new Int32Array(ROWS_PER_BATCH),
  distances: new Float64Array(ROWS_PER_BATCH),
  confidences: new Float64Array(ROWS_PER_BATCH),
});

const segmentOf = ({ segmentIds }: Pick<Model, 'segmentIds'>, cluster: number): number =>
  segmentIds?.[cluster] ?? cluster;
