import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelF64, KernelI32, KernelU8 } from '../kernels/memory.ts';
import { eachCall } from './bisecting-rows.ts';
import type { PlacedRows } from './placed-rows.ts';

/** Half the distance between float32 neighbours at 1. */
const ROUNDING = 2 ** -24;
/** Covers what underflow may take from a margin. */
const UNDERFLOW = 2 ** -60;
/** Share of open blocks from which looking at all in a row is faster, and renews the stored margins. */
const LARGEST_SCAN_SHARE = 0.08;
/** Blocks looked at to foretell that share. */
const SAMPLED_BLOCKS = 1024;

/** Field numbers of `BisectState` that change while a split runs. */
const COUNT = 11;
const BIAS = 12;
const ERROR_PER_RADIUS = 13;
const ERROR = 14;
const DRIFT_PER_RADIUS = 15;
const DRIFT = 16;

export interface TwoMeansOptions {
  readonly maxIter: number;
  /** Squared movement of the centers that ends a split, placed units. */
  readonly tolerance: number;
}

/** What is known of all rows together. */
export interface Whole {
  /** Exact column sums. */
  readonly sums: Float64Array;
  readonly center: Float64Array;
}

/** Rows split in two, in placed units. Side 0 is that of the first start. */
export interface TwoMeansFit {
  /** Bit i of byte b: side of row 4b + i. */
  readonly sides: Uint8Array;
  readonly sizes: readonly [number, number];
  /** Exact sum of the rows on side 1. */
  readonly sums: Float64Array;
  readonly iterations: number;
}

/** Side of a row, 0 or 1. */
export function sideOf({ sides }: Pick<TwoMeansFit, 'sides'>, row: number): 0 | 1 {
  return ((sides[row >> 2]! >> (row & 3)) & 1) as 0 | 1;
}

/**
 * K-means with two clusters from given starts (2 × nFeatures, placed units): the sides and the number of iterations of a
 * plain float64 Lloyd. With two centers a row's side is that of the plane half-way between them, so that one dot product
 * decides, and while the plane turns little most rows need none. Stops as `lloyd` does; an empty side is given the row
 * farthest from the other center.
 */
export function twoMeans(
  kernels: Kernels,
  rows: PlacedRows,
  whole: Whole,
  starts: Float64Array,
  { maxIter, tolerance }: TwoMeansOptions,
): TwoMeansFit {
  return kernels.memory.scope(() => {
    const split = new Split(kernels, rows, whole, starts);
    split.start();
    let iterations = 1;
    let settled = false;
    while (split.moveCenters() > tolerance && iterations < maxIter) {
      iterations++;
      settled = split.pass() === 0;
      if (settled) break;
    }
    if (!settled) split.pass();
    return { ...split.result(), iterations };
  });
}

interface Plane {
  readonly normal: Float64Array;
  readonly bias: number;
  /** See `BisectState`. */
  readonly error: number;
}

/** The two centers and what is known of the rows' sides; mirrors `BisectState` in wasm/bisect-state.ts. */
class Split {
  readonly #kernels: Kernels;
  readonly #placed: PlacedRows;
  readonly #total: Float64Array;
  readonly #fields: KernelI32;
  readonly #floats: KernelF32;
  readonly #origin: KernelF32;
  readonly #direction: KernelF32;
  readonly #centers: KernelF64;
  readonly #margins: KernelF32;
  readonly #radii: KernelF32;
  readonly #sides: KernelU8;
  readonly #sums: KernelF64;
  /** Bounds are compared in float32, with radii in float32: rounding up by this much keeps them right. */
  readonly #roundUp: number;
  /** The plane of the stored margins: unit normal, bias and rounding error; undefined before the start. */
  #stored: Plane | undefined;

  constructor(kernels: Kernels, placed: PlacedRows, { sums, center }: Whole, starts: Float64Array) {
    const { memory } = kernels;
    const { nSamples, nFeatures, rows } = placed;
    const nBlocks = Math.ceil(nSamples / 4);
    const width = Math.ceil(nFeatures / 4) * 4;
    this.#kernels = kernels;
    this.#placed = placed;
    this.#total = sums;
    this.#roundUp = 1 + (nFeatures + 16) * 2 ** -22;
    this.#origin = memory.f32(width).fill(0);
    this.#origin.set(center);
    const lanes = memory.i32(width).fill(-1).fill(0, nFeatures);
    this.#direction = memory.f32(width).fill(0);
    this.#centers = memory.f64(2 * nFeatures);
    this.#centers.set(starts);
    this.#margins = memory.f32(4 * nBlocks);
    this.#radii = memory.f32(4 * nBlocks);
    this.#sides = memory.u8(nBlocks).fill(0);
    this.#sums = memory.f64(nFeatures).fill(0);
    this.#fields = memory.i32(17).fill(0);
    this.#floats = new Float32Array(this.#fields.buffer, this.#fields.byteOffset, this.#fields.length);
    const arrays = [this.#origin, lanes, this.#direction, this.#centers, this.#margins, this.#radii];
    this.#fields.set([rows.byteOffset, nSamples, nFeatures]);
    this.#fields.set(
      [...arrays, this.#sides, this.#sums].map(({ byteOffset }) => byteOffset),
      3,
    );
  }

  get #count(): number {
    return this.#fields[COUNT]!;
  }

  /** Takes the sides from the starts. */
  start(): void {
    this.#stored = this.#placePlane();
    eachCall(this.#sides.length, (from, to) =>
      this.#kernels.exports.bisect_first_f32(this.#fields.byteOffset, from, to),
    );
  }

  /** Brings the sides up to date with the centers; returns how many rows changed. */
  pass(): number {
    const { bisect_scan_f32, bisect_pass_f32 } = this.#kernels.exports;
    const plane = this.#placePlane();
    const isScan = this.#mayScan(plane);
    if (!isScan) this.#stored = plane;
    const kernel = isScan ? bisect_scan_f32 : bisect_pass_f32;
    let changed = 0;
    eachCall(this.#sides.length, (from, to) => {
      changed += kernel(this.#fields.byteOffset, from, to);
    });
    return changed;
  }

  /** Moves the centers to the means of their sides; returns the squared movement. */
  moveCenters(): number {
    const { nSamples, nFeatures } = this.#placed;
    if (this.#count === 0 || this.#count === nSamples) this.#fillEmptySide();
    let shift = 0;
    for (let j = 0; j < nFeatures; j++) {
      const sum = this.#sums[j]!;
      const means = [(this.#total[j]! - sum) / (nSamples - this.#count), sum / this.#count] as const;
      for (const side of [0, 1] as const) {
        const at = side * nFeatures + j;
        shift += (means[side] - this.#centers[at]!) ** 2;
        this.#centers[at] = means[side];
      }
    }
    return shift;
  }

  result(): Omit<TwoMeansFit, 'iterations'> {
    return {
      sides: new Uint8Array(this.#sides),
      sizes: [this.#placed.nSamples - this.#count, this.#count],
      sums: new Float64Array(this.#sums),
    };
  }

  /** Hands the plane between the centers to the kernels, with bounds of its margins' rounding errors. */
  #placePlane(): Plane {
    const { nFeatures } = this.#placed;
    const centers = this.#centers;
    const normal = Float64Array.from({ length: nFeatures }, (_, j) => centers[nFeatures + j]! - centers[j]!);
    const distance = Math.sqrt(normal.reduce((sum, x) => sum + x * x, 0));
    let bias = 0;
    for (let j = 0; j < nFeatures; j++) {
      if (distance > 0) normal[j]! /= distance;
      bias += ((centers[j]! + centers[nFeatures + j]!) / 2 - this.#origin[j]!) * normal[j]!;
    }
    const error = (2 * ROUNDING * Math.abs(bias) + UNDERFLOW * nFeatures) * this.#roundUp;
    this.#direction.set(normal);
    this.#floats[BIAS] = bias;
    this.#floats[ERROR_PER_RADIUS] = (nFeatures + 8) * ROUNDING * this.#roundUp;
    this.#floats[ERROR] = error;
    return { normal, bias, error };
  }

  /** Whether most stored margins tell the side still; hands the kernels how far they may be off. */
  #mayScan({ normal, bias }: Plane): boolean {
    const stored = this.#stored!;
    const turn = Math.sqrt(normal.reduce((sum, x, j) => sum + (x - stored.normal[j]!) ** 2, 0));
    const drift = Math.abs(bias - stored.bias);
    const perRadius = (turn + this.#floats[ERROR_PER_RADIUS]!) * this.#roundUp;
    const constant = (drift + stored.error) * this.#roundUp;
    this.#floats[DRIFT_PER_RADIUS] = perRadius;
    this.#floats[DRIFT] = constant;
    const nBlocks = this.#sides.length;
    const step = Math.ceil(nBlocks / SAMPLED_BLOCKS);
    let open = 0;
    for (let block = 0; block < nBlocks; block += step) {
      for (let row = 4 * block; row < 4 * block + 4; row++) {
        if (Math.abs(this.#margins[row]!) > this.#radii[row]! * perRadius + constant) continue;
        open += step;
        break;
      }
    }
    return open <= LARGEST_SCAN_SHARE * nBlocks;
  }

  /** As scikit-learn relocates: the row farthest from the other side's center, of equal ones the first. */
  #fillEmptySide(): void {
    const { nSamples, nFeatures, rows } = this.#placed;
    if (nSamples < 2) return;
    const empty = this.#count === 0 ? 1 : 0;
    const center = (1 - empty) * nFeatures;
    let farthest = 0;
    let most = -1;
    for (let row = 0; row < nSamples; row++) {
      let square = 0;
      for (let j = 0; j < nFeatures; j++)
        square += (rows[row * nFeatures + j]! - this.#centers[center + j]!) ** 2;
      if (square > most) {
        most = square;
        farthest = row;
      }
    }
    const sign = empty === 1 ? 1 : -1;
    for (let j = 0; j < nFeatures; j++) this.#sums[j]! += sign * rows[farthest * nFeatures + j]!;
    this.#sides[farthest >> 2]! ^= 1 << (farthest & 3);
    this.#fields[COUNT]! += sign;
    // Looked at again in the next pass.
    this.#margins[farthest] = 0;
  }
}
