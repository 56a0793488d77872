import type { MessagePort } from 'node:worker_threads';
import type { LloydFit } from '../clustering/kmeans-lloyd.ts';
import type { Attempt } from '../clustering/kmeans-restarts.ts';
import type { PlacedRows } from '../clustering/placed-rows.ts';
import type { ErrorContext } from '../errors.ts';
import type { NumericMode } from '../kernels/instance.ts';
import type { CrewRoom } from './crew-room.ts';

/** What a worker is started with. */
export interface WorkerStart {
  /** The memory of the pool's kernels, which every worker sees. */
  readonly memory: WebAssembly.Memory;
  readonly numericMode: NumericMode;
}

/** A worker's task: a part in the work of a crew, until it parts. */
export interface CrewTask {
  /** From 1: the calling thread is member 0. */
  readonly member: number;
  /** Views on the shared memory. */
  readonly room: CrewRoom;
  /** Where fits to make arrive, and the fits made leave. */
  readonly port: MessagePort;
}

/** K-means fits of one table, each in memory of its member's own. */
export interface FitsTask {
  /** Equal numbers say equal rows: a worker copies them once. */
  readonly table: number;
  /** Views on the shared memory. */
  readonly rows: PlacedRows;
  readonly attempts: readonly Attempt[];
  /** The first so many attempts are for whoever is free; the others for the crew's caller. */
  readonly nFree: number;
}

/** A fit a member has made, by its number among the attempts, or why it has not. */
export type FitAnswer = { readonly attempt: number } & (
  | { readonly fit: LloydFit }
  | { readonly error: WorkerError }
);

/** What a worker answers to each task, in the order of its tasks: rounds it took part in. */
export type WorkerAnswer = { readonly rounds: number } | { readonly error: WorkerError };

/** An error on its way between threads, which keeps neither class nor context of a thrown one. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly context: ErrorContext;
}
