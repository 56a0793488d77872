import { randomUUID } from 'node:crypto';
import type { DistributedMap } from './workflow-definition.ts';
import { type Context, type Json, runMachine, type TaskHandlers } from './workflow-engine.ts';
import { withinStateLimit } from './workflow-error.ts';
import type { ChildRecord, ExecutionStatus } from './workflow-results.ts';

/** How a run of the engine ended that did not succeed. */
export interface ExecutionFailure {
  readonly status: ExecutionStatus;
  readonly error?: string;
  readonly cause?: string;
}

/** Status, error and cause behind what a run of the engine threw. */
export function failureOf(thrown: unknown): ExecutionFailure {
  const outer = thrown as Error;
  if (outer.name === 'ExecutionAbortedError') return { status: 'ABORTED' };
  if (outer.name === 'ExecutionTimeoutError') return { status: 'TIMED_OUT', error: 'States.Timeout' };
  const { name, message } = (outer.cause ?? outer) as Error;
  return { status: 'FAILED', error: name, cause: message };
}

/** One child execution of a distributed map: an execution of its own, with its own id and input. */
export class ChildExecution {
  readonly context: Context;
  readonly #map: DistributedMap;
  #abort: (() => void) | undefined;
  #record: ChildRecord;
  #output: Json = null;

  constructor(map: DistributedMap, input: Json, parent: Context) {
    this.#map = map;
    const name = randomUUID();
    const label = String(map.state.Label ?? map.name);
    const machine = `${parent.StateMachine.Id}/${label}`;
    const id = `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
    const { RoleArn } = parent.Run;
    this.context = {
      Run: { Id: id, Name: name, Input: input, StartTime: new Date().toISOString(), RoleArn },
      StateMachine: { Id: machine, Name: `${parent.StateMachine.Name}/${label}` },
    };
    this.#record = {
      ExecutionArn: id,
      Name: name,
      StateMachineArn: machine,
      Input: JSON.stringify(input),
      InputDetails: { Included: true },
      Status: 'PENDING',
    };
  }

  /** What the result files say of this child. */
  get record(): ChildRecord {
    return this.#record;
  }

  /** What the map's result holds for this child: its output, or its record when it failed. */
  get result(): Json {
    return this.#record.Status === 'SUCCEEDED' ? this.#output : (this.#record as unknown as Json);
  }

  /** Runs to its end and never throws; the record tells how it ended. */
  async run(handlers: TaskHandlers): Promise<void> {
    const { Input } = this.context.Run;
    this.#record = { ...this.#record, Status: 'RUNNING', StartDate: new Date().toISOString() };
    try {
      withinStateLimit(Input, this.#map.name);
      const run = runMachine(this.#map.child, Input, this.context, handlers);
      this.#abort = run.abort;
      this.#output = await run.result;
      const Output = JSON.stringify(this.#output);
      this.#record = { ...this.#record, Status: 'SUCCEEDED', Output, OutputDetails: { Included: true } };
    } catch (thrown) {
      const { status, error, cause } = failureOf(thrown);
      const named = {
        ...(error !== undefined && { Error: error }),
        ...(cause !== undefined && { Cause: cause }),
      };
      this.#record = { ...this.#record, Status: status, ...named };
    }
    this.#record = { ...this.#record, StopDate: new Date().toISOString() };
  }

  abort(): void {
    this.#abort?.();
  }
}
