import { decodeArrow, encodeArrowFile } from '../arrow/ipc.ts';
import type { EntitiesManifest, PartialManifest, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { InsufficientDataError, InvalidRequestError } from '../errors.ts';
import { defaultReference, RfmMerger } from '../features/rfm.ts';
import { RFM_FEATURES } from '../features/rfm-features.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { readAhead } from '../read-ahead.ts';
import { checkReadable } from '../readable-files.ts';
import { addRowCounts } from '../row-counts.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Merges what all row shards hold of one bucket into one row per customer, and adds up their moments. */
export async function mergeEntities(
  { run, item }: ItemInput,
  { ports: { objects }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = runKeys(run);
  const plan = await readJson<RunPlan>(objects, keys.plan);
  const nShards = plan.rowShards.length;
  const manifests: BucketManifest[] = [];
  const manifestOf = async (shard: number): Promise<BucketManifest> => {
    const { buckets, ...rest } = await readJson<PartialManifest>(objects, keys.partialManifest(shard));
    return { ...rest, range: buckets[item]! };
  };
  for await (const manifest of readAhead(nShards, manifestOf)) manifests.push(manifest);
  checkReadable(plan, manifests);
  const referenceMs = referenceOf(plan, manifests);

  const merger = new RfmMerger();
  const partialOf = async (shard: number) => {
    const [start, end] = manifests[shard]!.range;
    return start === end ? undefined : objects.read(keys.partial(shard), { start, end });
  };
  for await (const bytes of readAhead(nShards, partialOf))
    if (bytes !== undefined) merger.add(decodeArrow(bytes));
  const { columns, nCustomers, moments } = merger.finish(referenceMs);

  const metadata = Object.fromEntries(RFM_FEATURES.map(({ name, unit }) => [name, { unit }]));
  await objects.write(keys.entities(item), encodeArrowFile(columns, { columns: metadata }), ARROW_TYPE);
  const manifest: EntitiesManifest = {
    bucket: item,
    nEntities: nCustomers,
    referenceAt: new Date(referenceMs).toISOString(),
    moments,
  };
  await writeJson(objects, keys.entitiesManifest(item), manifest);
  progress(nCustomers);
  return { item, rows: nCustomers };
}

/** What one bucket needs of a shard's manifest: all shards' ranges of all buckets would be shards × buckets numbers. */
type BucketManifest = Omit<PartialManifest, 'buckets'> & {
  readonly range: PartialManifest['buckets'][number];
};

/**
 * Instant that recency is counted from.
 * @throws InsufficientDataError when no row of the whole input was used
 * @throws InvalidRequestError when orders lie after the instant asked for: their recency would be negative
 */
function referenceOf({ request }: RunPlan, manifests: readonly BucketManifest[]): number {
  const latest = manifests.reduce<number | null>(
    (most, { latestMs }) => (latestMs === null ? most : Math.max(most ?? latestMs, latestMs)),
    null,
  );
  if (latest === null) {
    const { read, byRule } = addRowCounts(manifests.map(({ rows }) => rows));
    const dropped = Object.entries(byRule).map(([rule, n]) => `${rule} ${n}`);
    throw new InsufficientDataError(
      `None of the ${read} rows passed the cleaning rules (${dropped.join(', ')}), so that there is no customer ` +
        'to segment: correct the rows, or name the right columns in the request under "columns".',
      { reason: 'no_customers', byRule },
    );
  }
  if (request.referenceAt === undefined) return defaultReference(latest);
  const reference = Date.parse(request.referenceAt);
  if (reference < latest) {
    throw new InvalidRequestError(
      `Recency cannot be counted from ${request.referenceAt}, since the latest order is of ` +
        `${new Date(latest).toISOString()}: name an instant that is not before it, or leave out later orders.`,
      { reason: 'reference_before_orders', latestOrderAt: new Date(latest).toISOString() },
    );
  }
  return reference;
}

export const handler = stepHandler('MergeEntities', itemInputSchema, mergeEntities);
