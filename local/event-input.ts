import type { CloudEvent } from './s3-events.ts';
import { TemplateError } from './template-error.ts';

/** How a rule turns an event into the input of a target; at most one of the three. */
export interface InputProperties {
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: {
    readonly InputPathsMap?: Readonly<Record<string, string>>;
    readonly InputTemplate: string;
  };
}

/** The rule an input is made for. */
export interface RuleIdentity {
  readonly name: string;
  readonly arn: string;
}

type Select = (event: unknown) => unknown;

/** Compiles `$`, `$.a.b-c` and `$.a[0].b`. @throws TemplateError for any other JSONPath */
function parsePath(path: string): Select {
  if (!/^\$(\.[\w-]+|\[\d+\])*$/.test(path))
    throw new TemplateError(
      `the path ${path} is not understood; use names and indexes, such as $.detail.items[0].key`,
    );
  const steps = path.match(/[\w-]+/g) ?? [];
  return (event) =>
    steps.reduce<unknown>((value, step) => {
      if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined;
      return (value as Record<string, unknown>)[step];
    }, event);
}

const VARIABLE = /<([\w.-]+)>/g;

/** A JSON text in quotes, or a variable outside of them. */
const TEXT_OR_VARIABLE = /"(?:[^"\\]|\\.)*"|<([\w.-]+)>/g;

function transformer(
  { InputPathsMap = {}, InputTemplate }: NonNullable<InputProperties['InputTransformer']>,
  rule: RuleIdentity,
) {
  const paths = new Map(Object.entries(InputPathsMap).map(([name, path]) => [name, parsePath(path)]));
  const reserved: Readonly<Record<string, (event: CloudEvent) => unknown>> = {
    'aws.events.rule-arn': () => rule.arn,
    'aws.events.rule-name': () => rule.name,
    'aws.events.event.ingestion-time': (event) => event.time,
    'aws.events.event': (event) => event,
    'aws.events.event.json': (event) => event,
  };
  const selectOf = (name: string): Select => {
    const select = paths.get(name) ?? (reserved[name] as Select | undefined);
    if (!select)
      throw new TemplateError(`rule ${rule.name}: the input template uses <${name}>, which no path defines`);
    return select;
  };
  for (const [, name = ''] of InputTemplate.matchAll(VARIABLE)) selectOf(name);

  const asText = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  return (event: CloudEvent): unknown => {
    const filled = InputTemplate.replace(TEXT_OR_VARIABLE, (part, bare: string | undefined) => {
      if (bare !== undefined) return JSON.stringify(selectOf(bare)(event) ?? '');
      // Within quotes a value becomes a part of the text, escaped as JSON.
      return part.replace(VARIABLE, (_, name: string) =>
        JSON.stringify(asText(selectOf(name)(event))).slice(1, -1),
      );
    });
    try {
      return JSON.parse(filled);
    } catch {
      throw new Error(`rule ${rule.name}: the input template gives no JSON: ${filled}`);
    }
  };
}

/**
 * Compiles how a target's input is made: constant, a part of the event, by template, or the event itself.
 *
 * @throws TemplateError for malformed constants, paths and templates
 */
export function compileInput(
  properties: InputProperties,
  rule: RuleIdentity,
): (event: CloudEvent) => unknown {
  const { Input, InputPath, InputTransformer } = properties;
  if (Input !== undefined)
    try {
      const constant: unknown = JSON.parse(Input);
      return () => constant;
    } catch {
      throw new TemplateError(`rule ${rule.name}: Input is not JSON: ${Input}`);
    }
  if (InputPath !== undefined) return parsePath(InputPath);
  if (InputTransformer !== undefined) return transformer(InputTransformer, rule);
  return (event) => event;
}
