import { type DecodedArrow, decodeArrow } from './arrow/ipc.ts';
import type { PartialManifest, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { InsufficientDataError, InvalidRequestError } from './errors.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';
import { addRowCounts } from './row-counts.ts';

/** What one bucket needs of a shard's manifest: all shards' ranges of all buckets would be shards × buckets numbers. */
export type BucketManifest = Omit<PartialManifest, 'buckets'> & {
  readonly range: PartialManifest['buckets'][number];
};

/** The manifests of all shards of a run, for one bucket. */
export async function readBucketManifests(
  objects: ObjectStore,
  { run, rowShards }: Pick<RunPlan, 'run' | 'rowShards'>,
  bucket: number,
): Promise<BucketManifest[]> {
  const keys = runKeys(run);
  const manifests: BucketManifest[] = [];
  const manifestOf = async (shard: number): Promise<BucketManifest> => {
    const { buckets, ...rest } = await readJson<PartialManifest>(objects, keys.partialManifest(shard));
    return { ...rest, range: buckets[bucket]! };
  };
  for await (const manifest of readAhead(rowShards.length, manifestOf)) manifests.push(manifest);
  return manifests;
}

/** What the shards hold of one bucket, in their order; those that hold nothing are left out. */
export async function* readPartials(
  objects: ObjectStore,
  { run }: Pick<RunPlan, 'run'>,
  manifests: readonly BucketManifest[],
): AsyncGenerator<readonly [shard: number, partial: DecodedArrow]> {
  const keys = runKeys(run);
  const partialOf = async (shard: number) => {
    const [start, end] = manifests[shard]!.range;
    return start === end ? undefined : objects.read(keys.partial(shard), { start, end });
  };
  let shard = 0;
  for await (const bytes of readAhead(manifests.length, partialOf)) {
    if (bytes !== undefined) yield [shard, decodeArrow(bytes)];
    shard++;
  }
}

/**
 * Instant that recency and windows are counted from, ms since the epoch: as asked for, else `fallback` of the latest time
 * of all rows. Of rows without times it is the epoch, which nothing is counted from then.
 * @throws InsufficientDataError when no row of the whole input was used
 * @throws InvalidRequestError when rows lie after the instant asked for: their recency would be negative
 */
export function referenceOf(
  { request }: Pick<RunPlan, 'request'>,
  manifests: readonly BucketManifest[],
  fallback: (latestMs: number) => number,
): number {
  const latest = manifests.reduce<number | null>(
    (most, { latestMs }) => (latestMs === null ? most : Math.max(most ?? latestMs, latestMs)),
    null,
  );
  const { read, used, byRule } = addRowCounts(manifests.map(({ rows }) => rows));
  if (used === 0) {
    const dropped = Object.entries(byRule).map(([rule, n]) => `${rule} ${n}`);
    throw new InsufficientDataError(
      `None of the ${read} rows passed the cleaning rules (${dropped.join(', ')}), so that there is no customer ` +
        'to segment: correct the rows, or name the right columns in the request under "columns".',
      { reason: 'no_customers', byRule },
    );
  }
  if (request.referenceAt === undefined) return latest === null ? 0 : fallback(latest);
  const reference = Date.parse(request.referenceAt);
  if (latest !== null && reference < latest) {
    throw new InvalidRequestError(
      `Recency cannot be counted from ${request.referenceAt}, since the latest order is of ` +
        `${new Date(latest).toISOString()}: name an instant that is not before it, or leave out later orders.`,
      { reason: 'reference_before_orders', latestOrderAt: new Date(latest).toISOString() },
    );
  }
  return reference;
}
