import { type BucketManifest, readPartials, referenceOf } from './bucket-manifests.ts';
import { checkOrderRows } from './check-order-rows.ts';
import type { OrdersPlan } from './contracts/artifacts.ts';
import { defaultReference, RfmMerger } from './features/rfm.ts';
import type { StepContext } from './shell.ts';
import { writeEntities } from './write-entities.ts';

/** Merges what all row shards hold of one bucket into one row per customer. */
export async function mergeOrders(
  plan: OrdersPlan,
  bucket: number,
  manifests: readonly BucketManifest[],
  { ports: { objects }, progress }: StepContext,
): Promise<number> {
  for (const [index, file] of plan.files.entries()) {
    checkOrderRows(
      file,
      manifests.filter((_, shard) => plan.rowShards[shard]!.file === index),
    );
  }
  const referenceMs = referenceOf(plan, manifests, defaultReference);
  const merger = new RfmMerger();
  for await (const [, partial] of readPartials(objects, plan, manifests)) merger.add(partial);
  const table = merger.finish(referenceMs);
  await writeEntities(objects, plan, bucket, { table, referenceMs });
  progress(table.nRows);
  return table.nRows;
}
