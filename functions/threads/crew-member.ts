import type { Kernels } from '../kernels/instance.ts';
import {
  type CrewRoom,
  DONE,
  EMPTY,
  FAILED,
  FITS,
  KERNEL,
  makeCalls,
  PART,
  ROUND,
  SEATED,
  SEATS,
  TOO_LATE,
  WAITING,
  waitForChange,
} from './crew-room.ts';

/**
 * Takes part in the rounds of a crew until it parts; see `ThreadCrew`.
 * @param makeFits takes part in a round of fits
 * @returns rounds worked
 * @throws what a kernel throws; the crew is told
 */
export function serveCrew(
  exports: Kernels['exports'],
  room: CrewRoom,
  member: number,
  makeFits: () => void,
): number {
  const { control } = room;
  const names = Object.keys(exports) as (keyof Kernels['exports'])[];
  const seat = SEATS + member - 1;
  // Who comes while a round is under way joins the next: nobody waits for those who are not there yet.
  if (Atomics.compareExchange(control, seat, EMPTY, WAITING) === TOO_LATE) return 0;
  waitForChange(control, seat, WAITING);
  const seated = Atomics.load(control, seat);
  if (seated === TOO_LATE) return 0;
  for (let known = seated - SEATED, rounds = 0; ; known++, rounds++) {
    waitForChange(control, ROUND, known);
    const kernel = control[KERNEL]!;
    try {
      if (kernel === PART) return rounds;
      if (kernel === FITS) makeFits();
      else makeCalls(exports[names[kernel]!] as (...values: number[]) => number | undefined, room, member);
    } catch (error) {
      Atomics.add(control, FAILED, 1);
      throw error;
    } finally {
      Atomics.add(control, DONE, 1);
      Atomics.notify(control, DONE);
    }
  }
}
