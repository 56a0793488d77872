import { randomUUID } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { failureOf } from './workflow-child.ts';
import { type AdaptedDefinition, adaptDefinition } from './workflow-definition.ts';
import {
  type Context,
  type Definition,
  type Json,
  runMachine,
  type TaskHandlers,
} from './workflow-engine.ts';
import { StatesError, WorkflowServiceError, withinStateLimit } from './workflow-error.ts';
import { ExecutionHistory, type HistoryEvent, type StateEvent } from './workflow-history.ts';
import { runDistributedMap } from './workflow-map.ts';
import { Permits } from './workflow-permits.ts';
import type { ExecutionStatus } from './workflow-results.ts';
import { runTask, type TaskServices } from './workflow-tasks.ts';

/** Executions that have ended are forgotten, oldest first, beyond this many. */
const REMEMBERED = 1000;

/** A state machine as its template declares it. */
export interface StateMachineDefinition {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  readonly definition: Definition;
}

/** An execution as the API describes it. */
export interface ExecutionDescription {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startDate: Date;
  readonly stopDate?: Date;
  /** JSON text. */
  readonly input: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

export interface WorkflowOptions extends TaskServices {
  readonly machines: readonly StateMachineDefinition[];
  /** S3 with the rights of a role. */
  readonly s3: (roleArn: string) => S3Client;
  /** Children of distributed maps that run at once at most, over all executions. */
  readonly concurrency: number;
  readonly onState?: (event: StateEvent) => void;
}

interface Machine extends StateMachineDefinition {
  readonly adapted: AdaptedDefinition;
}

interface Execution {
  description: ExecutionDescription;
  readonly history: ExecutionHistory;
  readonly done: Promise<void>;
  stop(error?: string, cause?: string): void;
}

/** The state machines of a template and their executions, which last as long as this process. */
export class Workflow {
  readonly #options: WorkflowOptions;
  readonly #machines: ReadonlyMap<string, Machine>;
  readonly #executions = new Map<string, Execution>();
  readonly #permits: Permits;

  /** @throws WorkflowDefinitionError when a definition uses what is not run on this machine */
  constructor(options: WorkflowOptions) {
    this.#options = options;
    this.#permits = new Permits(options.concurrency);
    this.#machines = new Map(
      options.machines.map((machine) => [
        machine.arn,
        { ...machine, adapted: adaptDefinition(machine.name, machine.definition) },
      ]),
    );
  }

  /** ARNs of all state machines. */
  get stateMachineArns(): string[] {
    return [...this.#machines.keys()];
  }

  /**
   * Starts an execution. The same name with the same input while it runs is the same execution.
   *
   * @param name 1 to 80 characters; a random one by default
   * @returns the execution's ARN
   * @throws WorkflowServiceError `StateMachineDoesNotExist`, `InvalidName` or `ExecutionAlreadyExists`; StatesError
   * when the input is too large
   */
  start(stateMachineArn: string, input: Json, name: string = randomUUID()): string {
    const machine = this.#machines.get(stateMachineArn);
    if (!machine) {
      const message = `State Machine Does Not Exist: '${stateMachineArn}'`;
      throw new WorkflowServiceError('StateMachineDoesNotExist', message);
    }
    if (!/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u.test(name)) {
      throw new WorkflowServiceError(
        'InvalidName',
        `Invalid Name: '${name}'; use 1 to 80 of a-z, A-Z, 0-9, - and _`,
      );
    }
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const earlier = this.#executions.get(executionArn)?.description;
    if (earlier?.status === 'RUNNING' && earlier.input === JSON.stringify(input)) return executionArn;
    if (earlier) {
      throw new WorkflowServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
    }
    withinStateLimit(input, 'input of the execution');
    this.#executions.set(executionArn, this.#run(machine, executionArn, name, input));
    this.#forgetOldest();
    return executionArn;
  }

  /** @throws WorkflowServiceError `ExecutionDoesNotExist` */
  describe(executionArn: string): ExecutionDescription {
    return this.#find(executionArn).description;
  }

  /** Executions of one machine, latest first. */
  list(stateMachineArn: string, status?: string): ExecutionDescription[] {
    return [...this.#executions.values()]
      .map(({ description }) => description)
      .filter((each) => each.stateMachineArn === stateMachineArn && (!status || each.status === status))
      .reverse();
  }

  /** What happened in an execution so far, without the children of its distributed maps. */
  history(executionArn: string): readonly HistoryEvent[] {
    return this.#find(executionArn).history.events;
  }

  /** Waits until an execution has ended and describes it. */
  async finished(executionArn: string): Promise<ExecutionDescription> {
    const execution = this.#find(executionArn);
    await execution.done;
    return execution.description;
  }

  /** Ends an execution as ABORTED; functions that are running already run to their end, as on AWS. */
  async stop(executionArn: string, error?: string, cause?: string): Promise<ExecutionDescription> {
    this.#find(executionArn).stop(error, cause);
    return this.finished(executionArn);
  }

  /** Aborts what is running and waits until it has ended. */
  async close(): Promise<void> {
    const running = [...this.#executions.values()];
    for (const execution of running) execution.stop();
    await Promise.all(running.map(({ done }) => done));
  }

  #find(executionArn: string): Execution {
    const execution = this.#executions.get(executionArn);
    if (execution) return execution;
    throw new WorkflowServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
  }

  #run(machine: Machine, executionArn: string, name: string, input: Json): Execution {
    const startDate = new Date();
    const context: Context = {
      Run: {
        Id: executionArn,
        Name: name,
        Input: input,
        StartTime: startDate.toISOString(),
        RoleArn: machine.roleArn,
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
    };
    const history = new ExecutionHistory(executionArn, name, machine.adapted.maps, this.#options.onState);
    const ended = new AbortController();
    const handlers = this.#handlers(machine, history, ended.signal);
    const run = runMachine(machine.adapted.definition, input, context, handlers(context));
    const recorded = history.record(run.eventLogs);
    let stopped: { error?: string; cause?: string } = {};

    const settle = async () => {
      const outcome = await run.result.then(
        (output) => ({ status: 'SUCCEEDED' as const, output: JSON.stringify(output) }),
        (thrown: unknown) => ({ ...failureOf(thrown), ...stopped }),
      );
      ended.abort();
      await recorded;
      execution.description = { ...execution.description, ...outcome, stopDate: new Date() };
    };
    const execution: Execution = {
      description: {
        executionArn,
        stateMachineArn: machine.arn,
        name,
        status: 'RUNNING',
        startDate,
        input: JSON.stringify(input),
      },
      history,
      done: Promise.resolve().then(settle),
      stop(error, cause) {
        stopped = { ...(error !== undefined && { error }), ...(cause !== undefined && { cause }) };
        run.abort();
      },
    };
    return execution;
  }

  #handlers({ adapted, roleArn }: Machine, history: ExecutionHistory, signal: AbortSignal) {
    const { s3 } = this.#options;
    // The engine retries a state even after its execution was aborted; this keeps such a retry from doing anything.
    const whileRunning = (work: (input: Json) => Promise<Json>) => async (input: Json) => {
      if (signal.aborted)
        throw new StatesError('States.Runtime', 'The execution has ended.', { final: true });
      return work(input);
    };
    const handlers = (context: Context): TaskHandlers => ({
      ...Object.fromEntries(
        [...adapted.tasks].map(([state, resource]) => [
          state,
          whileRunning((input) => runTask(state, resource, input, roleArn, this.#options)),
        ]),
      ),
      ...Object.fromEntries(
        [...adapted.maps.values()].map((map) => [
          map.name,
          whileRunning((input) =>
            runDistributedMap(map, input, context, {
              permits: this.#permits,
              s3: s3(roleArn),
              handlers,
              onProgress: (progress) => history.mapProgress(map.name, progress),
              signal,
            }),
          ),
        ]),
      ),
    });
    return handlers;
  }

  #forgetOldest(): void {
    if (this.#executions.size <= REMEMBERED) return;
    for (const [arn, { description }] of this.#executions) {
      if (description.status === 'RUNNING') continue;
      this.#executions.delete(arn);
      return;
    }
  }
}
