import { type DecodedArrow, decodeArrow } from './arrow/ipc.ts';
import type { Matrix } from './arrow/matrix.ts';
import type { RunKeys } from './contracts/keys.ts';
import type { FittedRecipe } from './contracts/recipe.ts';
import { InvalidDatasetError } from './errors.ts';
import type { ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';

/** The feature columns of one decoded shard as rows of a matrix. */
export function featureMatrix(table: DecodedArrow, recipe: FittedRecipe): Matrix {
  const nFeatures = recipe.features.length;
  const values = new Float32Array(table.nRows * nFeatures);
  interleave(table, recipe, values, 0);
  return { nSamples: table.nRows, nFeatures, values };
}

/** All rows of a run, in canonical order. */
export interface FeatureRows extends Matrix {
  /** Rows of each bucket, which lie end to end. */
  readonly bucketRows: readonly number[];
}

/**
 * Reads all feature shards of a run into one matrix, in canonical row order.
 * @param allocate room for the values; default: of their own, not in the kernels' memory
 * @throws InvalidDatasetError when the shards do not hold as many rows as the recipe was fitted on
 */
export async function readFeatureMatrix(
  objects: ObjectStore,
  keys: RunKeys,
  nBuckets: number,
  recipe: FittedRecipe,
  progress: (rows: number) => void,
  allocate: (length: number) => Float32Array = (length) => new Float32Array(length),
): Promise<FeatureRows> {
  const nFeatures = recipe.features.length;
  const values = allocate(recipe.nSamples * nFeatures);
  let rows = 0;
  const bucketRows: number[] = [];
  for await (const bytes of readAhead(nBuckets, (bucket) => objects.read(keys.features(bucket)))) {
    const table = decodeArrow(bytes);
    if (rows + table.nRows <= recipe.nSamples) interleave(table, recipe, values, rows);
    rows += table.nRows;
    bucketRows.push(table.nRows);
    progress(rows);
  }
  if (rows !== recipe.nSamples) {
    throw new InvalidDatasetError(
      `The feature shards hold ${rows} rows, but the recipe was fitted on ${recipe.nSamples}. Run the workflow again.`,
      { reason: 'row_count_mismatch', file: keys.features(0) },
    );
  }
  return { nSamples: rows, nFeatures, values, bucketRows };
}

/** Rows that are laid out at a time: what is written of them stays in the near caches. */
const BLOCK_ROWS = 256;

/** The one copy between the bytes of the Arrow file and the kernels: from columns to rows. */
function interleave(table: DecodedArrow, { features }: FittedRecipe, values: Float32Array, start: number) {
  const nFeatures = features.length;
  const parts = features.map(({ name }) => table.float32Parts(name));
  let firstRow = start;
  // All columns are cut into the same batches.
  for (const [batch, { length }] of (parts[0] ?? []).entries()) {
    for (let first = 0; first < length; first += BLOCK_ROWS) {
      const end = Math.min(length, first + BLOCK_ROWS);
      for (let f = 0; f < nFeatures; f++) {
        const column = parts[f]![batch]!;
        let at = (firstRow + first) * nFeatures + f;
        for (let i = first; i < end; i++, at += nFeatures) values[at] = column[i]!;
      }
    }
    firstRow += length;
  }
}
