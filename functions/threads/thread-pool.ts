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
  readonly resolve: (rounds: number) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Worker threads that see the memory of some kernels, one fewer than threads asked for: the caller's own works, too. Each
 * member of a crew has a thread of its own, whose tasks start in the order they are given. An idle pool keeps no process alive.
 */
export class ThreadPool {
  readonly kernels: Kernels;
  /** The caller's own among them. */
  readonly nThreads: number;
  readonly #workers: Worker[];
  /** Of each thread, the tasks that have not ended. */
  readonly #jobs = new Map<Worker, Job[]>();
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
    const worker = this.#workers[task.member - 1]!;
    return new Promise((resolve, reject) => {
      this.#jobs.get(worker)!.push({ resolve, reject });
      worker.ref();
      worker.postMessage(task, [task.port]);
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
    this.#jobs.set(worker, []);
    return worker;
  }

  #settle(worker: Worker, answer: WorkerAnswer): void {
    const jobs = this.#jobs.get(worker)!;
    const job = jobs.shift();
    // Told after the pool was closed: a thread that is being ended must keep the process alive until it is.
    if (!job) return;
    if (jobs.length === 0) worker.unref();
    if ('error' in answer) job.reject(unpackError(answer.error));
    else job.resolve(answer.rounds);
  }

  #fail(failure: KernelError): void {
    this.#failure ??= failure;
    for (const jobs of this.#jobs.values()) for (const { reject } of jobs.splice(0)) reject(this.#failure);
  }
}

function ended(how: string, cause?: unknown): KernelError {
  return new KernelError(
    `A worker thread ended ${how}, before its work was done. Run again with one thread, or with more memory.`,
    { reason: 'worker_ended' },
    { cause },
  );
}
