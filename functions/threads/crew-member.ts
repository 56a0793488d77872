import type { Kernels } from '../kernels/instance.ts';
import type { KernelI32 } from '../kernels/memory.ts';
import {
  type CrewRoom,
  DONE,
  EMPTY,
  FAILED,
  FITTING,
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
 * @param makeFits makes the fits sent last
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
  let rounds = 0;
  for (let known = takeSeat(control, seat, EMPTY); known !== undefined; rounds++) {
    waitForChange(control, ROUND, known);
    if (Atomics.load(control, seat) === FITTING) {
      makeFits();
      known = takeSeat(control, seat, FITTING);
      continue;
    }
    const kernel = control[KERNEL]!;
    try {
      if (kernel === PART) break;
      makeCalls(exports[names[kernel]!] as (...values: number[]) => number | undefined, room, member);
    } catch (error) {
      Atomics.add(control, FAILED, 1);
      throw error;
    } finally {
      Atomics.add(control, DONE, 1);
      Atomics.notify(control, DONE);
    }
    known++;
  }
  return rounds;
}

/**
 * Waits for a seat. Who comes while a round is under way joins the next: nobody waits for those who are not there yet.
 * @param from what the seat is until then
 * @returns the round before the first to take part in; undefined when it is too late
 */
function takeSeat(control: KernelI32, seat: number, from: number): number | undefined {
  if (Atomics.compareExchange(control, seat, from, WAITING) === TOO_LATE) return undefined;
  Atomics.notify(control, seat);
  waitForChange(control, seat, WAITING);
  const seated = Atomics.load(control, seat);
  return seated === TOO_LATE ? undefined : seated - SEATED;
}
