import aslValidator from 'asl-validator';
import type { Definition, State } from './workflow-engine.ts';
import { WorkflowDefinitionError } from './workflow-error.ts';

const IO = ['InputPath', 'OutputPath'];
const RESULT = ['ResultSelector', 'ResultPath', 'Retry', 'Catch'];

/** Every field that is honoured, by type of state; a definition with any other is refused. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Task: [...IO, ...RESULT, 'Parameters', 'Resource', 'TimeoutSeconds', 'TimeoutSecondsPath'],
  Parallel: [...IO, ...RESULT, 'Parameters', 'Branches'],
  Map: [...IO, ...RESULT, 'ItemsPath', 'ItemSelector', 'Parameters', 'MaxConcurrency', 'MaxConcurrencyPath']
    .concat(['ItemProcessor', 'Iterator', 'ItemReader', 'ItemBatcher', 'ResultWriter', 'Label'])
    .concat(['ToleratedFailurePercentage', 'ToleratedFailurePercentagePath'])
    .concat(['ToleratedFailureCount', 'ToleratedFailureCountPath']),
  Pass: [...IO, 'Result', 'ResultPath', 'Parameters'],
  Wait: [...IO, 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'],
  Choice: [...IO, 'Choices', 'Default'],
  Succeed: IO,
  Fail: ['Error', 'Cause', 'ErrorPath', 'CausePath'],
};
const ANY_STATE = ['Type', 'Comment', 'Next', 'End', 'QueryLanguage'];
const ANY_MACHINE = ['Comment', 'Version', 'StartAt', 'States', 'TimeoutSeconds', 'QueryLanguage'];
const DISTRIBUTED_ONLY = /^(ItemReader|ItemBatcher|ResultWriter|Label|Tolerated.*)$/;

/** Task resources that are run. */
export const LAMBDA_INVOKE = 'arn:aws:states:::lambda:invoke';
const isFunctionArn = (resource: string) => /^arn:aws:lambda:[^:]*:\d*:function:[^:]+/.test(resource);

/** Field lists of the parts of a distributed map; the pattern says which resources are honoured. */
const PARTS: Readonly<Record<string, { fields: readonly string[]; resource?: RegExp }>> = {
  ItemReader: {
    fields: ['Resource', 'ReaderConfig', 'Parameters'],
    resource: /^arn:aws:states:::s3:(getObject|listObjectsV2)$/,
  },
  ItemBatcher: {
    fields: [
      'MaxItemsPerBatch',
      'MaxItemsPerBatchPath',
      'MaxInputBytesPerBatch',
      'MaxInputBytesPerBatchPath',
      'BatchInput',
    ],
  },
  ResultWriter: {
    fields: ['Resource', 'Parameters', 'WriterConfig'],
    resource: /^arn:aws:states:::s3:putObject$/,
  },
};

/** Calls `visit` with every reference (path or intrinsic) in a state, without descending into inner machines. */
function eachReference(value: unknown, visit: (text: string) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && isReferenceField(key)) visit(inner);
    else if (key !== 'States' && key !== 'Branches') eachReference(inner, visit);
  }
}

/** True for fields whose text is a path or an intrinsic function rather than a plain value. */
export const isReferenceField = (field: string) =>
  field.endsWith('.$') || field === 'Variable' || (field.endsWith('Path') && field !== 'ResultPath');

/** Whether a Map state runs its items as child executions. */
export const isDistributed = (state: State): boolean => {
  const processor = (state.ItemProcessor ?? state.Iterator) as
    | { ProcessorConfig?: { Mode?: string } }
    | undefined;
  return state.Type === 'Map' && processor?.ProcessorConfig?.Mode === 'DISTRIBUTED';
};

function* partProblems(state: State): Generator<string> {
  for (const [part, { fields, resource }] of Object.entries(PARTS)) {
    const value = state[part] as Readonly<Record<string, unknown>> | undefined;
    if (!value) continue;
    for (const field of Object.keys(value)) if (!fields.includes(field)) yield `${part}.${field}`;
    if (resource && !resource.test(String(value.Resource)))
      yield `${part} with Resource ${String(value.Resource)}`;
    const { InputType: input = 'JSON', ...reader } = (value.ReaderConfig ?? {}) as Record<string, unknown>;
    if (input !== 'JSON' && input !== 'JSONL') yield `${part} of ${String(input)}`;
    for (const field of Object.keys(reader)) {
      if (field !== 'MaxItems' && field !== 'MaxItemsPath') yield `${part}.ReaderConfig.${field}`;
    }
    const { Transformation: form = 'NONE', OutputType: output = 'JSON' } = (value.WriterConfig ??
      {}) as Record<string, unknown>;
    if (form !== 'NONE' || output !== 'JSON') yield `${part}.WriterConfig other than NONE and JSON`;
  }
}

function* stateProblems(state: State): Generator<string> {
  const allowed = [...ANY_STATE, ...(FIELDS[state.Type] ?? [])];
  if (!FIELDS[state.Type]) yield `the type ${state.Type}`;
  if (state.QueryLanguage && state.QueryLanguage !== 'JSONPath') yield 'JSONata';
  for (const field of Object.keys(state)) {
    if (!allowed.includes(field) || (DISTRIBUTED_ONLY.test(field) && !isDistributed(state))) yield field;
  }
  if (state.Type === 'Task') {
    const resource = String(state.Resource);
    if (resource !== LAMBDA_INVOKE && !isFunctionArn(resource)) yield `the integration ${resource}`;
  }
  if (state.Type === 'Pass' && 'Result' in state && !state.Result)
    yield `Result ${JSON.stringify(state.Result)}`;
  yield* partProblems(state);

  const found = new Set<string>();
  for (const [field, value] of Object.entries(state)) {
    const perItem = state.Type === 'Map' && (field === 'ItemSelector' || field === 'Parameters');
    eachReference({ [field]: value }, (text) => {
      if (/\$\$\.Map\b/.test(text) && !perItem) found.add('$$.Map outside ItemSelector');
      if (/\$\$\.State\b/.test(text)) found.add('$$.State');
      if (/\$\$\.Task\b/.test(text)) found.add('$$.Task');
      if (text === '$$' || text === '$$.Execution') found.add(`the whole of ${text}`);
      if (/(^|[\s,(])\$[A-Za-z_]/.test(text)) found.add(`the variable ${text}`);
    });
  }
  yield* found;
}

/**
 * Checks that a definition is sound and that everything in it is run on this machine as on AWS.
 * @throws WorkflowDefinitionError with one line per finding, naming machine and state
 */
export function checkDefinition(machine: string, definition: Definition): void {
  const problems: string[] = [];
  const names = new Set<string>();
  const visit = (inner: Definition, at: string, inChild: boolean) => {
    const known = at === machine ? ANY_MACHINE : [...ANY_MACHINE, 'ProcessorConfig'];
    for (const field of Object.keys(inner)) if (!known.includes(field)) problems.push(`${at}: ${field}`);
    if (inner.QueryLanguage && inner.QueryLanguage !== 'JSONPath') problems.push(`${at}: JSONata`);
    for (const [name, state] of Object.entries(inner.States ?? {})) {
      if (names.has(name)) problems.push(`${at}, state ${name}: a second state of this name`);
      names.add(name);
      const distributed = isDistributed(state);
      if (distributed && inChild) problems.push(`${at}, state ${name}: a distributed map inside another`);
      for (const problem of stateProblems(state)) problems.push(`${at}, state ${name}: ${problem}`);
      const processor = (state.ItemProcessor ?? state.Iterator) as Definition | undefined;
      const branches = (state.Branches ?? []) as readonly Definition[];
      for (const each of processor ? [processor, ...branches] : branches)
        visit(each, `${machine}, in ${name}`, inChild || distributed);
    }
  };
  visit(definition, machine, false);
  if (problems.length > 0) {
    throw new WorkflowDefinitionError(
      `The state machine uses what is not run locally; change the definition:\n${problems.join('\n')}`,
    );
  }
  const { isValid, errorsText } = aslValidator(structuredClone(definition), {
    checkArn: false,
    checkPaths: true,
  });
  if (!isValid) {
    throw new WorkflowDefinitionError(`The state machine ${machine} is not valid:\n${errorsText('\n')}`);
  }
}
