import { type BucketManifest, readPartials, referenceOf } from './bucket-manifests.ts';
import type { OrdersPlan } from './contracts/artifacts.ts';
import { defaultReference, RfmMerger } from './features/rfm.ts';
import { checkReadable } from './readable-files.ts';
import type { StepContext } from './shell.ts';
import { writeEntities } from './write-entities.ts';

/** Merges what all row shards hold of one bucket into one row per customer. */
export async function mergeOrders(
  plan: OrdersPlan,
  bucket: number,
  manifests: readonly BucketManifest[],
  { ports: { objects }, progress }: StepContext,
): Promise<number> {
  checkReadable(plan, manifests);
  const referenceMs = referenceOf(plan, manifests, defaultReference);
  const merger = new RfmMerger();
  for await (const [, partial] of readPartials(objects, plan, manifests)) merger.add(partial);
  const table = merger.finish(referenceMs);
  await writeEntities(objects, plan, bucket, { table, referenceMs });
  progress(table.nRows);
  return table.nRows;
}
