import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DATA_FOLDER } from './datasets.ts';

/** A call of a peer: operation, data and arguments, as `peers/worker.py` understands them. */
export interface PythonJob {
  readonly op: string;
  readonly data?: string;
  readonly [argument: string]: unknown;
}

/** What a measured call came to; the keys depend on the operation. */
export type Outcome = Readonly<Record<string, unknown>>;

export interface Measured {
  readonly seconds: number;
  readonly outcome: Outcome;
  /** Peak resident memory above that of the process with the data loaded, MiB; meaningful in a fresh process. */
  readonly memoryMb?: number;
}

/** One long-lived Python process that runs peers, one call at a time, on one thread. */
export class PythonWorker {
  readonly #process: ChildProcess;
  readonly #waiting: ((line: string | undefined) => void)[] = [];

  constructor() {
    const script = join(import.meta.dirname, 'peers/worker.py');
    this.#process = spawn('/usr/bin/python3', [script, DATA_FOLDER], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.#waiting.shift()?.(line));
    this.#process.on('exit', () => {
      for (const answer of this.#waiting.splice(0)) answer(undefined);
    });
  }

  /** @throws Error with the peer's own message, or when the process died (out of memory, or not installed) */
  async run(job: PythonJob): Promise<Measured> {
    if (this.#process.exitCode !== null) throw new Error('the Python process has ended');
    const line = await new Promise<string | undefined>((resolve) => {
      this.#waiting.push(resolve);
      this.#process.stdin!.write(`${JSON.stringify(job)}\n`);
    });
    if (line === undefined)
      throw new Error('the Python process ended: run bench/peers/setup.sh, or give it memory');
    const answer = JSON.parse(line) as Measured & { error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  close(): void {
    this.#process.stdin!.end();
  }
}
