import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { runAttempt } from '../clustering/kmeans-restarts.ts';
import type { PlacedRows } from '../clustering/placed-rows.ts';
import { copyValues } from '../kernels/copy-values.ts';
import { loadKernelsSync } from '../kernels/instance.ts';
import type { KernelF32 } from '../kernels/memory.ts';
import { serveCrew } from './crew-member.ts';
import { type CrewRoom, takeFits } from './crew-room.ts';
import type { CrewTask, FitAnswer, FitsTask, WorkerAnswer, WorkerStart } from './thread-task.ts';
import { packError } from './worker-error.ts';

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
  copyValues(whole, placed.rows);
  whole.fill(0, placed.rows.length);
  const rows = { ...placed, rows: whole.subarray(0, placed.rows.length) as KernelF32 };
  latest = { table, rows };
  return rows;
}

/** Makes fits until all that are free are taken, and sends them. */
function makeFits(room: CrewRoom, port: MessagePort): void {
  const { table, rows, attempts, nFree } = receiveMessageOnPort(port)!.message as FitsTask;
  takeFits(room, nFree, (attempt) => {
    let answer: FitAnswer;
    try {
      answer = { attempt, fit: runAttempt(own, ownRows(table, rows), attempts[attempt]!) };
    } catch (error) {
      answer = { attempt, error: packError(error) };
    }
    port.postMessage(answer);
  });
}

function answer({ member, room, port }: CrewTask): WorkerAnswer {
  try {
    return { rounds: serveCrew(shared.exports, room, member, () => makeFits(room, port)) };
  } catch (error) {
    return { error: packError(error) };
  } finally {
    port.close();
  }
}

parentPort?.on('message', (task: CrewTask) => parentPort?.postMessage(answer(task)));
