import type { Kernels } from '../kernels/instance.ts';
import { type CrewRoom, DONE, FAILED, KERNEL, makeCalls, PART, ROUND, waitForChange } from './thread-crew.ts';

/**
 * Makes calls of each round until the crew parts; see `ThreadCrew`.
 * @returns rounds worked
 * @throws what a kernel throws; the crew is told
 */
export function serveCrew(exports: Kernels['exports'], room: CrewRoom, member: number): number {
  const { control } = room;
  const names = Object.keys(exports) as (keyof Kernels['exports'])[];
  for (let round = 0; ; round++) {
    waitForChange(control, ROUND, round);
    const kernel = control[KERNEL]!;
    if (kernel === PART) return round;
    try {
      makeCalls(exports[names[kernel]!] as (...values: number[]) => number | undefined, room, member);
    } catch (error) {
      Atomics.add(control, FAILED, 1);
      throw error;
    } finally {
      Atomics.add(control, DONE, 1);
      Atomics.notify(control, DONE);
    }
  }
}
