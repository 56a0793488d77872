import type { Matrix } from '../arrow/matrix.ts';
import { copyValues } from '../kernels/copy-values.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32 } from '../kernels/memory.ts';
import { type ColumnPlacement, placeColumns, requireFinite, requireShape } from './column-placement.ts';
import { alone, type Crew, callSamples, callsOver } from './crew.ts';

/** Rows per kernel call, in calls of passes over samples: little is done with each, and copying gains from long moves. */
const CALL_PASSES = 2;
/** Rows that a crew's calling thread copies while all take the ranges of those before, about. */
const STAGE_ROWS = 32_768;

/** A matrix in the kernels' memory, its columns moved so that float32 distances keep their digits. */
export interface PlacedRows extends ColumnPlacement {
  readonly nSamples: number;
  readonly nFeatures: number;
  /** nSamples × nFeatures row-major: (value − offset[feature]) × scale; readable a little past the end. */
  readonly rows: KernelF32;
}

/**
 * Copies a matrix into the kernels' memory, checks that every value is finite and places the columns; the caller's
 * scope frees it.
 * @param crew who takes the columns' ranges and places the rows
 * @throws InvalidDatasetError naming row and column of the first value that is not finite
 */
export function placeRows(kernels: Kernels, data: Matrix, crew: Crew = alone(kernels)): PlacedRows {
  requireShape(data);
  const { nSamples, nFeatures } = data;
  const { memory } = kernels;
  const groups = Math.ceil(nSamples / 4);
  const whole = memory.f32(groups * 4 * nFeatures + 16);
  const rows = whole.subarray(0, nSamples * nFeatures) as KernelF32;
  whole.fill(0, groups * 4 * nFeatures);
  const callRows = CALL_PASSES * callSamples(nSamples);
  const nCalls = Math.ceil((groups * 4) / callRows);
  /** Address of the rows of a call, and how many groups of 4 they are. */
  const rangeOf = (call: number): [address: number, groups: number] => {
    const first = (call * callRows) / 4;
    return [rows.byteOffset + first * nFeatures * 16, Math.min(callRows / 4, groups - first)];
  };
  const copy = (call: number): void => {
    const first = call * callRows * nFeatures;
    const end = first + rangeOf(call)[1] * 4 * nFeatures;
    const last = Math.min(end, rows.length);
    copyValues(rows.subarray(first, last) as KernelF32, data.values.subarray(first, last));
    // Rows that only fill the last group repeat the last one, which leaves the columns' ranges as they are.
    for (let at = last; at < end; at++) whole[at] = whole[at - nFeatures]!;
  };
  const placement = memory.scope(() => {
    const lanes = 4 * nFeatures;
    const ranges = Array.from({ length: crew.size }, () => {
      memory.keepApart();
      const low = memory.f32(lanes).fill(Number.POSITIVE_INFINITY);
      return { low, high: memory.f32(lanes).fill(Number.NEGATIVE_INFINITY) };
    });
    // Copied a stage ahead of their ranges, which are taken while the rows lie in the processor's caches.
    const stageCalls = crew.size === 1 ? 1 : Math.max(crew.size, STAGE_ROWS / callRows);
    const copyStage = (first: number): void => {
      for (let call = first; call < Math.min(nCalls, first + stageCalls); call++) copy(call);
    };
    let areFinite = true;
    copyStage(0);
    for (let first = 0; first < nCalls; first += stageCalls) {
      const results = crew.run('column_ranges_f32', {
        count: Math.min(stageCalls, nCalls - first),
        argsOf: (call, member) => {
          const { low, high } = ranges[member]!;
          return [...rangeOf(first + call), nFeatures, low.byteOffset, high.byteOffset];
        },
        meanwhile: () => copyStage(first + stageCalls),
      });
      areFinite &&= results.every((result) => result === 1);
    }
    if (!areFinite) requireFinite(data);
    const ofColumn = (pick: (...values: number[]) => number, arrays: readonly KernelF32[]) =>
      Float32Array.from({ length: nFeatures }, (_, j) =>
        pick(...arrays.flatMap((values) => [0, 1, 2, 3].map((row) => values[row * nFeatures + j]!))),
      );
    const minima = ofColumn(
      Math.min,
      ranges.map(({ low }) => low),
    );
    const maxima = ofColumn(
      Math.max,
      ranges.map(({ high }) => high),
    );
    return placeColumns(minima, maxima, nSamples);
  });
  memory.scope(() => {
    const { offset, shift, limit, scale } = placement;
    const columns = memory.f32(12 * nFeatures);
    for (let lane = 0; lane < 4 * nFeatures; lane++) {
      columns[lane] = offset[lane % nFeatures]!;
      columns[4 * nFeatures + lane] = shift[lane % nFeatures]!;
      columns[8 * nFeatures + lane] = limit[lane % nFeatures]!;
    }
    const moves = Number(scale !== 1 || offset.some((value) => value !== 0));
    const argsOf = (call: number) => [...rangeOf(call), nFeatures, columns.byteOffset, scale, moves];
    crew.run('place_rows_f32', { count: nCalls, argsOf });
  });
  return { ...placement, nSamples, nFeatures, rows };
}

/** Some of the rows, in the order given, placed as they are; the caller's scope frees them. */
export function sampleRows(
  { memory }: Kernels,
  placed: PlacedRows,
  sample: Int32Array,
  crew: Crew,
): PlacedRows {
  const { nFeatures, rows: from } = placed;
  const nSamples = sample.length;
  const whole = memory.f32(nSamples * nFeatures + 16);
  const rows = whole.subarray(0, nSamples * nFeatures) as KernelF32;
  memory.scope(() => {
    const numbers = memory.i32(nSamples);
    numbers.set(sample);
    const takes = callsOver(nSamples, (_, first, last) => [
      ...[from.byteOffset, nFeatures, numbers.byteOffset + 4 * first, last - first],
      rows.byteOffset + 4 * first * nFeatures,
    ]);
    crew.run('take_rows_f32', takes);
  });
  return { ...placed, nSamples, rows };
}
