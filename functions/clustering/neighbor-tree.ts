import { InvalidDatasetError, InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelI32 } from '../kernels/memory.ts';

/** Row-major dense rows. Float64 values keep their precision where a decision hangs on it. */
export interface Rows {
  readonly nSamples: number;
  readonly nFeatures: number;
  /** nSamples × nFeatures finite values; row i starts at i × nFeatures. */
  readonly values: Float32Array | Float64Array;
}

/** Half the spacing of float32 around 1: the relative error of one rounding. */
export const FLOAT32_ROUNDING = 2 ** -24;
/** Largest scaled coordinate; differences and their squares may overflow to infinity, which compares as "far". */
const MAX_COORDINATE = 2 ** 126;

/** Factors stay finite also for denormal values. */
const MAX_EXPONENT = 1000;

/**
 * How rows became the float32 coordinates of a kernel: (value − offset) × factor. The factor is a power of two, so
 * that it rounds nothing; float64 rows are centred before they are rounded, so that a large offset costs no digits.
 */
export interface RowScaling {
  readonly factor: number;
  /** Per feature; zeros where the rows are not centred. */
  readonly offsets: Float64Array;
  /** Most by which rounding can have changed the distance of two rows, in scaled units. */
  readonly slack: number;
}

/**
 * @throws InvalidDatasetError when the shape does not fit or a value is NaN or infinite; it names row and column
 */
export function checkRows({ nSamples, nFeatures, values }: Rows): void {
  if (values.length !== nSamples * nFeatures) {
    throw new InvalidDatasetError(
      `The matrix holds ${values.length} values, but ${nSamples} rows × ${nFeatures} features are ` +
        `${nSamples * nFeatures}. Pass the shape of the values.`,
      { reason: 'shape_mismatch' },
    );
  }
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const row = Math.floor(i / nFeatures);
    const column = i % nFeatures;
    throw new InvalidDatasetError(
      `Row ${row}, column ${column} (both from 0) is ${values[i]}: clustering needs finite numbers. ` +
        'Drop or impute the row.',
      { reason: 'not_finite', row, column },
    );
  }
}

/**
 * Scaling by a given power of two. By default float64 rows are centred, float32 rows are not: their differences, which
 * is all a distance needs, float32 computes exactly enough.
 * @throws InvalidRequestError when a scaled value would leave float32
 */
export function scalingOf(
  { nSamples, nFeatures, values }: Rows,
  factor: number,
  precise = values instanceof Float64Array,
): RowScaling {
  const offsets = new Float64Array(nFeatures);
  let squares = 0;
  for (let j = 0; j < nFeatures; j++) {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let i = j; i < nSamples * nFeatures; i += nFeatures) {
      const value = values[i]!;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (precise) offsets[j] = min / 2 + max / 2;
    const reach = Math.max(Math.abs(min - offsets[j]!), Math.abs(max - offsets[j]!)) * factor;
    if (reach > MAX_COORDINATE) {
      throw new InvalidRequestError(
        `Column ${j} (from 0) reaches ${reach.toExponential(1)} times the distance asked for, past float32. ` +
          'Scale the columns, or use a larger distance.',
        { reason: 'range_too_wide', column: j },
      );
    }
    const largest = Math.max(Math.abs(min), Math.abs(max)) * factor;
    const rounding = precise ? reach * FLOAT32_ROUNDING + largest * 2 ** -51 : 0;
    squares += (rounding + 2 ** -120) ** 2;
  }
  return { factor, offsets, slack: 2.01 * Math.sqrt(squares) };
}

/** The power of two that brings the largest distance from 0 to between 1 and 2. */
export function unitFactor(values: Rows['values']): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest > 0 ? 2 ** Math.min(MAX_EXPONENT, -Math.floor(Math.log2(largest))) : 1;
}

/** Copies rows into kernel memory as scaled float32. */
export function writeScaledRows(
  { nSamples, nFeatures, values }: Rows,
  scaling: RowScaling,
  out: KernelF32,
): void {
  const { factor, offsets } = scaling;
  if (values instanceof Float32Array && factor === 1) {
    out.set(values);
    return;
  }
  let i = 0;
  for (let row = 0; row < nSamples; row++) {
    // Adding 0 turns −0 into 0: rows that are equal have equal bytes.
    for (let j = 0; j < nFeatures; j++, i++) out[i] = (values[i]! - offsets[j]!) * factor + 0;
  }
}

export interface NeighborTreeOptions {
  /** Rows of a leaf at most, with the exceptions of `wasm/neighbors.ts`. */
  readonly leafSize: number;
  /** Rows of a leaf whose rows are all within `cliqueDistance`. */
  readonly cliqueSize?: number;
  /** Squared, scaled units. */
  readonly cliqueDistance?: number;
  /** Address of float64 rows, or 0: rows are merged only if equal there too. */
  readonly exactRows?: number;
  /** Features of those rows, where they are others than those of the tree. */
  readonly nExactFeatures?: number;
}

/** A tree in kernel memory whose leaves are numbered; `order` holds the caller's row at each position. */
export interface SplitTree {
  readonly address: number;
  readonly order: KernelI32;
  readonly nNodes: number;
  readonly nLeaves: number;
  readonly nBlocks: number;
  /** Four numbers per leaf: first block, slots, rows per slot, node. */
  readonly leaves: KernelI32;
  /** f32 [nSamples × nFeatures], in tree order; the last array allocated. */
  readonly coordinates: KernelF32;
}

const SCRATCH_BYTES = 16_384;
const SPLITS_PER_CALL = 256;
const LEAVES_PER_CALL = 1024;

/** Nodes allowed per row of a leaf; a tree that needs more keeps larger leaves. */
const NODES_PER_LEAF_ROWS = 5;

/** Splits rows, which `write` puts into kernel memory, into a k-d tree; call it inside `memory.scope`. */
export function splitRows(
  { exports, memory }: Kernels,
  { nSamples, nFeatures }: { nSamples: number; nFeatures: number },
  {
    leafSize,
    cliqueSize = 0,
    cliqueDistance = 0,
    exactRows = 0,
    nExactFeatures = nFeatures,
  }: NeighborTreeOptions,
  write: (coordinates: KernelF32) => void,
): SplitTree {
  const boxWidth = Math.ceil(nFeatures / 4) * 4;
  const maxNodes = Math.min(2 * nSamples, Math.ceil((NODES_PER_LEAF_ROWS * nSamples) / leafSize) + 64);
  const address = memory.alloc(exports.neighbor_tree_bytes());
  const order = memory.i32(nSamples);
  const nodes = memory.alloc(maxNodes * 16);
  const boxes = memory.alloc(maxNodes * boxWidth * 8);
  const leaves = memory.i32(Math.ceil(maxNodes / 2 + 1) * 4);
  const scratch = memory.alloc(SCRATCH_BYTES + nFeatures * 64);
  const coordinates = memory.f32(nSamples * nFeatures);
  write(coordinates);
  exports.neighbor_tree_init(
    address,
    nSamples,
    nFeatures,
    coordinates.byteOffset,
    order.byteOffset,
    maxNodes,
    nodes,
    boxes,
    scratch,
    leafSize,
    cliqueSize,
    cliqueDistance,
  );
  while (exports.neighbor_tree_split(address, SPLITS_PER_CALL) > 0);
  const nBlocks = exports.neighbor_tree_layout(address, leaves.byteOffset, exactRows, nExactFeatures);
  const nLeaves = exports.neighbor_tree_count_leaves(address);
  const nNodes = exports.neighbor_tree_count_nodes(address);
  return { address, order, nNodes, nLeaves, nBlocks, leaves, coordinates };
}

/** Splits scaled rows and turns them into blocks, in place; call it inside `memory.scope`. */
export function buildNeighborTree(
  kernels: Kernels,
  rows: Rows,
  scaling: RowScaling,
  options: NeighborTreeOptions,
): SplitTree {
  const { exports, memory } = kernels;
  const tree = splitRows(kernels, rows, options, (coordinates) =>
    writeScaledRows(rows, scaling, coordinates),
  );
  const { address, nLeaves, nBlocks } = tree;
  // Blocks need room for padding lanes: the coordinates, allocated last, grow into it.
  memory.alloc(Math.max(0, nBlocks * 8 - rows.nSamples) * rows.nFeatures * 4);
  const blockStart = memory.alloc(nBlocks * 4);
  exports.neighbor_tree_pack(address, blockStart);
  for (let to = nLeaves; to > 0; to -= LEAVES_PER_CALL) {
    exports.neighbor_tree_fill(address, blockStart, Math.max(0, to - LEAVES_PER_CALL), to);
  }
  return tree;
}
