import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { alone, type Calls, type Crew, type KernelName } from '../clustering/crew.ts';
import { type LloydFit, shares } from '../clustering/kmeans-lloyd.ts';
import { type Attempt, runAttempt } from '../clustering/kmeans-restarts.ts';
import type { PlacedRows } from '../clustering/placed-rows.ts';
import { KernelError } from '../errors.ts';
import {
  type CrewRoom,
  controlLength,
  DONE,
  FAILED,
  FITTING,
  KERNEL,
  MOST_ARGS,
  makeCalls,
  N_ARGS,
  N_MEMBERS,
  NEXT_FIT,
  PART,
  partCalls,
  ROUND,
  SEATED,
  SEATS,
  TOO_LATE,
  takeFits,
  WAITING,
  waitForChange,
} from './crew-room.ts';
import type { ThreadPool } from './thread-pool.ts';
import type { FitAnswer, FitsTask } from './thread-task.ts';
import { unpackError } from './worker-error.ts';

/** One call takes milliseconds: who has not answered for so long will not, ms. */
const PATIENCE = 60_000;

let latestTable = 0;

/**
 * The calling thread and the pool's workers, making kernel calls and fits together, round by round. The caller works as one
 * of them, and in rounds of calls never gives way to its event loop: a fit on a crew is as synchronous as one alone. Nobody is
 * waited for who has not come yet: waking a thread may take longer than a round.
 */
export class ThreadCrew implements Crew {
  readonly size: number;
  readonly #pool: ThreadPool;
  readonly #room: CrewRoom;
  readonly #names: readonly string[];
  readonly #ports: readonly MessagePort[];
  readonly #members: readonly Promise<number>[];
  /** Rejects when a member does. */
  readonly #failure: Promise<never>;
  /** Who makes calls while nobody else has a seat. */
  readonly #alone: Crew;
  /** Of the members, those that take part in rounds of calls. */
  readonly #seated: number[] = [];
  #rows: PlacedRows | undefined;

  /**
   * Calls the workers together, in memory that the caller frees when the crew has closed.
   * @param mostCalls of one round
   * @throws KernelError when a worker has ended earlier
   */
  constructor(pool: ThreadPool, mostCalls: number) {
    pool.requireAlive();
    const { memory, exports } = pool.kernels;
    this.size = pool.nThreads;
    this.#pool = pool;
    this.#alone = alone(pool.kernels);
    this.#room = {
      control: memory.i32(controlLength(this.size)).fill(0),
      args: memory.f64(this.size * mostCalls * MOST_ARGS),
      results: memory.f64(mostCalls),
    };
    this.#room.control[N_MEMBERS] = this.size;
    this.#names = Object.keys(exports);
    const channels = Array.from({ length: this.size - 1 }, () => new MessageChannel());
    this.#ports = channels.map(({ port1 }) => port1);
    this.#members = channels.map(({ port2 }, other) => {
      return pool.run({ member: other + 1, room: this.#room, port: port2 });
    });
    this.#failure = new Promise((_, reject) => {
      for (const member of this.#members) member.catch(reject);
    });
    // Told by `close`, where nobody waits for it.
    this.#failure.catch(() => {});
  }

  /** Threads that take part so far, the calling one among them. */
  get nPresent(): number {
    return 1 + this.#seated.length;
  }

  run(kernel: KernelName, calls: Calls): number[] {
    this.#seatComers();
    if (this.#seated.length === 0) return this.#alone.run(kernel, calls);
    const { count, argsOf, meanwhile } = calls;
    const { control, args, results } = this.#room;
    let at = 0;
    for (let member = 0; member < this.size; member++) {
      for (let call = 0; call < count; call++) for (const value of argsOf(call, member)) args[at++] = value;
    }
    control[N_ARGS] = at / (this.size * count);
    this.#begin(this.#names.indexOf(kernel), count);
    const { exports } = this.#pool.kernels;
    try {
      meanwhile?.();
      makeCalls(exports[kernel] as (...values: number[]) => number | undefined, this.#room, 0);
    } finally {
      this.#awaitOthers();
    }
    return Array.from(results.subarray(0, count));
  }

  /**
   * Makes fits that do not wait for each other: each on one thread, as long as there is one for every thread that is free. Whoever
   * then finds none left joins the caller in its own, of which the last is one where fits do not part evenly.
   * @returns them in the order of the attempts
   * @throws as `runAttempt`
   * @throws KernelError when a worker has ended meanwhile
   */
  async fits(rows: PlacedRows, attempts: readonly Attempt[]): Promise<LloydFit[]> {
    if (rows !== this.#rows) latestTable++;
    this.#rows = rows;
    const made: FitAnswer[] = [];
    const task = { table: latestTable, rows, attempts };
    const { control } = this.#room;
    Atomics.store(control, NEXT_FIT, 0);
    const away = this.#sendFits(task, 0);
    try {
      takeFits(this.#room, attempts.length, (attempt) => {
        // Who has come since makes whole fits, too: to share each takes longer than to make every other.
        away.push(...this.#sendFits(task, attempt));
        made.push({ attempt, fit: runAttempt(this.#pool.kernels, rows, attempts[attempt]!, this) });
      });
    } finally {
      for (const other of away) await this.#join(SEATS + other, (seat) => seat !== FITTING);
    }
    for (const port of this.#ports) {
      for (let sent = receiveMessageOnPort(port); sent; sent = receiveMessageOnPort(port))
        made.push(sent.message);
    }
    return made
      .sort((one, other) => one.attempt - other.attempt)
      .map((answer) => {
        if ('error' in answer) throw unpackError(answer.error);
        return answer.fit;
      });
  }

  /** Lets the workers go. @throws KernelError when one has ended meanwhile */
  async close(): Promise<void> {
    const { control } = this.#room;
    this.#seatComers();
    this.#begin(PART, 0);
    for (let other = 0; other < this.#members.length; other++) {
      if (this.#seated.includes(other)) continue;
      Atomics.store(control, SEATS + other, TOO_LATE);
      Atomics.notify(control, SEATS + other);
    }
    try {
      const hasFailed = Atomics.load(control, FAILED) > 0;
      if (!hasFailed) await this.#join(DONE, (done) => done === this.#seated.length);
      // What members have to tell takes a turn of the event loop: only those that failed, or never came, are waited for.
      const told = hasFailed ? [] : this.#seated;
      await Promise.all(this.#members.filter((_, other) => !told.includes(other)));
    } finally {
      for (const port of this.#ports) port.close();
    }
  }

  /** Seats those who wait for it: they take part from the next round on. */
  #seatComers(): void {
    const { control } = this.#room;
    const round = Atomics.load(control, ROUND);
    for (let other = 0; other < this.#members.length; other++) {
      if (Atomics.compareExchange(control, SEATS + other, WAITING, SEATED + round) !== WAITING) continue;
      Atomics.notify(control, SEATS + other);
      this.#seated.push(other);
    }
  }

  /**
   * Sends fits to those who have come, who leave their seats to make them, if any are left.
   * @param next the attempt that the caller makes next
   * @returns who they are
   */
  #sendFits({ attempts, ...task }: Omit<FitsTask, 'nFree'>, next: number): number[] {
    const { control } = this.#room;
    this.#seatComers();
    // Where all make equally many nobody waits long for the last; and in fits that cannot be shared nobody could join.
    const isEven = (attempts.length - next) % (1 + this.#seated.length) === 0;
    const isJoined = !isEven && attempts.every(({ lloyd }) => shares(lloyd));
    const nFree = attempts.length - Number(isJoined);
    if (Atomics.load(control, NEXT_FIT) >= nFree) return [];
    const away = this.#seated.splice(0);
    for (const other of away) {
      this.#ports[other]!.postMessage({ ...task, attempts, nFree });
      Atomics.store(control, SEATS + other, FITTING);
    }
    if (away.length > 0) this.#wake();
    return away;
  }

  /** Begins a round of calls with those who are seated. */
  #begin(kernel: number, nCalls: number): void {
    const { control } = this.#room;
    control[KERNEL] = kernel;
    partCalls(control, nCalls);
    Atomics.store(control, DONE, 0);
    this.#wake();
  }

  #wake(): void {
    const { control } = this.#room;
    Atomics.add(control, ROUND, 1);
    Atomics.notify(control, ROUND);
  }

  /**
   * Waits until a value of the control block is as wanted, however long: gives way to the event loop, which tells of a worker
   * that ends.
   */
  async #join(field: number, isWanted: (value: number) => boolean): Promise<void> {
    const { control } = this.#room;
    for (;;) {
      const known = Atomics.load(control, field);
      if (Atomics.load(control, FAILED) > 0) throw failed('A worker thread failed');
      if (isWanted(known)) return;
      if (waitForChange(control, field, known, 0)) continue;
      const { value } = Atomics.waitAsync(control, field, known);
      await Promise.race([value, this.#failure]);
    }
  }

  #awaitOthers(): void {
    const { control } = this.#room;
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (Atomics.load(control, FAILED) > 0) throw failed('A worker thread failed');
      if (done === this.#seated.length) return;
      if (waitForChange(control, DONE, done, PATIENCE)) continue;
      // Should it go on after all, it counts for no later round: `close` waits until it tells.
      Atomics.add(control, FAILED, 1);
      throw failed('A worker thread stopped answering');
    }
  }
}

function failed(what: string): KernelError {
  return new KernelError(`${what} while it shared a fit. Run again with one thread, or with more memory.`, {
    reason: 'worker_failed',
  });
}
