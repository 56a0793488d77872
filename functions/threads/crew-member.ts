import type { Kernels } from '../kernels/instance.ts';
import {
  type CrewRoom,
  DONE,
  FAILED,
  KERNEL,
  N_ARGS,
  N_CALLS,
  PART,
  ROUND,
  waitForChange,
} from './thread-crew.ts';

/**
 * Makes a worker's calls of each round until the crew parts; see `ThreadCrew`.
 * @returns rounds worked
 * @throws what a kernel throws; the crew is told
 */
export function serveCrew(exports: Kernels['exports'], room: CrewRoom, member: number, size: number): number {
  const { control, args, results } = room;
  const names = Object.keys(exports) as (keyof Kernels['exports'])[];
  for (let round = 0; ; round++) {
    waitForChange(control, ROUND, round);
    const kernel = control[KERNEL]!;
    if (kernel === PART) return round;
    const call = exports[names[kernel]!] as (...values: number[]) => number | undefined;
    const nArgs = control[N_ARGS]!;
    try {
      for (let at = member; at < control[N_CALLS]!; at += size) {
        results[at] = call(...args.subarray(at * nArgs, (at + 1) * nArgs)) ?? 0;
      }
    } catch (error) {
      Atomics.add(control, FAILED, 1);
      throw error;
    } finally {
      Atomics.add(control, DONE, 1);
      Atomics.notify(control, DONE);
    }
  }
}
