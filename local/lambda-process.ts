import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EnvironmentMessage, ErrorPayload, InvocationMessage } from './lambda-environment.ts';
import { FunctionError } from './lambda-error.ts';

/** A function as its template declares it. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  /** Folder of the unpacked code. */
  readonly codeFolder: string;
  /** `module.export`, as the template says. */
  readonly handler: string;
  readonly memorySizeMb: number;
  readonly timeoutMs: number;
  /** Variables of the template. */
  readonly environment: Readonly<Record<string, string>>;
  readonly roleArn: string;
}

const PROGRAM = fileURLToPath(new URL('./lambda-environment.ts', import.meta.url));
const MEMORY_POLL_MS = 50;
/** Lambda gives the first load of a function this long besides the function's own timeout. */
const INIT_LIMIT_MS = 10_000;

/**
 * Memory of a process in MiB: what the kernel cannot take back (anonymous and shared pages, which are what makes a
 * Lambda sandbox run out), and the largest resident set so far. Undefined where there is no /proc.
 */
function processMemory(pid: number): { unreclaimableMb: number; peakMb: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const kib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
    return { unreclaimableMb: (kib('RssAnon') + kib('RssShmem')) / 1024, peakMb: kib('VmHWM') / 1024 };
  } catch {
    return undefined;
  }
}

const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGKILL: 'killed',
  SIGABRT: 'aborted',
  SIGTERM: 'terminated',
  SIGSEGV: 'segmentation fault',
};

function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `Runtime exited with error: signal: ${SIGNAL_NAMES[signal] ?? signal}`;
  return code === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${code}`;
}

/** One process that serves one function, one event at a time, within its memory and time. */
export class ExecutionEnvironment {
  readonly #definition: FunctionDefinition;
  readonly #process: ChildProcess;
  readonly #ready: Promise<void>;
  readonly #exit: Promise<unknown>;
  #settle: ((message: EnvironmentMessage) => void) | undefined;
  #verdict: ErrorPayload | undefined;
  #requestId = '';
  #peakMemoryMb = 0;
  /** True once the process has ended or has been told to end: it takes no more events. */
  ended = false;
  busy = false;
  /** Events this process has taken so far. */
  invocations = 0;

  /** Forks the process; it starts to load the handler at once. */
  constructor(
    definition: FunctionDefinition,
    variables: Readonly<Record<string, string>>,
    onLine: (line: string) => void,
  ) {
    this.#definition = definition;
    const { memorySizeMb, codeFolder } = definition;
    this.#process = fork(PROGRAM, {
      cwd: codeFolder,
      env: { ...variables },
      execArgv: [
        `--max-old-space-size=${Math.floor(memorySizeMb * 0.9)}`,
        `--max-semi-space-size=${Math.max(1, Math.floor(memorySizeMb * 0.05))}`,
      ],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', onLine);
    }
    this.#exit = once(this.#process, 'exit');
    this.#ready = new Promise((resolve, reject) => {
      this.#settle = (message) =>
        message.kind === 'initError' || message.kind === 'error'
          ? reject(new FunctionError(message.error))
          : resolve();
    });
    this.#ready.catch(() => {});
    this.#process.on('message', (message: EnvironmentMessage) => {
      if (message.kind === 'error' && message.fatal) this.ended = true;
      this.#settle?.(message);
    });
    this.#process.on('error', (error) => this.#fail('Runtime.ExitError', error.message));
    this.#process.on('exit', (code, signal) => {
      this.ended = true;
      if (this.#verdict) this.#fail(this.#verdict.errorType, this.#verdict.errorMessage);
      else
        this.#fail('Runtime.ExitError', `RequestId: ${this.#requestId} Error: ${exitReason(code, signal)}`);
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Largest resident memory so far, MiB; 0 where the system does not tell. */
  get peakMemoryMb(): number {
    const memory = this.ended ? undefined : processMemory(this.pid);
    this.#peakMemoryMb = Math.max(this.#peakMemoryMb, memory?.peakMb ?? 0);
    return Math.ceil(this.#peakMemoryMb);
  }

  /**
   * Runs the handler on one event and gives its result as JSON text.
   * @throws FunctionError whatever way the function failed.
   */
  async invoke(requestId: string, event: string): Promise<string> {
    const { timeoutMs, arn } = this.#definition;
    this.#requestId = requestId;
    this.busy = true;
    this.invocations++;
    const timedOut = `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
    const kill = () => this.#kill('Sandbox.Timedout', timedOut);
    const memoryWatch = setInterval(() => this.#checkMemory(), MEMORY_POLL_MS);
    let timer = setTimeout(kill, INIT_LIMIT_MS + timeoutMs);
    try {
      await this.#ready;
      clearTimeout(timer);
      timer = setTimeout(kill, timeoutMs);
      const message = await this.#exchange({
        requestId,
        event,
        functionArn: arn,
        deadlineMs: Date.now() + timeoutMs,
      });
      this.#checkMemory();
      if (this.#verdict) throw new FunctionError(this.#verdict);
      if (message.kind === 'result') return message.body;
      throw new FunctionError(
        message.kind === 'error'
          ? message.error
          : { errorType: 'Runtime.Unknown', errorMessage: message.kind },
      );
    } finally {
      clearTimeout(timer);
      clearInterval(memoryWatch);
      this.#settle = undefined;
      this.busy = false;
    }
  }

  #exchange(invocation: InvocationMessage): Promise<EnvironmentMessage> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      if (this.ended)
        return this.#fail('Runtime.ExitError', `RequestId: ${this.#requestId} Error: ${exitReason(0, null)}`);
      // A process that died a moment ago refuses the message; its exit, soon to be seen, settles the exchange.
      this.#process.send(invocation, () => {});
    });
  }

  #fail(errorType: string, errorMessage: string): void {
    this.ended = true;
    this.#settle?.({ kind: 'error', requestId: this.#requestId, error: { errorType, errorMessage } });
  }

  #kill(errorType: string, errorMessage: string): void {
    this.#verdict ??= { errorType, errorMessage };
    this.ended = true;
    this.#process.kill('SIGKILL');
  }

  #checkMemory(): void {
    const memory = this.ended ? undefined : processMemory(this.pid);
    if (!memory) return;
    this.#peakMemoryMb = Math.max(this.#peakMemoryMb, memory.peakMb);
    if (memory.unreclaimableMb > this.#definition.memorySizeMb) {
      const error = 'Runtime exited with error: signal: killed';
      this.#kill('Runtime.OutOfMemory', `RequestId: ${this.#requestId} Error: ${error}`);
    }
  }

  /** Ends the process and waits until it is gone; an event in flight fails. */
  async stop(): Promise<void> {
    this.ended = true;
    this.#process.kill('SIGKILL');
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.#exit;
  }
}
