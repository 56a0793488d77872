import { decodeArrow, encodeArrowFile } from '../arrow/ipc.ts';
import type { Model, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { LabelRecord, LeftRecord } from '../contracts/records.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { readEntities } from '../entity-buckets.ts';
import { entityCells } from '../features/entity-cells.ts';
import type { EntityTable } from '../features/entity-table.ts';
import { sameRows } from '../features/same-rows.ts';
import { type OpenedFormerRun, openFormerRun, readFormerLabels } from '../former-run.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { labelBucket } from '../label-bucket.ts';
import { inheritedSources } from '../label-sources.ts';
import type { ObjectStore } from '../ports.ts';
import { causeOf } from '../segments/cause-of-move.ts';
import { MoveCauses } from '../segments/move-causes.ts';
import type { BucketLabelWrites, RunIdentities } from '../segments/run-identities.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Place of a customer who is not in the run. */
const OUTSIDE = -1;

/**
 * Writes the labels of one bucket that the former run's do not tell: of customers who are new, who moved, or whose values
 * changed; and that a customer left. Nobody reads them before the dataset is pointed at the run.
 */
export async function writeLabels(
  { run, item: bucket }: ItemInput,
  { ports: { objects, labels: labelStore }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = runKeys(run);
  const plan = await readJson<RunPlan>(objects, keys.plan);
  const identities = await readJson<RunIdentities>(objects, keys.identity);
  if ((identities.borders?.held ?? 0) > 0) await labelBucket(objects, plan, bucket, identities);
  const [model, entities, labels, former] = await Promise.all([
    readJson<Model>(objects, keys.model),
    readEntities(objects, plan, bucket),
    objects.read(keys.labels(bucket)).then(decodeArrow),
    openFormerRun(objects, run),
  ]);
  const now = { model, identities, entities, clusters: labels.int32('cluster') };
  const changes = await changesOf(objects, bucket, plan, now, former);
  const inherits = inheritedSources(former).length > 0;
  const isWritten = (row: number) => !inherits || changes.isOther[row] === 1;

  const records = function* (): Iterable<LabelRecord | LeftRecord> {
    for (let row = 0; row < entities.nRows; row++) {
      progress(row);
      if (isWritten(row)) yield labelOf(entities, row, now.clusters[row]!);
    }
    if (inherits) for (const customerId of changes.left) yield { customerId, left: true };
  };
  // First what will be written, then the labels: an expiry finds every label there may be.
  const labelled = encodeArrowFile({ customer_id: Array.from(records(), ({ customerId }) => customerId) });
  await objects.write(keys.labelled(bucket), labelled, ARROW_TYPE);
  await labelStore.putLabels(run, records());

  const { ids, from, to, causes, left } = changes;
  const file = encodeArrowFile({
    customer_id: ids,
    from_segment: Int32Array.from(from),
    to_segment: Int32Array.from(to),
  });
  await objects.write(keys.changes(bucket), file, ARROW_TYPE);
  const written = [...entities.ids.keys()].filter(isWritten).length;
  const writes: BucketLabelWrites = {
    written,
    unchanged: entities.nRows - written,
    left: left.length,
    causes: causes.toJSON(),
  };
  await writeJson(objects, keys.labelWrites(bucket), writes);
  return { item: bucket, rows: entities.nRows };
}

/** What is known of a bucket in the new run. */
interface LabelledBucket {
  readonly model: Model;
  readonly identities: RunIdentities;
  readonly entities: EntityTable;
  readonly clusters: Int32Array;
}

interface BucketChanges {
  /** Per row: 1 where the former label does not hold any more, or there is none. */
  readonly isOther: Uint8Array;
  /** Customers whose segment changed, from where to where. */
  readonly ids: string[];
  readonly from: number[];
  readonly to: number[];
  readonly left: readonly string[];
  readonly causes: MoveCauses;
}

async function changesOf(
  objects: ObjectStore,
  bucket: number,
  { nBuckets }: RunPlan,
  now: LabelledBucket,
  former: OpenedFormerRun | undefined,
): Promise<BucketChanges> {
  const { entities, clusters, identities } = now;
  const rowOf = new Map(entities.ids.map((id, row) => [id, row]));
  const isOther = new Uint8Array(entities.nRows).fill(1);
  const left: string[] = [];
  const changes: BucketChanges = { isOther, ids: [], from: [], to: [], left, causes: new MoveCauses() };
  const change = (id: string, from: number, to: number) => {
    changes.ids.push(id);
    changes.from.push(from);
    changes.to.push(to);
  };
  if (former !== undefined) {
    const formerModel = await readJson<Model>(objects, runKeys(former.plan.run).model);
    const cause = causeOf({ model: now.model, identities, formerModel, formerIds: former.segmentIds });
    for await (const part of readFormerLabels(objects, former, bucket, nBuckets, true)) {
      const table = part.table!;
      const isSame = sameRows(entities, table);
      for (const [i, id] of part.ids.entries()) {
        const formerSegment = former.segmentIds[part.clusters[i]!]!;
        const row = rowOf.get(id);
        if (row === undefined) {
          left.push(id);
          change(id, formerSegment, OUTSIDE);
          continue;
        }
        rowOf.delete(id);
        const segment = identities.segmentIds[clusters[row]!]!;
        if (segment !== formerSegment) {
          change(id, formerSegment, segment);
          const cells = { before: entityCells(table, part.rows[i]!), after: entityCells(entities, row) };
          changes.causes.add(...cause(cells, formerSegment, segment));
        } else if (isSame(row, part.rows[i]!)) isOther[row] = 0;
      }
    }
    for (const [id, row] of rowOf) change(id, OUTSIDE, identities.segmentIds[clusters[row]!]!);
  }
  return changes;
}

function labelOf(entities: EntityTable, row: number, cluster: number): LabelRecord {
  const features = entityCells(entities, row);
  const { latestMs } = entities;
  if (latestMs === undefined) return { customerId: entities.ids[row]!, cluster, features };
  const { recency_days: _, ...others } = features;
  return { customerId: entities.ids[row]!, cluster, features: others, latestMs: latestMs[row]! };
}

export const handler = stepHandler('WriteLabels', itemInputSchema, writeLabels);
