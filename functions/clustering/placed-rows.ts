import type { Matrix } from '../arrow/matrix.ts';
import { copyValues } from '../kernels/copy-values.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32 } from '../kernels/memory.ts';
import { type ColumnPlacement, placeColumns, requireFinite, requireShape } from './column-placement.ts';
import { alone, type Crew, callSamples, callsOver } from './crew.ts';
import { isInKernelMemory } from './row-chunks.ts';

/** Rows per kernel call, in calls of passes over samples: little is done with each, and copying gains from long moves. */
const CALL_PASSES = 2;
/**
 * Rows that a crew takes the columns' ranges of at a time, about: its calling thread copies those behind meanwhile, and who comes
 * late joins in at the next.
 */
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
 * scope frees it. A matrix that lies in that memory already is read where it is.
 * @param crew who takes the columns' ranges and places the rows
 * @throws InvalidDatasetError naming row and column of the first value that is not finite
 */
export function placeRows(kernels: Kernels, data: Matrix, crew: Crew = alone(kernels)): PlacedRows {
  requireShape(data);
  const { nSamples, nFeatures } = data;
  const { memory } = kernels;
  const groups = Math.ceil(nSamples / 4);
  const whole = memory.f32(groups * 4 * nFeatures + 16);
  whole.fill(0, groups * 4 * nFeatures);
  const rows = whole.subarray(0, nSamples * nFeatures) as KernelF32;
  const calls = callsOn(data, whole, isInKernelMemory(kernels, data));
  const ranges = memory.scope(() => columnRanges(kernels, data, calls, crew));
  const placement = placeColumns(ranges.minima, ranges.maxima, nSamples);
  memory.scope(() => {
    const { offset, shift, limit, scale } = placement;
    const columns = memory.f32(12 * nFeatures);
    for (let lane = 0; lane < 4 * nFeatures; lane++) {
      columns[lane] = offset[lane % nFeatures]!;
      columns[4 * nFeatures + lane] = shift[lane % nFeatures]!;
      columns[8 * nFeatures + lane] = limit[lane % nFeatures]!;
    }
    const moves = scale !== 1 || offset.some((value) => value !== 0);
    crew.run('place_rows_f32', {
      count: calls.length,
      argsOf: (call) => {
        const { values, target, nGroups } = calls[call]!;
        const rewrites = Number(moves || values !== target);
        return [values, target, nGroups, nFeatures, columns.byteOffset, scale, rewrites];
      },
    });
  });
  return { ...placement, nSamples, nFeatures, rows };
}

/** A kernel call on rows in a row. */
interface RowsCall {
  /** Addresses of the values and of the rows that become of them. */
  readonly values: number;
  readonly target: number;
  /** Groups of 4 rows. */
  readonly nGroups: number;
  /** Brings the values there, where they come from elsewhere. */
  readonly copy?: () => void;
}

/**
 * Cuts a matrix into kernel calls. Kernels read whole groups of 4 rows: values that lie in their memory are read there, but for
 * those of a last group that is not full, which like any others are copied to where their rows go.
 */
function callsOn({ nSamples, nFeatures, values }: Matrix, whole: KernelF32, areThere: boolean): RowsCall[] {
  const groups = Math.ceil(nSamples / 4);
  const nThere = areThere ? Math.floor(nSamples / 4) : 0;
  const callGroups = (CALL_PASSES * callSamples(nSamples)) / 4;
  const groupLength = 4 * nFeatures;
  const calls: RowsCall[] = [];
  for (let first = 0, last = 0; first < groups; first = last) {
    const [start, isThere] = [first * groupLength, first < nThere];
    last = Math.min(first + callGroups, isThere ? nThere : groups);
    const end = last * groupLength;
    const target = whole.byteOffset + 4 * start;
    calls.push({
      values: isThere ? values.byteOffset + 4 * start : target,
      target,
      nGroups: last - first,
      ...(!isThere && {
        copy: () => copyGroups(values.subarray(0, nSamples * nFeatures), whole, start, end, nFeatures),
      }),
    });
  }
  return calls;
}

/** Copies values [start, end); a row that only fills the last group repeats the last one, which leaves columns' ranges as they are. */
function copyGroups(
  values: Float32Array,
  whole: KernelF32,
  start: number,
  end: number,
  nFeatures: number,
): void {
  const last = Math.min(end, values.length);
  copyValues(whole.subarray(start, last) as KernelF32, values.subarray(start, last));
  for (let at = last; at < end; at++) whole[at] = whole[at - nFeatures]!;
}

/** Brings the values there and takes the columns' ranges. @throws as `placeRows` */
function columnRanges(
  { memory }: Kernels,
  data: Matrix,
  calls: readonly RowsCall[],
  crew: Crew,
): { readonly minima: Float32Array; readonly maxima: Float32Array } {
  const { nFeatures } = data;
  const lanes = 4 * nFeatures;
  const ranges = Array.from({ length: crew.size }, () => {
    memory.keepApart();
    const low = memory.f32(lanes).fill(Number.POSITIVE_INFINITY);
    return { low, high: memory.f32(lanes).fill(Number.NEGATIVE_INFINITY) };
  });
  // Copied a stage ahead of their ranges, which are taken while the rows lie in the processor's caches.
  const callRows = CALL_PASSES * callSamples(data.nSamples);
  const stageCalls = crew.size === 1 ? 1 : Math.max(crew.size, STAGE_ROWS / callRows);
  const stage = (first: number) => calls.slice(first, first + stageCalls);
  const copy = (some: readonly RowsCall[]) => {
    for (const call of some) call.copy?.();
  };
  let areFinite = true;
  copy(stage(0));
  for (let first = 0; first < calls.length; first += stageCalls) {
    const some = stage(first);
    const results = crew.run('column_ranges_f32', {
      count: some.length,
      argsOf: (call, member) => {
        const { values, nGroups } = some[call]!;
        const { low, high } = ranges[member]!;
        return [values, nGroups, nFeatures, low.byteOffset, high.byteOffset];
      },
      meanwhile: () => copy(stage(first + stageCalls)),
    });
    areFinite &&= results.every((result) => result === 1);
  }
  // Where that finds none to refuse, values are merely so large that the kernel could not tell, and the ranges hold.
  if (!areFinite) requireFinite(data);
  const ofColumn = (pick: (...values: number[]) => number, arrays: readonly KernelF32[]) =>
    Float32Array.from({ length: nFeatures }, (_, j) =>
      pick(...arrays.flatMap((values) => [0, 1, 2, 3].map((row) => values[row * nFeatures + j]!))),
    );
  const lows = ranges.map(({ low }) => low);
  const highs = ranges.map(({ high }) => high);
  return { minima: ofColumn(Math.min, lows), maxima: ofColumn(Math.max, highs) };
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
