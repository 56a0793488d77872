import { encodeArrowFile } from './arrow/ipc.ts';
import { type BucketManifest, readPartials, referenceOf } from './bucket-manifests.ts';
import type { EntitiesManifest, OrdersPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { defaultReference, RfmMerger } from './features/rfm.ts';
import { RFM_FEATURES } from './features/rfm-features.ts';
import { writeJson } from './json-objects.ts';
import { checkReadable } from './readable-files.ts';
import type { StepContext } from './shell.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Merges what all row shards hold of one bucket into one row per customer, and adds up their moments. */
export async function mergeOrders(
  plan: OrdersPlan,
  bucket: number,
  manifests: readonly BucketManifest[],
  { ports: { objects }, progress }: StepContext,
): Promise<number> {
  const keys = runKeys(plan.run);
  checkReadable(plan, manifests);
  const referenceMs = referenceOf(plan, manifests, defaultReference);
  const merger = new RfmMerger();
  for await (const [, partial] of readPartials(objects, plan, manifests)) merger.add(partial);
  const { columns, nCustomers, moments } = merger.finish(referenceMs);

  const metadata = Object.fromEntries(RFM_FEATURES.map(({ name, unit }) => [name, { unit }]));
  await objects.write(keys.entities(bucket), encodeArrowFile(columns, { columns: metadata }), ARROW_TYPE);
  const manifest: EntitiesManifest = {
    bucket,
    nEntities: nCustomers,
    referenceAt: new Date(referenceMs).toISOString(),
    moments,
  };
  await writeJson(objects, keys.entitiesManifest(bucket), manifest);
  progress(nCustomers);
  return nCustomers;
}
