import type { KernelF64, KernelI32 } from '../kernels/memory.ts';

/** Fields of the shared control block. */
export const ROUND = 0;
/** Number of the kernel that the round calls, or `PART`. */
export const KERNEL = 1;
export const N_CALLS = 2;
export const N_ARGS = 3;
/** Members that have ended this round. */
export const DONE = 4;
/** Members that have failed. */
export const FAILED = 5;
/** Members, whether they have come or not. */
export const N_MEMBERS = 6;
/** The next fit that nobody has taken. */
export const NEXT_FIT = 7;
/** The first of the members' seats; behind these, for each member's part of the calls, the next that nobody has taken. */
export const SEATS = 8;

/** In place of a kernel's number: the crew parts. */
export const PART = -1;

/**
 * Of a seat: nobody there, somebody who waits to be seated, too late, or away to make the fits that were sent. From `SEATED`
 * on: the round before the first.
 */
export const EMPTY = 0;
export const WAITING = 1;
export const TOO_LATE = 2;
export const FITTING = 3;
export const SEATED = 4;

/**
 * Looks at a value before a thread lies down to sleep, a few tenths of a millisecond: what the caller does alone between two
 * rounds takes no longer, and waking takes longer than a look.
 */
const SPINS = 200_000;

/** Numbers in the control block of a crew. */
export function controlLength(nMembers: number): number {
  return SEATS + 2 * nMembers;
}

/** Arguments of one call at most; `makeCalls` gives so many. */
export const MOST_ARGS = 12;

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

/** The first call of a member's part, or past the last of the one before. */
function firstCall(control: KernelI32, member: number): number {
  return Math.floor((member * control[N_CALLS]!) / control[N_MEMBERS]!);
}

/** Parts the calls of a round among the members. */
export function partCalls(control: KernelI32, nCalls: number): void {
  const nMembers = control[N_MEMBERS]!;
  control[N_CALLS] = nCalls;
  for (let member = 0; member < nMembers; member++) {
    control[SEATS + nMembers + member] = firstCall(control, member);
  }
}

/**
 * Takes calls of the round, one after the other, until all are taken: first those of the member's own part, which are the
 * same samples round after round, whose data is then in its core's caches; then what others, held up or not there, have
 * left of theirs.
 */
export function takeCalls({ control }: CrewRoom, member: number, take: (call: number) => void): void {
  const nMembers = control[N_MEMBERS]!;
  for (let other = 0; other < nMembers; other++) {
    const part = (member + other) % nMembers;
    const end = firstCall(control, part + 1);
    const next = SEATS + nMembers + part;
    for (;;) {
      const call = Atomics.add(control, next, 1);
      if (call >= end) break;
      take(call);
    }
  }
}

/** Takes fits before the `end`-th, one after the other, until all are taken. */
export function takeFits({ control }: CrewRoom, end: number, take: (attempt: number) => void): void {
  for (;;) {
    const next = Atomics.load(control, NEXT_FIT);
    if (next >= end) return;
    if (Atomics.compareExchange(control, NEXT_FIT, next, next + 1) === next) take(next);
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
  takeCalls(room, member, (call) => {
    const at = (member * nCalls + call) * nArgs;
    // A kernel leaves arguments past its own: always to give the most takes less time than to take some apart.
    const result = kernel(
      args[at]!,
      args[at + 1]!,
      args[at + 2]!,
      args[at + 3]!,
      args[at + 4]!,
      args[at + 5]!,
      args[at + 6]!,
      args[at + 7]!,
      args[at + 8]!,
      args[at + 9]!,
      args[at + 10]!,
      args[at + 11]!,
    );
    results[call] = result ?? 0;
  });
}
