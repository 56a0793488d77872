import type { Definition, State } from './workflow-engine.ts';
import { checkDefinition, isDistributed, isReferenceField } from './workflow-support.ts';

/** Longest timer of the platform (2³¹ − 1 ms), in whole seconds: 24 days stand for "no timeout". */
const LONGEST_SECONDS = 2_147_483;
/** A child that runs as an express workflow ends after five minutes. */
const EXPRESS_SECONDS = 300;

/** A distributed map: the state as the template has it, and the adapted machine its children run. */
export interface DistributedMap {
  readonly name: string;
  readonly state: State;
  readonly child: Definition;
}

/** A definition the engine can run: handlers stand in for all tasks and distributed maps, by state name. */
export interface AdaptedDefinition {
  readonly definition: Definition;
  /** Resource of each task. */
  readonly tasks: ReadonlyMap<string, string>;
  readonly maps: ReadonlyMap<string, DistributedMap>;
}

/** `$$.Execution` is read as `$$.Run`, which the engine does not overwrite in branches. */
function readExecutionFromRun(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readExecutionFromRun);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === 'string' && isReferenceField(key)
        ? inner.replaceAll('$$.Execution.', () => '$$.Run.')
        : readExecutionFromRun(inner),
    ]),
  );
}

const seconds = (value: unknown) => Math.min(Number(value ?? LONGEST_SECONDS), LONGEST_SECONDS);

/** The engine takes `$` for the name of a field; on AWS it is the default and replaces the input. */
function withoutRootResultPath(state: State): State {
  const { ResultPath, ...rest } = state;
  const catchers = (state.Catch as readonly State[] | undefined)?.map((catcher) =>
    withoutRootResultPath(catcher),
  );
  return {
    ...(ResultPath === '$' ? (rest as State) : state),
    ...(catchers && { Catch: catchers }),
  };
}

/** A distributed map becomes a task of the same name, which keeps everything but the map itself. */
function mapAsTask({ state, name }: DistributedMap): State {
  const kept = [
    'Comment',
    'InputPath',
    'ResultSelector',
    'ResultPath',
    'OutputPath',
    'Retry',
    'Catch',
    'Next',
    'End',
  ];
  return {
    Type: 'Task',
    Resource: `local:map:${name}`,
    TimeoutSeconds: LONGEST_SECONDS,
    ...Object.fromEntries(Object.entries(state).filter(([field]) => kept.includes(field))),
  };
}

/**
 * Checks a definition and prepares it for the engine, which lacks the distributed map and gives a task that names no
 * timeout only a minute.
 *
 * @param machine name of the state machine, for messages
 * @throws WorkflowDefinitionError when something in it is not run on this machine
 */
export function adaptDefinition(machine: string, definition: Definition): AdaptedDefinition {
  checkDefinition(machine, definition);
  const tasks = new Map<string, string>();
  const maps = new Map<string, DistributedMap>();

  const adaptState = (name: string, original: State): State => {
    const state = withoutRootResultPath(original);
    if (state.Type === 'Parallel') {
      return { ...state, Branches: (state.Branches as readonly Definition[]).map(adaptMachine) };
    }
    if (state.Type === 'Map') {
      const { Iterator: iterator, ItemProcessor: processor = iterator, ...rest } = state;
      const { ProcessorConfig: config, ...inner } = processor as Definition;
      const child = adaptMachine(inner as Definition);
      if (!isDistributed(state)) return { ...rest, ItemProcessor: child } as State;
      const isExpress = (config as { ExecutionType?: string }).ExecutionType === 'EXPRESS';
      const map = { name, state, child: isExpress ? { ...child, TimeoutSeconds: EXPRESS_SECONDS } : child };
      maps.set(name, map);
      return mapAsTask(map);
    }
    if (state.Type !== 'Task') return state;
    tasks.set(name, String(state.Resource));
    return state.TimeoutSecondsPath ? state : { ...state, TimeoutSeconds: seconds(state.TimeoutSeconds) };
  };
  const adaptMachine = (inner: Definition): Definition => ({
    ...inner,
    ...(inner.TimeoutSeconds !== undefined && { TimeoutSeconds: seconds(inner.TimeoutSeconds) }),
    States: Object.fromEntries(
      Object.entries(inner.States).map(([name, state]) => [name, adaptState(name, state)]),
    ),
  });
  const adapted = adaptMachine(readExecutionFromRun(definition) as Definition);
  return { definition: adapted, tasks, maps };
}
