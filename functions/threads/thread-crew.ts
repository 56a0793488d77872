import type { Calls, Crew, KernelName } from '../clustering/crew.ts';
import { KernelError } from '../errors.ts';
import type { KernelF64, KernelI32 } from '../kernels/memory.ts';
import type { ThreadPool } from './thread-pool.ts';

/** Fields of the shared control block. */
export const ROUND = 0;
export const KERNEL = 1;
export const N_CALLS = 2;
export const N_ARGS = 3;
/** Members that have made their calls of this round. */
export const DONE = 4;
/** Members that have failed. */
export const FAILED = 5;
/** The next call of this round that nobody has taken. */
export const NEXT_CALL = 6;
export const CONTROL_FIELDS = 7;

/** In place of a kernel's number: the crew parts. */
export const PART = -1;
/** Arguments of one call at most. */
const MOST_ARGS = 12;
/** Looks at a value before a thread lies down to sleep: rounds follow each other within some ten microseconds, and waking takes longer. */
const SPINS = 20_000;
/** One call takes milliseconds: who has not answered for so long will not, ms. */
const PATIENCE = 60_000;

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

/**
 * Makes calls of the round, one after the other, until all are taken: who is held up leaves them to the others.
 * @param kernel one of the exports
 */
export function makeCalls(
  kernel: (...args: number[]) => number | undefined,
  { control, args, results }: CrewRoom,
  member: number,
): void {
  const nCalls = control[N_CALLS]!;
  const nArgs = control[N_ARGS]!;
  for (;;) {
    const call = Atomics.add(control, NEXT_CALL, 1);
    if (call >= nCalls) return;
    const first = (member * nCalls + call) * nArgs;
    results[call] = kernel(...args.subarray(first, first + nArgs)) ?? 0;
  }
}

/**
 * The calling thread and the pool's workers but one, making the kernel calls of one fit together. The caller works as one
 * of them, without ever giving way to its event loop: a fit on a crew is as synchronous as one alone.
 */
export class ThreadCrew implements Crew {
  readonly size: number;
  readonly #pool: ThreadPool;
  readonly #room: CrewRoom;
  readonly #names: readonly string[];
  readonly #members: readonly Promise<number>[];

  /**
   * Calls the workers together.
   * @param mostCalls of one run
   * @throws KernelError when a worker has ended
   */
  static async open(pool: ThreadPool, mostCalls: number): Promise<ThreadCrew> {
    // Who is to work without looking up must be known to be alive.
    const roll = Array.from({ length: pool.nThreads }, () =>
      pool.run({ kind: 'call', kernel: 'madd_f32', args: [1, 1, 1] }),
    );
    await Promise.all(roll);
    return new ThreadCrew(pool, mostCalls);
  }

  private constructor(pool: ThreadPool, mostCalls: number) {
    const { memory, exports } = pool.kernels;
    this.size = pool.nThreads;
    this.#pool = pool;
    this.#room = {
      control: memory.i32(CONTROL_FIELDS).fill(0),
      args: memory.f64(this.size * mostCalls * MOST_ARGS),
      results: memory.f64(mostCalls),
    };
    this.#names = Object.keys(exports);
    this.#members = Array.from({ length: this.size - 1 }, (_, other) => {
      const ending = pool.run({ kind: 'crew', member: other + 1, room: this.#room });
      // Told by `close`.
      ending.catch(() => {});
      return ending;
    });
  }

  run(kernel: KernelName, { count, argsOf }: Calls): number[] {
    const { control, args, results } = this.#room;
    let at = 0;
    for (let member = 0; member < this.size; member++) {
      for (let call = 0; call < count; call++) for (const value of argsOf(call, member)) args[at++] = value;
    }
    control[N_CALLS] = count;
    control[N_ARGS] = at / (this.size * count);
    this.#begin(this.#names.indexOf(kernel));
    const { exports } = this.#pool.kernels;
    makeCalls(exports[kernel] as (...values: number[]) => number | undefined, this.#room, 0);
    this.#awaitOthers();
    return Array.from(results.subarray(0, count));
  }

  /** Lets the workers go. @throws KernelError when one has ended meanwhile */
  async close(): Promise<void> {
    this.#begin(PART);
    await Promise.all(this.#members);
  }

  #begin(kernel: number): void {
    const { control } = this.#room;
    control[KERNEL] = kernel;
    control[NEXT_CALL] = 0;
    Atomics.store(control, DONE, 0);
    Atomics.add(control, ROUND, 1);
    Atomics.notify(control, ROUND);
  }

  #awaitOthers(): void {
    const { control } = this.#room;
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (Atomics.load(control, FAILED) > 0) throw failed('A worker thread failed');
      if (done === this.size - 1) return;
      if (!waitForChange(control, DONE, done, PATIENCE)) throw failed('A worker thread stopped answering');
    }
  }
}

function failed(what: string): KernelError {
  return new KernelError(`${what} while it shared a fit. Run again with one thread, or with more memory.`, {
    reason: 'worker_failed',
  });
}
