import { parentPort, workerData } from 'node:worker_threads';
import { runAttempt } from '../clustering/kmeans-restarts.ts';
import type { PlacedRows } from '../clustering/placed-rows.ts';
import { TessellaError } from '../errors.ts';
import { loadKernelsSync } from '../kernels/instance.ts';
import type { KernelF32 } from '../kernels/memory.ts';
import { serveCrew } from './crew-member.ts';
import type { ThreadTask, WorkerAnswer, WorkerStart } from './thread-task.ts';

const { memory, numericMode } = workerData as WorkerStart;
const shared = loadKernelsSync({ memory, numericMode });
const own = loadKernelsSync({ numericMode });
const empty = own.memory.used;
let latest: { readonly table: number; readonly rows: PlacedRows } | undefined;

/** The rows in this worker's own memory, beside which a fit may allocate. */
function ownRows(table: number, placed: PlacedRows): PlacedRows {
  if (latest?.table === table) return latest.rows;
  latest = undefined;
  own.memory.release(empty);
  // Kernels read a little past the end of the rows.
  const whole = own.memory.f32(placed.rows.length + 16);
  whole.set(placed.rows);
  whole.fill(0, placed.rows.length);
  const rows = { ...placed, rows: whole.subarray(0, placed.rows.length) as KernelF32 };
  latest = { table, rows };
  return rows;
}

function resultOf(task: ThreadTask) {
  if (task.kind === 'fit') return runAttempt(own, ownRows(task.table, task.rows), task.attempt);
  if (task.kind === 'crew') return serveCrew(shared.exports, task.room, task.member);
  const kernel = shared.exports[task.kernel] as (...args: number[]) => number;
  return kernel(...task.args);
}

function answer(task: ThreadTask): WorkerAnswer {
  try {
    return { result: resultOf(task) };
  } catch (error) {
    const context = error instanceof TessellaError ? error.context : {};
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    return { error: { name, message, context } };
  }
}

parentPort?.on('message', (task: ThreadTask) => parentPort?.postMessage(answer(task)));
