import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelF64, KernelI32 } from '../kernels/memory.ts';
import type { Merges } from './linkage-ward.ts';
import { type Rows, unitFactor } from './neighbor-tree.ts';

/** Rows single linkage takes: its time grows with nSamples², to minutes at this many. */
export const MAX_SINGLE_ROWS = 100_000;

const STEPS_PER_CALL = 64;

/**
 * Single linkage as the edges of a minimum spanning tree. Memory grows with nSamples × nFeatures; every distance is
 * computed once. Expects at least one row and one feature.
 * @throws InvalidRequestError past `MAX_SINGLE_ROWS` rows
 */
export function singleMerges(kernels: Kernels, rows: Rows): Merges {
  const { exports, memory } = kernels;
  const { nSamples, nFeatures, values } = rows;
  if (nSamples > MAX_SINGLE_ROWS) {
    throw new InvalidRequestError(
      `single linkage compares all rows with each other; ${nSamples} rows are more than the ${MAX_SINGLE_ROWS} ` +
        'it takes. Use ward linkage, or cluster a sample.',
      { reason: 'too_many_rows' },
    );
  }
  return memory.scope(() => {
    const factor = unitFactor(values);
    const nMerges = nSamples - 1;
    const outside = new Outside(kernels, nMerges, nFeatures);
    for (let row = 1; row < nSamples; row++) {
      for (let j = 0; j < nFeatures; j++) outside.set(row - 1, j, values[row * nFeatures + j]! * factor);
      outside.names[row - 1] = row;
    }
    const query = memory.f64(nFeatures);
    for (let j = 0; j < nFeatures; j++) query[j] = values[j]! * factor;
    const pairs = memory.i32(2 * nMerges);
    const squared = memory.f64(nMerges);
    let last = 0;
    for (let done = 0; done < nMerges; ) {
      const steps = Math.min(STEPS_PER_CALL, nMerges - done);
      last = exports.spanning_tree_grow(
        outside.rows.byteOffset,
        outside.nBlocks,
        nFeatures,
        outside.nearest.byteOffset,
        outside.names.byteOffset,
        query.byteOffset,
        last,
        steps,
        pairs.byteOffset + 8 * done,
        squared.byteOffset + 8 * done,
      );
      done += steps;
      if (nMerges - done <= outside.length / 2) outside.compact();
    }
    return {
      pairs: Int32Array.from(pairs),
      heights: Float64Array.from(squared, (value) => Math.sqrt(value) / factor),
      distancesEvaluated: (nSamples * nMerges) / 2,
    };
  });
}

/** Rows not yet in the tree, in blocks of four; see `wasm/linkage-single.ts`. */
class Outside {
  readonly rows: KernelF64;
  readonly nearest: KernelF64;
  readonly names: KernelI32;
  readonly nFeatures: number;
  length: number;

  constructor({ memory }: Kernels, length: number, nFeatures: number) {
    const lanes = Math.ceil(length / 4) * 4;
    this.rows = memory.f64(lanes * nFeatures).fill(Number.POSITIVE_INFINITY);
    this.nearest = memory.f64(lanes).fill(Number.POSITIVE_INFINITY);
    this.names = memory.i32(lanes).fill(-1);
    this.nFeatures = nFeatures;
    this.length = length;
  }

  get nBlocks(): number {
    return Math.ceil(this.length / 4);
  }

  set(lane: number, feature: number, value: number): void {
    this.rows[this.#at(lane, feature)] = value;
  }

  /** Drops the rows that have joined the tree; the others keep their order. */
  compact(): void {
    const before = this.nBlocks * 4;
    let kept = 0;
    for (let lane = 0; lane < before; lane++) {
      if (this.names[lane]! >= 0) this.#move(lane, kept++);
    }
    this.length = kept;
    for (let lane = kept; lane < this.nBlocks * 4; lane++) {
      for (let j = 0; j < this.nFeatures; j++) this.set(lane, j, Number.POSITIVE_INFINITY);
      this.nearest[lane] = Number.POSITIVE_INFINITY;
      this.names[lane] = -1;
    }
  }

  #at(lane: number, feature: number): number {
    return ((lane >> 2) * this.nFeatures + feature) * 4 + (lane & 3);
  }

  #move(from: number, to: number): void {
    for (let j = 0; j < this.nFeatures; j++) this.set(to, j, this.rows[this.#at(from, j)]!);
    this.nearest[to] = this.nearest[from]!;
    this.names[to] = this.names[from]!;
  }
}
