import type { Matrix } from '../functions/arrow/matrix.ts';
import type { Kernels } from '../functions/kernels/instance.ts';
import type { Dataset } from './datasets.ts';

/** Values past the last row that kernels may read as part of a vector. */
const PADDING = 16;

const tables = new WeakMap<Kernels, Map<string, Matrix>>();
const labelArrays = new WeakMap<Matrix, Int32Array>();

/**
 * The rows where FitCandidate has them, in the kernels' memory; put there once, before the clock runs. Peers get theirs
 * in the arrays they compute on, too.
 */
export function inKernelMemory(kernels: Kernels, { name, nSamples, nFeatures, values }: Dataset): Matrix {
  const known = tables.get(kernels) ?? new Map<string, Matrix>();
  tables.set(kernels, known);
  const table = known.get(name);
  if (table) return table;
  const rows = kernels.memory.f32(values.length + PADDING).subarray(0, values.length);
  rows.set(values);
  const added = { nSamples, nFeatures, values: rows };
  known.set(name, added);
  return added;
}

/** Where FitCandidate has the labels of a table that lies in the kernels' memory: an array used by call after call. */
export function labelsInKernelMemory({ memory }: Kernels, table: Matrix): Int32Array {
  const known = labelArrays.get(table) ?? memory.i32(table.nSamples);
  labelArrays.set(table, known);
  return known;
}
