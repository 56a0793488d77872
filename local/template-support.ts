import type { Assembly, Resource } from './template.ts';
import { TemplateError } from './template-error.ts';
import { resolveIntrinsics } from './template-intrinsics.ts';
import { NO_EFFECT, SUPPORTED, type Support } from './template-types.ts';

const SECTIONS = new Set([
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Conditions',
  'Resources',
  'Outputs',
]);
const ATTRIBUTES = new Set([
  'Type',
  'Properties',
  'DependsOn',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
]);

/** Paths below `value` that `support` does not name. */
function unsupportedPaths(value: unknown, support: Support, at: string): string[] {
  const known = [...support.honoured, ...Object.keys(support.noEffect ?? {})];
  if (known.includes(at)) return [];
  if (Array.isArray(value)) return value.flatMap((item) => unsupportedPaths(item, support, at));
  if (value === null || typeof value !== 'object') return [at];
  if (at && !known.some((path) => path.startsWith(`${at}.`))) return [at];
  return Object.entries(value).flatMap(([key, inner]) =>
    unsupportedPaths(inner, support, at ? `${at}.${key}` : key),
  );
}

function problemsOf(resource: Resource): string[] {
  const { type, raw } = resource;
  const where = `${resource.stack}/${resource.logicalId} (${type})`;
  if (type in NO_EFFECT) return [];
  const support = SUPPORTED[type];
  if (!support) return [`${where}: this resource type does not run on one machine`];
  const attributes = Object.keys(raw).filter((attribute) => !ATTRIBUTES.has(attribute));
  const problems = attributes.map((attribute) => `${where}: the attribute ${attribute} is not honoured`);
  // Judged as written, so that an intrinsic in an unsupported place is named as the property it stands in.
  for (const path of new Set(unsupportedPaths(raw.Properties ?? {}, support, '')))
    problems.push(`${where}: the property ${path} is not honoured`);
  try {
    void resource.properties;
  } catch (error) {
    problems.push(`${where}: ${(error as Error).message}`);
  }
  return problems;
}

/**
 * Makes sure that everything in the assembly is either honoured on this machine or known to have no effect on it.
 *
 * @throws TemplateError that lists every resource type, property, attribute, section and reference that is neither
 */
export function assertSupported(assembly: Assembly): void {
  const problems = assembly.resources().flatMap(problemsOf);
  for (const { name, template, scope } of assembly.stacks) {
    for (const section of Object.keys(template))
      if (!SECTIONS.has(section)) problems.push(`${name}: the template section ${section} is not honoured`);
    for (const [id, { Value }] of Object.entries(template.Outputs ?? {}))
      try {
        resolveIntrinsics(Value, scope);
      } catch (error) {
        problems.push(`${name}: output ${id}: ${(error as Error).message}`);
      }
  }
  if (problems.length > 0)
    throw new TemplateError(
      'the template cannot run on one machine; take out what follows, or teach local/ to honour it:',
      problems,
    );
}
