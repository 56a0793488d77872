import type { InputFile, OrdersPlan, RowShard, TablePlan } from './contracts/artifacts.ts';
import type { DatasetConfig } from './contracts/dataset.ts';
import type { EntityColumn, RecipeSpec } from './contracts/recipe.ts';
import type { RunRequest } from './contracts/workflow.ts';
import { PayloadTooLargeError } from './errors.ts';
import { RFM_COLUMNS } from './features/rfm-features.ts';
import { suggestSpecs } from './features/suggest-specs.ts';
import { objectSource } from './input-file.ts';
import { type OpenedInput, openInput } from './open-input.ts';
import type { ObjectHead, ObjectStore } from './ports.ts';
import { firstPlaces } from './tables/first-places.ts';
import { whyNotCut } from './tables/open-table.ts';
import { planRanges } from './tables/plan-ranges.ts';
import { MOST_SHARD_BYTES, shardBytes } from './tables/row-shards.ts';

/** Most buckets of a run, as of the shards that a request may ask for. */
const MOST_BUCKETS = 10_000;

/** What compression usually makes of order lines. */
const COMPRESSION_RATIO = 8;

/** About how many bytes the rows of a file take as plain text. */
function textBytes({ size, layout: { compression, format } }: InputFile): number {
  const isCompressed = compression === 'gzip' || format === 'parquet' || format === 'xlsx';
  return size * (isCompressed ? COMPRESSION_RATIO : 1);
}

/** A plan without what the trigger told. */
export type PlannedInput =
  | Omit<OrdersPlan, 'run' | 'asked' | 'request' | 'config'>
  | Omit<TablePlan, 'run' | 'asked' | 'request' | 'config'>;

/**
 * Opens the files of a run and cuts them into shards of whole rows.
 * @throws InvalidDatasetError for files that cannot be read, PayloadTooLargeError for more than one run takes
 */
export async function planInput(
  objects: ObjectStore,
  heads: readonly ObjectHead[],
  request: RunRequest,
  config: DatasetConfig,
): Promise<PlannedInput> {
  const input = await openInput(objects, heads, request, config);
  const isNumbered = input.recipe === 'table' && input.entity.idColumn === null;
  const rowShards = await cutRows(objects, input.files, request, isNumbered);
  const columns = input.recipe === 'rfm' ? RFM_COLUMNS : input.entity.columns;
  return {
    ...input,
    rowShards,
    nBuckets: bucketsFor(input.files, request),
    columns,
    spec: specOf(input, columns, config),
  };
}

/** The recipe to be fitted. The three features of orders all take part, unless the configuration says otherwise. */
function specOf(input: OpenedInput, columns: readonly EntityColumn[], config: DatasetConfig): RecipeSpec {
  if (input.recipe === 'table') {
    return suggestSpecs({ config, kind: input.kind, columns, timeColumn: input.entity.timeColumn });
  }
  // Of orders the configured columns are those of the files, not those that come out of adding them up.
  const { featuresToUse: _input, ...rest } = config;
  const ofOrders = { ...rest, selection: config.selection ?? null };
  return suggestSpecs({ config: ofOrders, kind: 'orders', columns, timeColumn: null });
}

/**
 * One bucket per `shardBytes` of rows, or as many as the request says.
 * @throws PayloadTooLargeError for more input than one run takes
 */
function bucketsFor(files: readonly InputFile[], { shards }: RunRequest): number {
  const bytes = totalBytes(files);
  const nBuckets = shards ?? Math.max(1, Math.ceil(bytes / shardBytes(bytes)));
  if (nBuckets <= MOST_BUCKETS) return nBuckets;
  throw new PayloadTooLargeError(
    `The input holds about ${Math.round(bytes / 2 ** 30)} GiB of rows; one run takes ${(MOST_BUCKETS * MOST_SHARD_BYTES) / 2 ** 30} GiB. Split it into several datasets.`,
    { reason: 'input_too_large' },
  );
}

const totalBytes = (files: readonly InputFile[]) => files.reduce((sum, file) => sum + textBytes(file), 0);

/** One shard per `shardBytes`, or as many as the request says, shared out by size; a file that cannot be cut is one shard. */
async function cutRows(
  objects: ObjectStore,
  files: readonly InputFile[],
  { shards }: RunRequest,
  isNumbered: boolean,
): Promise<RowShard[]> {
  const splittable = files.filter(({ layout }) => whyNotCut(layout) === undefined);
  const total = splittable.reduce((sum, { size }) => sum + size, 0);
  const bytesPerShard = shardBytes(totalBytes(files));
  const rowShards: RowShard[] = [];
  for (const [index, file] of files.entries()) {
    const share = shards === undefined ? textBytes(file) / bytesPerShard : (shards * file.size) / total;
    const nShards = Math.max(1, shards === undefined ? Math.ceil(share) : Math.round(share));
    const source = objectSource(objects, file);
    const ranges = await planRanges(source, file.layout, nShards);
    const places = isNumbered ? await firstPlaces(source, file.layout, ranges) : undefined;
    for (const [i, range] of ranges.entries()) {
      const place = places && { firstPlace: places[i]! };
      rowShards.push({ shard: rowShards.length, file: index, ...range, ...place });
    }
  }
  return rowShards;
}
