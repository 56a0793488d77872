import { setTimeout as sleep } from 'node:timers/promises';
import { MAPS, type PlanResult, type RunRef, STEPS } from '../functions/contracts/workflow.ts';
import type { LocalCloud } from '../local/main.ts';
import type { StateEvent } from '../local/workflow-history.ts';
import type { ProgressView, StateProgress } from './progress.ts';

const POLL_MS = 200;

/** The step that a state runs, where it runs one: states that only route are not shown. */
const stepOf: ReadonlyMap<string, string> = new Map([
  ...STEPS.map((step) => [step, step] as const),
  ...Object.entries(MAPS).map(([map, { step }]) => [map, step] as const),
]);

/** The dropped key in an execution's input, as the drop rule writes it. */
export function triggerKey(input: unknown): string | undefined {
  const { trigger } = (input ?? {}) as { trigger?: unknown };
  const { key } = (typeof trigger === 'object' && trigger !== null ? trigger : (input ?? {})) as {
    key?: unknown;
  };
  return typeof key === 'string' ? key : undefined;
}

/** How an execution ended. */
export interface ExecutionEnd {
  readonly executionArn: string;
  readonly run?: RunRef;
  readonly outcome?: PlanResult['outcome'];
  /** Absent when it succeeded. */
  readonly failure?: { readonly error: string; readonly cause: string };
  /** Wall-clock time of each state, in order. */
  readonly states: readonly StateProgress[];
}

/** Rows handled so far per state, as far as the API knows them. */
export type RowsOf = (run: RunRef) => Promise<ReadonlyMap<string, number>>;

interface Entry {
  state: string;
  status: StateProgress['status'];
  done: number;
  total: number;
  startedAt: number;
  endedAt?: number;
}

/** Follows the execution that a dropped object starts: collects the state events of the local workflow. */
export class ExecutionTracker {
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #plans = new Map<string, PlanResult>();
  /** Dropped key → execution. */
  readonly #executions = new Map<string, string>();

  /** Pass this to the local cloud. */
  readonly onState = (event: StateEvent): void => {
    const { executionArn, state, kind, input, output, at, map } = event;
    const key = triggerKey(input);
    if (key !== undefined && !this.#executions.has(key)) this.#executions.set(key, executionArn);
    const entries = this.#entries.get(executionArn) ?? new Map<string, Entry>();
    this.#entries.set(executionArn, entries);
    const entry: Entry = entries.get(state) ?? {
      state,
      status: 'running',
      done: 0,
      total: 1,
      startedAt: at.getTime(),
    };
    entries.set(state, entry);
    if (map) {
      entry.done = map.done;
      entry.total = map.total;
    }
    if (kind === 'exited') {
      entry.status = 'done';
      if (!map) entry.done = entry.total;
      entry.endedAt = at.getTime();
    }
    if (kind === 'failed') {
      entry.status = 'failed';
      entry.endedAt = at.getTime();
    }
    if (kind === 'entered') entry.status = 'running';
    const plan = (output as { plan?: PlanResult } | undefined)?.plan;
    if (state === 'PlanRun' && kind === 'exited' && plan) this.#plans.set(executionArn, plan);
  };

  /** Waits for the execution that the dropped key starts, showing its states, until it has ended. */
  async follow(cloud: LocalCloud, key: string, view: ProgressView, rowsOf: RowsOf): Promise<ExecutionEnd> {
    const arn = await this.#executionOf(key);
    let ended = false;
    const finished = cloud.workflow.finished(arn).finally(() => (ended = true));
    let rows: ReadonlyMap<string, number> = new Map();
    while (!ended) {
      await Promise.race([sleep(POLL_MS), finished]);
      const run = this.#plans.get(arn)?.run;
      if (run) rows = await rowsOf(run).catch(() => rows);
      view.show(this.#states(arn, rows));
    }
    const { status, error = status, cause = '' } = await finished;
    const plan = this.#plans.get(arn);
    const states = this.#states(arn, rows);
    view.finish(states);
    return {
      executionArn: arn,
      ...(plan?.run ? { run: plan.run } : {}),
      ...(plan ? { outcome: plan.outcome } : {}),
      ...(status === 'SUCCEEDED' ? {} : { failure: { error, cause } }),
      states,
    };
  }

  async #executionOf(key: string): Promise<string> {
    for (let waited = 0; waited < 30_000; waited += POLL_MS) {
      const arn = this.#executions.get(key);
      if (arn !== undefined) return arn;
      await sleep(POLL_MS);
    }
    throw new Error(
      `Dropping ${key} started no execution within 30 s: the drop rule of the template does not match.`,
    );
  }

  #states(arn: string, rows: ReadonlyMap<string, number>): StateProgress[] {
    const now = Date.now();
    return [...(this.#entries.get(arn)?.values() ?? [])]
      .filter(({ state }) => stepOf.has(state))
      .map(({ state, status, done, total, startedAt, endedAt }) => {
        const step = stepOf.get(state)!;
        const elapsedMs = (endedAt ?? now) - startedAt;
        return { state: step, status, done, total, rows: rows.get(step) ?? 0, elapsedMs };
      });
  }
}
