import type { Json } from './workflow-engine.ts';
import type { MapProgress } from './workflow-map.ts';

/** What a progress display hears of an execution. */
export interface StateEvent {
  readonly executionArn: string;
  /** Name of the execution. */
  readonly name: string;
  readonly state: string;
  /** `failed` also comes before a retry; `entered` comes again with `map` whenever items of a map have ended. */
  readonly kind: 'entered' | 'exited' | 'failed';
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
  readonly at: Date;
  readonly map?: MapProgress;
}

/** An event of `GetExecutionHistory`: the API's names, without ids of earlier events. */
export interface HistoryEvent {
  readonly id: number;
  readonly timestamp: Date;
  readonly type: string;
  readonly details: { readonly field: string; readonly value: Readonly<Record<string, string>> } | undefined;
}

/** The part of the engine's log entries that is read. */
interface LogEntry {
  readonly type: string;
  readonly timestamp: number;
  readonly state?: {
    readonly name: string;
    readonly type: string;
    readonly input: Json;
    readonly output?: Json;
  };
  readonly input?: Json;
  readonly output?: Json;
  readonly Error?: string;
  readonly Cause?: unknown;
}

const text = (value: unknown) => JSON.stringify(value ?? null);

/** Collects what happens in one execution, and passes state changes on as they come. */
export class ExecutionHistory {
  readonly events: HistoryEvent[] = [];
  readonly #execution: { readonly executionArn: string; readonly name: string };
  readonly #maps: ReadonlyMap<string, unknown>;
  readonly #onState: ((event: StateEvent) => void) | undefined;

  /** @param maps distributed maps by name: the engine takes them for tasks */
  constructor(
    executionArn: string,
    name: string,
    maps: ReadonlyMap<string, unknown>,
    onState?: (event: StateEvent) => void,
  ) {
    this.#execution = { executionArn, name };
    this.#maps = maps;
    this.#onState = onState;
  }

  /** Reads the engine's log to its end. */
  async record(log: AsyncIterable<unknown>): Promise<void> {
    for await (const entry of log as AsyncIterable<LogEntry>) {
      this.#remember(entry);
      this.#report(entry);
    }
  }

  mapProgress(state: string, map: MapProgress): void {
    this.#onState?.({ ...this.#execution, state, kind: 'entered', at: new Date(), map });
  }

  #report({ type, state, timestamp, Error: error, Cause: cause }: LogEntry): void {
    if (!state || !this.#onState) return;
    const event = { ...this.#execution, state: state.name, at: new Date(timestamp) };
    if (type === 'StateEntered') this.#onState({ ...event, kind: 'entered', input: state.input });
    if (type === 'StateExited') this.#onState({ ...event, kind: 'exited', output: state.output ?? null });
    if (type === 'StateFailed') {
      this.#onState({ ...event, kind: 'failed', error: error ?? '', cause: causeText(cause) });
    }
  }

  #remember({ type, state, timestamp, input, output, Error: error = '', Cause: cause }: LogEntry): void {
    const add = (name: string, field?: string, value?: Readonly<Record<string, string>>) =>
      this.events.push({
        id: this.events.length + 1,
        timestamp: new Date(timestamp),
        type: name,
        details: field && value ? { field, value } : undefined,
      });
    const kind = state && (this.#maps.has(state.name) ? 'Map' : state.type);
    const failure = { error, cause: causeText(cause) };
    if (type === 'ExecutionStarted') add(type, 'executionStartedEventDetails', { input: text(input) });
    if (type === 'ExecutionSucceeded') add(type, 'executionSucceededEventDetails', { output: text(output) });
    if (type === 'ExecutionFailed') add(type, 'executionFailedEventDetails', failure);
    if (type === 'ExecutionAborted') add(type);
    if (type === 'ExecutionTimeout') add('ExecutionTimedOut');
    if (state && type === 'StateEntered') {
      const value = { name: state.name, input: text(state.input) };
      add(`${kind}StateEntered`, 'stateEnteredEventDetails', value);
    }
    if (state && type === 'StateExited') {
      const value = { name: state.name, output: text(state.output) };
      add(`${kind}StateExited`, 'stateExitedEventDetails', value);
    }
    if (state && type === 'StateFailed' && kind === 'Task')
      add('TaskFailed', 'taskFailedEventDetails', failure);
    if (state && type === 'StateFailed' && kind === 'Map') add('MapStateFailed');
  }
}

const causeText = (cause: unknown) =>
  typeof cause === 'string'
    ? cause
    : cause instanceof Error
      ? cause.message
      : cause === undefined
        ? ''
        : text(cause);
