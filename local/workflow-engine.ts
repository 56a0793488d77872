import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A state as the template has it; which fields exist depends on `Type`. */
export interface State {
  readonly Type: string;
  readonly [field: string]: unknown;
}

/** A state machine, branch or item processor. */
export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  readonly TimeoutSeconds?: number;
  readonly [field: string]: unknown;
}

/**
 * The context object (`$$`). The engine overwrites `Execution.Input` and `.StartTime` in every branch and template,
 * so the execution stands under `Run`, and definitions are rewritten to read it there.
 */
export interface Context {
  readonly Run: {
    readonly Id: string;
    readonly Name: string;
    readonly Input: Json;
    readonly StartTime: string;
    readonly RoleArn: string;
  };
  readonly StateMachine: { readonly Id: string; readonly Name: string };
}

/** What runs in place of a Task state, by state name; it gets the processed input of the state. */
export type TaskHandlers = Readonly<Record<string, (input: Json) => Promise<Json>>>;

/** Starts a machine on the engine; the definition must have been adapted and checked. */
export function runMachine(definition: Definition, input: Json, context: object, handlers: TaskHandlers) {
  // The definition was validated as a whole when it was loaded; validating again costs 100 ms a run.
  const machine = new StateMachine(definition as unknown as StateMachineDefinition, {
    validationOptions: { noValidate: true },
  });
  return machine.run(input, {
    context: { ...context },
    overrides: { taskResourceLocalHandlers: { ...handlers } },
  });
}

const evaluate = async (state: State, input: Json, context: object): Promise<Json> => {
  const { result } = runMachine(
    { StartAt: 'Only', States: { Only: { ...state, End: true } } },
    input,
    context,
    {},
  );
  return result.catch((error: Error) => {
    throw error.cause ?? error;
  });
};

/** Evaluates a payload template (`Parameters`, `ItemSelector` …) on a state's input. */
export const evaluateTemplate = (template: unknown, input: Json, context: Context): Promise<Json> =>
  evaluate({ Type: 'Pass', Parameters: template }, input, context);

/** Evaluates a reference path on a state's input. */
export async function evaluatePath(path: string, input: Json, context: Context): Promise<Json> {
  const { value } = (await evaluateTemplate({ 'value.$': path }, input, context)) as { value: Json };
  return value;
}

/**
 * Evaluates an item selector for each item. One inline map does it, since a run of the engine copies its input and
 * the input may itself hold all the items.
 */
export async function evaluatePerItem(
  selector: unknown,
  items: readonly Json[],
  input: Json,
  context: Context,
): Promise<Json[]> {
  const selected = await evaluate(
    {
      Type: 'Map',
      ItemsPath: '$$.Items',
      ItemSelector: selector,
      ItemProcessor: { StartAt: 'Item', States: { Item: { Type: 'Pass', End: true } } },
    },
    input,
    { ...context, Items: items },
  );
  return selected as Json[];
}
