/** A Lambda function has one full virtual CPU per so many MiB of memory. */
const MB_PER_CPU = 1769;
/** Rows from which threads save more time than starting them takes. */
const ROWS_FROM = 20_000;

/** What decides on a number of threads. */
export interface ThreadRoom {
  readonly nSamples: number;
  /** Memory of the Lambda function, MiB; NaN outside of one. */
  readonly memoryMb: number;
  /** Cores that the process may use. */
  readonly nCores: number;
}

/** Threads that a Lambda function of that memory has cores for and that are worth starting; at least 1. */
export function threadCount({ nSamples, memoryMb, nCores }: ThreadRoom): number {
  if (nSamples < ROWS_FROM || !(memoryMb > MB_PER_CPU)) return 1;
  return Math.max(1, Math.min(Math.ceil(memoryMb / MB_PER_CPU), nCores));
}
