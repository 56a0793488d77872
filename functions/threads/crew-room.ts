import type { KernelF64, KernelI32 } from '../kernels/memory.ts';

/** Fields of the shared control block. */
export const ROUND = 0;
/** Number of the kernel that the round calls, or one of the two below. */
export const KERNEL = 1;
export const N_CALLS = 2;
export const N_ARGS = 3;
/** Members that have ended this round. */
export const DONE = 4;
/** Members that have failed. */
export const FAILED = 5;
/** The next call of this round that nobody has taken. */
export const NEXT_CALL = 6;
/** The first of the members' seats. */
export const SEATS = 7;

/** In place of a kernel's number: the crew parts; or makes the fits that were sent to its members. */
export const PART = -1;
export const FITS = -2;

/** Of a seat: nobody there, somebody who waits to be seated, or too late. From `SEATED` on: the round before the first. */
export const EMPTY = 0;
export const WAITING = 1;
export const TOO_LATE = 2;
export const SEATED = 3;

/**
 * Looks at a value before a thread lies down to sleep, a few tenths of a millisecond: what the caller does alone between two
 * rounds takes no longer, and waking takes longer than a look.
 */
const SPINS = 200_000;

/** Where a crew's members find their calls, in memory they all see. */
export interface CrewRoom {
  readonly control: KernelI32;
  /** Members × calls × arguments of a call, row-major. */
  readonly args: KernelF64;
  /** One per call. */
  readonly results: KernelF64;
}

/** Returns once a value of the control block is no longer `known`; false when it still is after `patience` ms. */
export function waitForChange(
  control: KernelI32,
  field: number,
  known: number,
  patience = Number.POSITIVE_INFINITY,
): boolean {
  for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(control, field) !== known) return true;
  while (Atomics.load(control, field) === known) {
    if (Atomics.wait(control, field, known, patience) === 'timed-out') return false;
  }
  return true;
}

/** Takes calls of the round, one after the other, until all are taken: who is held up leaves them to the others. */
export function takeCalls({ control }: CrewRoom, take: (call: number) => void): void {
  const nCalls = control[N_CALLS]!;
  for (;;) {
    const call = Atomics.add(control, NEXT_CALL, 1);
    if (call >= nCalls) return;
    take(call);
  }
}

/**
 * Makes calls of the round until all are taken.
 * @param kernel one of the exports
 */
export function makeCalls(
  kernel: (...args: number[]) => number | undefined,
  room: CrewRoom,
  member: number,
): void {
  const { control, args, results } = room;
  const nCalls = control[N_CALLS]!;
  const nArgs = control[N_ARGS]!;
  takeCalls(room, (call) => {
    const first = (member * nCalls + call) * nArgs;
    results[call] = kernel(...args.subarray(first, first + nArgs)) ?? 0;
  });
}
