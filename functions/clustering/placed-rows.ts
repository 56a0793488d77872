import type { Matrix } from '../arrow/matrix.ts';
import { copyValues } from '../kernels/copy-values.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32 } from '../kernels/memory.ts';
import { type ColumnPlacement, placeColumns, requireFinite, requireShape } from './column-placement.ts';
import { alone, type Crew, callSamples, callsOver } from './crew.ts';
import { isInKernelMemory } from './row-chunks.ts';

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
 * scope frees it. Of a matrix that lies in that memory already nothing but a last group of rows is copied before: placing
 * reads it where it is.
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
  /** Groups that are read where they lie; those behind are copied. */
  const nRead = isInKernelMemory(kernels, data) ? Math.floor(nSamples / 4) : 0;
  const callGroups = (CALL_PASSES * callSamples(nSamples)) / 4;
  const spans = [...spansOf(0, nRead, callGroups), ...spansOf(nRead, groups, callGroups)];
  const nCalls = spans.length;
  const groupBytes = nFeatures * 16;
  /** Address of the values of a call, and how many groups of 4 rows they are. */
  const valuesOf = (call: number): [address: number, groups: number] => {
    const [first, last] = spans[call]!;
    const from = last <= nRead ? data.values : rows;
    return [from.byteOffset + first * groupBytes, last - first];
  };
  const copy = (call: number): void => {
    const [first, last] = spans[call]!.map((group) => group * 4 * nFeatures) as [number, number];
    if (last <= nRead * 4 * nFeatures) return;
    const end = Math.min(last, rows.length);
    copyValues(rows.subarray(first, end) as KernelF32, data.values.subarray(first, end));
    // Rows that only fill the last group repeat the last one, which leaves the columns' ranges as they are.
    for (let at = end; at < last; at++) whole[at] = whole[at - nFeatures]!;
  };
  const placement = memory.scope(() => {
    const lanes = 4 * nFeatures;
    const ranges = Array.from({ length: crew.size }, () => {
      memory.keepApart();
      const low = memory.f32(lanes).fill(Number.POSITIVE_INFINITY);
      return { low, high: memory.f32(lanes).fill(Number.NEGATIVE_INFINITY) };
    });
    // Copied a stage ahead of their ranges, which are taken while the rows lie in the processor's caches.
    const stageCalls = crew.size === 1 ? 1 : Math.max(crew.size, STAGE_ROWS / (4 * callGroups));
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
          return [...valuesOf(first + call), nFeatures, low.byteOffset, high.byteOffset];
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
    const moves = scale !== 1 || offset.some((value) => value !== 0);
    const argsOf = (call: number) => {
      const [address, count] = valuesOf(call);
      const target = rows.byteOffset + spans[call]![0] * groupBytes;
      return [
        address,
        target,
        count,
        nFeatures,
        columns.byteOffset,
        scale,
        Number(moves || address !== target),
      ];
    };
    crew.run('place_rows_f32', { count: nCalls, argsOf });
  });
  return { ...placement, nSamples, nFeatures, rows };
}

/** Cuts a range of groups into calls: the first group of each, and the one after its last. */
function spansOf(first: number, end: number, callGroups: number): [first: number, last: number][] {
  return Array.from({ length: Math.ceil((end - first) / callGroups) }, (_, call) => {
    const from = first + call * callGroups;
    return [from, Math.min(end, from + callGroups)];
  });
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
