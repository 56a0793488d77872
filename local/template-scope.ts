import { TemplateError } from './template-error.ts';
import { resolveIntrinsics, type Scope } from './template-intrinsics.ts';
import { ACCOUNT, attributeOf, nameProperty, physicalName, REGION, refOf } from './template-names.ts';

/** A resource as the template writes it. */
export interface RawResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

/** One synthesized template. */
export interface Template {
  readonly Resources?: Readonly<Record<string, RawResource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
  readonly [section: string]: unknown;
}

/** A stack of the assembly: its template and the look-ups its intrinsics need. */
export interface Stack {
  readonly name: string;
  readonly template: Template;
  readonly scope: Scope;
}

/** The look-ups of one stack; `stacks` may grow until the first of them is made. */
export function scopeOf(stack: string, template: Template, stacks: readonly Stack[], apiUrl: string): Scope {
  const pseudo: Readonly<Record<string, string | undefined>> = {
    'AWS::Region': REGION,
    'AWS::AccountId': ACCOUNT,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack,
    'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stack}/local`,
    'AWS::NoValue': undefined,
  };
  const rawOf = (logicalId: string) => {
    const raw = template.Resources?.[logicalId];
    if (!raw) throw new TemplateError(`stack ${stack} refers to ${logicalId}, which it does not define`);
    return raw;
  };
  const scope: Scope = {
    ref(logicalId) {
      if (Object.hasOwn(pseudo, logicalId)) return pseudo[logicalId];
      const parameter = template.Parameters?.[logicalId];
      if (!parameter) return refOf(rawOf(logicalId).Type, nameOf(stack, logicalId, rawOf(logicalId), scope));
      if (parameter.Default === undefined)
        throw new TemplateError(`parameter ${logicalId} of stack ${stack} has no default; give it one`);
      return parameter.Default;
    },
    getAtt(logicalId, attribute) {
      const raw = rawOf(logicalId);
      if (raw.Type === 'AWS::ApiGatewayV2::Api' && attribute === 'ApiEndpoint') return apiUrl;
      const value = attributeOf(raw.Type, nameOf(stack, logicalId, raw, scope), attribute);
      if (value === undefined)
        throw new TemplateError(`${logicalId}.${attribute} (${raw.Type}) has no value on this machine`);
      return value;
    },
    importValue(exportName) {
      for (const { template: other, scope: otherScope } of stacks)
        for (const { Value, Export } of Object.values(other.Outputs ?? {}))
          if (Export && resolveIntrinsics(Export.Name, otherScope) === exportName)
            return resolveIntrinsics(Value, otherScope);
      throw new TemplateError(`stack ${stack} imports ${exportName}, which no stack of the assembly exports`);
    },
  };
  return scope;
}

/** Physical name of a resource of the stack. */
export function nameOf(stack: string, logicalId: string, raw: RawResource, scope: Scope): string {
  const property = nameProperty(raw.Type);
  const given = property && resolveIntrinsics(raw.Properties?.[property], scope);
  return physicalName(raw.Type, { stack, logicalId, given: given === undefined ? undefined : String(given) });
}
