import type { LloydFit } from '../clustering/kmeans-lloyd.ts';
import type { Attempt } from '../clustering/kmeans-restarts.ts';
import type { PlacedRows } from '../clustering/placed-rows.ts';
import type { ErrorContext } from '../errors.ts';
import type { Kernels, NumericMode } from '../kernels/instance.ts';
import type { CrewRoom } from './thread-crew.ts';

/** What a worker is started with. */
export interface WorkerStart {
  /** The memory of the pool's kernels, which every worker sees. */
  readonly memory: WebAssembly.Memory;
  readonly numericMode: NumericMode;
}

/** A kernel on the shared memory; it writes only where no other call of the moment reads or writes. */
export interface CallTask {
  readonly kind: 'call';
  readonly kernel: keyof Kernels['exports'];
  readonly args: readonly number[];
}

/** One k-means fit, in memory of the worker's own. */
export interface FitTask {
  readonly kind: 'fit';
  /** Equal numbers say equal rows: a worker copies them once. */
  readonly table: number;
  /** Views on the shared memory. */
  readonly rows: PlacedRows;
  readonly attempt: Attempt;
}

/** A part in the fits that a crew shares, until it parts. */
export interface CrewTask {
  readonly kind: 'crew';
  /** From 1: the calling thread is member 0. */
  readonly member: number;
  /** Views on the shared memory. */
  readonly room: CrewRoom;
}

/** Work for one thread. */
export type ThreadTask = CallTask | FitTask | CrewTask;

/** What a task ends with. */
export type TaskResult<T extends ThreadTask> = T extends FitTask ? LloydFit : number;

/** What a worker answers to each task, in the order of its tasks. */
export type WorkerAnswer = { readonly result: LloydFit | number } | { readonly error: WorkerError };

/** An error on its way between threads, which keeps neither class nor context of a thrown one. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly context: ErrorContext;
}
