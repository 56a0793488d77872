import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { FunctionError, LambdaServiceError } from './lambda-error.ts';
import { ExecutionEnvironment, type FunctionDefinition } from './lambda-process.ts';

/** Lambda's limits of a synchronous invocation, bytes of JSON. */
const REQUEST_LIMIT = 6_291_456;
const RESPONSE_LIMIT = 6_291_556;
/** Idle processes kept over all functions; the one idle longest gives way. */
const IDLE_LIMIT = 16;

export interface LambdaOptions {
  readonly functions: readonly FunctionDefinition[];
  /** Events in flight at once over all functions; more wait for their turn. */
  readonly concurrency: number;
  /** Variables besides the function's own: credentials and endpoints. Asked at every cold start. */
  readonly environment: (definition: FunctionDefinition) => Readonly<Record<string, string>>;
  /** One `<function>.log` per function is appended to here. */
  readonly logFolder: string;
  readonly log?: (functionName: string, line: string) => void;
  /** Life of an idle process, default one minute. */
  readonly idleMs?: number;
}

/** A running process of a function, as fault-injection tests and progress displays see it. */
export interface EnvironmentInfo {
  readonly pid: number;
  readonly busy: boolean;
  readonly invocations: number;
  /** Largest resident memory so far, MiB; 0 where the system does not tell. */
  readonly peakMemoryMb: number;
}

interface Pool {
  readonly definition: FunctionDefinition;
  readonly environments: Set<ExecutionEnvironment>;
  log: WriteStream | undefined;
}

interface IdleEnvironment {
  readonly pool: Pool;
  readonly environment: ExecutionEnvironment;
  readonly expiry: NodeJS.Timeout;
}

/** The functions of a template: each a pool of isolated processes, with Lambda's limits and error names. */
export class Lambda {
  readonly #options: LambdaOptions;
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #waiting: (() => void)[] = [];
  /** Over all functions; most recently used last. */
  readonly #idle: IdleEnvironment[] = [];
  #free: number;
  #closed = false;

  constructor(options: LambdaOptions) {
    this.#options = options;
    this.#free = options.concurrency;
    this.#pools = new Map(
      options.functions.map((definition) => [
        definition.name,
        { definition, environments: new Set(), log: undefined },
      ]),
    );
    mkdirSync(options.logFolder, { recursive: true });
  }

  /** Names of all functions. */
  get functionNames(): string[] {
    return [...this.#pools.keys()];
  }

  /**
   * The definition behind a name or ARN, with or without qualifier.
   * @throws LambdaServiceError `ResourceNotFoundException` when there is none.
   */
  find(nameOrArn: string): FunctionDefinition {
    return this.#pool(nameOrArn).definition;
  }

  /** The processes of a function that are alive now. */
  environments(nameOrArn: string): EnvironmentInfo[] {
    return [...this.#pool(nameOrArn).environments]
      .filter((environment) => !environment.ended)
      .map(({ pid, busy, invocations, peakMemoryMb }) => ({ pid, busy, invocations, peakMemoryMb }));
  }

  /**
   * Runs a function on one event and gives its result; both are JSON text.
   * @throws FunctionError when the function fails, LambdaServiceError when the call itself is refused.
   */
  async invoke(nameOrArn: string, event: string): Promise<string> {
    const pool = this.#pool(nameOrArn);
    if (Buffer.byteLength(event) > REQUEST_LIMIT) {
      const message = `Request must be smaller than ${REQUEST_LIMIT} bytes for the InvokeFunction operation`;
      throw new LambdaServiceError('RequestTooLargeException', 413, message);
    }
    await this.#takeSlot();
    try {
      return await this.#run(pool, event);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  /** Ends every process, even busy ones, and waits until none is left. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    for (const { expiry } of this.#idle.splice(0)) clearTimeout(expiry);
    const pools = [...this.#pools.values()];
    await Promise.all(
      pools.flatMap(({ environments }) => [...environments].map((environment) => environment.stop())),
    );
    await Promise.all(pools.map(({ log }) => log && new Promise<void>((resolve) => log.end(resolve))));
  }

  #pool(nameOrArn: string): Pool {
    const name = (nameOrArn.split(':function:').pop() ?? '').split(':')[0] ?? '';
    const pool = this.#pools.get(name);
    if (!pool) {
      throw new LambdaServiceError('ResourceNotFoundException', 404, `Function not found: ${nameOrArn}`);
    }
    return pool;
  }

  async #takeSlot(): Promise<void> {
    if (this.#free > 0 && !this.#closed) this.#free--;
    else if (!this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#closed)
      throw new LambdaServiceError('ServiceException', 500, 'The local cloud is shutting down.');
  }

  async #run(pool: Pool, event: string): Promise<string> {
    const requestId = randomUUID();
    const start = performance.now();
    const environment = this.#warmEnvironment(pool) ?? this.#startEnvironment(pool);
    try {
      const body = await environment.invoke(requestId, event);
      if (Buffer.byteLength(body) > RESPONSE_LIMIT) {
        const errorMessage = `Response payload size exceeded maximum allowed payload size (${RESPONSE_LIMIT} bytes).`;
        throw new FunctionError({ errorType: 'Function.ResponseSizeTooLarge', errorMessage });
      }
      return body;
    } catch (error) {
      if (error instanceof FunctionError) this.#write(pool, JSON.stringify(error.payload));
      throw error;
    } finally {
      const duration = (performance.now() - start).toFixed(2);
      const memory = `Memory Size: ${pool.definition.memorySizeMb} MB Max Memory Used: ${environment.peakMemoryMb} MB`;
      this.#write(pool, `REPORT RequestId: ${requestId} Duration: ${duration} ms ${memory}`);
      this.#release(pool, environment);
    }
  }

  /** The most recently used idle process, so that surplus ones can age. */
  #warmEnvironment(pool: Pool): ExecutionEnvironment | undefined {
    for (;;) {
      const index = this.#idle.findLastIndex((entry) => entry.pool === pool);
      const [entry] = index < 0 ? [] : this.#idle.splice(index, 1);
      if (!entry) return undefined;
      clearTimeout(entry.expiry);
      if (!entry.environment.ended) return entry.environment;
      pool.environments.delete(entry.environment);
    }
  }

  #startEnvironment(pool: Pool): ExecutionEnvironment {
    const { definition } = pool;
    const { name, memorySizeMb, codeFolder, handler } = definition;
    const variables = {
      // A fixed set, as in Lambda: nothing of the environment this process runs in may reach a function.
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...definition.environment,
      ...this.#options.environment(definition),
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: codeFolder,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memorySizeMb),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: randomUUID(),
    };
    const environment = new ExecutionEnvironment(definition, variables, (line) => this.#write(pool, line));
    pool.environments.add(environment);
    return environment;
  }

  #release(pool: Pool, environment: ExecutionEnvironment): void {
    if (environment.ended || this.#closed) {
      pool.environments.delete(environment);
      return;
    }
    const expiry = setTimeout(() => this.#discard(environment), this.#options.idleMs ?? 60_000).unref();
    this.#idle.push({ pool, environment, expiry });
    const oldest = this.#idle.length > IDLE_LIMIT ? this.#idle[0] : undefined;
    if (oldest) this.#discard(oldest.environment);
  }

  #discard(environment: ExecutionEnvironment): void {
    const index = this.#idle.findIndex((entry) => entry.environment === environment);
    const [entry] = index < 0 ? [] : this.#idle.splice(index, 1);
    clearTimeout(entry?.expiry);
    entry?.pool.environments.delete(environment);
    void environment.stop();
  }

  #write(pool: Pool, line: string): void {
    this.#options.log?.(pool.definition.name, line);
    if (this.#closed) return;
    pool.log ??= createWriteStream(path.join(this.#options.logFolder, `${pool.definition.name}.log`), {
      flags: 'a',
    });
    pool.log.write(`${new Date().toISOString()} ${line}\n`);
  }
}
