import { Worker } from 'node:worker_threads';
import { InvalidRequestError, KernelError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { CrewTask, WorkerAnswer, WorkerStart } from './thread-task.ts';
import { unpackError } from './worker-error.ts';

/** The worker's module: beside this one in the sources, and beside the bundle that this one is part of. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './kernel-worker.ts' : './kernel-worker.mjs',
  import.meta.url,
);

interface Job {
  readonly task: CrewTask;
  readonly resolve: (rounds: number) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Worker threads that see the memory of some kernels, one fewer than threads asked for: the caller's own works, too. Tasks
 * start in the order they are given, each on the first thread that is free. An idle pool keeps no process alive.
 */
export class ThreadPool {
  readonly kernels: Kernels;
  /** The caller's own among them. */
  readonly nThreads: number;
  readonly #workers: Worker[];
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Job>();
  readonly #waiting: Job[] = [];
  #failure: KernelError | undefined;

  /**
   * @param nThreads from 1; more than the machine has cores gain nothing
   * @param module what the workers run, in place of the kernels' worker
   */
  constructor(kernels: Kernels, nThreads: number, module = WORKER) {
    if (!Number.isInteger(nThreads) || nThreads < 1) {
      throw new InvalidRequestError(
        `A pool of ${nThreads} threads was asked for; give a whole number from 1.`,
      );
    }
    this.kernels = kernels;
    const start: WorkerStart = { memory: kernels.memory.memory, numericMode: kernels.numericMode };
    this.nThreads = nThreads;
    this.#workers = Array.from({ length: nThreads - 1 }, () => this.#open(module, start));
    this.#idle.push(...this.#workers);
  }

  /** @throws KernelError when a thread ended, or the pool was closed */
  requireAlive(): void {
    if (this.#failure) throw this.#failure;
  }

  /**
   * Has a thread take part in a crew.
   * @returns rounds it took part in
   * @throws KernelError when a thread ended, now or earlier: then nothing runs in this pool any more
   * @throws TessellaError as a kernel throws it
   */
  run(task: CrewTask): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#dispatch();
    });
  }

  /** Ends the threads; tasks that have not ended fail. */
  async close(): Promise<void> {
    this.#fail(new KernelError('The thread pool was closed: open another for further work.'));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #open(module: URL, workerData: WorkerStart): Worker {
    // Flags of the process may be for its main module alone.
    const worker = new Worker(module, { workerData, execArgv: [] });
    worker.on('message', (answer: WorkerAnswer) => this.#settle(worker, answer));
    worker.on('error', (cause) => this.#fail(ended(`by an error: ${cause.message}`, cause)));
    worker.on('exit', (code) => this.#fail(ended(`with exit code ${code}`)));
    worker.unref();
    return worker;
  }

  #dispatch(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const worker = this.#idle.shift()!;
      const job = this.#waiting.shift()!;
      this.#busy.set(worker, job);
      worker.ref();
      worker.postMessage(job.task, [job.task.port]);
    }
  }

  #settle(worker: Worker, answer: WorkerAnswer): void {
    const job = this.#busy.get(worker);
    if (!job) return;
    this.#busy.delete(worker);
    this.#idle.push(worker);
    worker.unref();
    this.#dispatch();
    if ('error' in answer) job.reject(unpackError(answer.error));
    else job.resolve(answer.rounds);
  }

  #fail(failure: KernelError): void {
    this.#failure ??= failure;
    for (const { reject } of [...this.#busy.values(), ...this.#waiting]) reject(this.#failure);
    this.#busy.clear();
    this.#waiting.length = 0;
  }
}

function ended(how: string, cause?: unknown): KernelError {
  return new KernelError(
    `A worker thread ended ${how}, before its work was done. Run again with one thread, or with more memory.`,
    { reason: 'worker_ended' },
    { cause },
  );
}
