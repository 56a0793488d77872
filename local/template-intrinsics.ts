import { TemplateError } from './template-error.ts';

/** The look-ups behind the intrinsic functions of one stack; each throws `TemplateError` for what it does not know. */
export interface Scope {
  ref(logicalId: string): unknown;
  getAtt(logicalId: string, attribute: string): unknown;
  importValue(exportName: string): unknown;
}

type Resolver = (value: unknown) => unknown;

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

function list(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`${what} takes a list, found ${JSON.stringify(value)}; correct the template`);
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new TemplateError(`${what} takes a text, found ${JSON.stringify(value)}; correct the template`);
}

function attributeArguments(argument: unknown): [string, string] {
  const parts = typeof argument === 'string' ? argument.split(/\.(.*)/s) : list(argument, 'Fn::GetAtt');
  return [text(parts[0], 'Fn::GetAtt'), text(parts[1], 'Fn::GetAtt')];
}

function substitute(argument: unknown, scope: Scope, resolve: Resolver): string {
  const [template, given] = Array.isArray(argument) ? argument : [argument, {}];
  const variables = isObject(given) ? given : {};
  return text(template, 'Fn::Sub').replace(/\$\{(!?)([^}]*)\}/g, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (name in variables) return text(resolve(variables[name]), 'Fn::Sub');
    return text(name.includes('.') ? scope.getAtt(...attributeArguments(name)) : scope.ref(name), 'Fn::Sub');
  });
}

function select(argument: unknown, resolve: Resolver): unknown {
  const [index, items] = list(argument, 'Fn::Select');
  const chosen = list(resolve(items), 'Fn::Select')[Number(index)];
  if (chosen === undefined) throw new TemplateError(`Fn::Select has no item ${JSON.stringify(index)}`);
  return chosen;
}

/**
 * Resolves Ref, Fn::GetAtt, Fn::Join, Fn::Sub, Fn::Select, Fn::Split and Fn::ImportValue in a value of a template;
 * entries that become `AWS::NoValue` disappear.
 *
 * @throws TemplateError for any other intrinsic and for dynamic references (`{{resolve:…}}`)
 */
export function resolveIntrinsics(value: unknown, scope: Scope): unknown {
  const resolve: Resolver = (inner) => resolveIntrinsics(inner, scope);
  if (typeof value === 'string' && value.includes('{{resolve:'))
    throw new TemplateError(
      `the dynamic reference ${value} has no value on this machine; pass the value itself`,
    );
  if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== undefined);
  if (!isObject(value)) return value;

  const [name = '', ...others] = Object.keys(value);
  const argument = value[name];
  if (others.length === 0) {
    switch (name) {
      case 'Ref':
        return scope.ref(text(argument, 'Ref'));
      case 'Fn::GetAtt':
        return scope.getAtt(...attributeArguments(argument));
      case 'Fn::Join': {
        const [separator, parts] = list(argument, 'Fn::Join');
        const texts = list(resolve(parts), 'Fn::Join').map((part) => text(part, 'Fn::Join'));
        return texts.join(text(separator, 'Fn::Join'));
      }
      case 'Fn::Split': {
        const [separator, source] = list(argument, 'Fn::Split');
        return text(resolve(source), 'Fn::Split').split(text(separator, 'Fn::Split'));
      }
      case 'Fn::Select':
        return select(argument, resolve);
      case 'Fn::Sub':
        return substitute(argument, scope, resolve);
      case 'Fn::ImportValue':
        return scope.importValue(text(resolve(argument), 'Fn::ImportValue'));
      default:
        if (name.startsWith('Fn::'))
          throw new TemplateError(
            `the intrinsic ${name} is not resolved on this machine; write the value out`,
          );
    }
  }
  const entries = Object.entries(value).map(([key, inner]) => [key, resolve(inner)] as const);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}
