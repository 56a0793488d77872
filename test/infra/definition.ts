import { z } from 'zod';
import { resourcesOf, resourceText, type StackTemplate } from './synthesize.ts';

/** The state machine's definition, with functions as ARNs that end in the logical id of the function. */
export function definitionOf(service: StackTemplate, prefix = 'Segmentation'): Definition {
  const properties = machineOf(service, prefix);
  const joined = z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });
  const [, parts] = joined.parse(properties?.DefinitionString)['Fn::Join'];
  const written = parts.map((part) =>
    resourceText(part)
      .replace(/^<((?:Steps|Drilldowns)\w+)\.Arn>$/, 'arn:aws:lambda:eu-central-1:000000000000:function:$1')
      .replace('<AWS::Partition>', 'aws'),
  );
  return definitionSchema.parse(JSON.parse(written.join('')));
}

/** Properties of the state machine whose logical id starts with `prefix`. */
export function machineOf(service: StackTemplate, prefix = 'Segmentation'): Record<string, unknown> {
  const machines = resourcesOf(service, 'AWS::StepFunctions::StateMachine');
  const [, properties] = machines.find(([id]) => id.startsWith(prefix)) ?? [];
  if (!properties) throw new Error(`no state machine ${prefix}`);
  return properties;
}

const stateSchema = z.looseObject({
  Type: z.string(),
  Resource: z.string().optional(),
  Next: z.string().optional(),
  End: z.boolean().optional(),
  Default: z.string().optional(),
  Choices: z.array(z.looseObject({ Next: z.string() })).optional(),
  Retry: z.array(z.looseObject({ ErrorEquals: z.array(z.string()) })).optional(),
  Catch: z.array(z.looseObject({ ErrorEquals: z.array(z.string()), Next: z.string() })).optional(),
  TimeoutSeconds: z.number().optional(),
  get ItemProcessor() {
    return definitionSchema.optional();
  },
});
/** One state, as far as the tests read it. */
export type State = z.output<typeof stateSchema>;

const definitionSchema = z.looseObject({
  StartAt: z.string(),
  get States() {
    return z.record(z.string(), stateSchema);
  },
});
/** A state machine's definition, or the part of one that a map runs. */
export type Definition = z.output<typeof definitionSchema>;

/** Every state with the map that holds it, undefined at the top. */
export function statesOf(
  definition: Definition,
  map?: string,
): { name: string; state: State; map?: string }[] {
  return Object.entries(definition.States).flatMap(([name, state]) => [
    { name, state, ...(map === undefined ? {} : { map }) },
    ...(state.ItemProcessor ? statesOf(state.ItemProcessor, name) : []),
  ]);
}
