import { TemplateError } from './template-error.ts';

/** Keys of the request that conditions may look at, e.g. `s3:prefix`; lower-case. */
export type RequestContext = Readonly<Record<string, string | undefined>>;

/** One statement of a policy, ready to be asked. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Where the statement stands, for the reason of a decision. */
  readonly source: string;
  matches(action: string, resourceArn: string, context: RequestContext): boolean;
}

/** Context keys that the doors of this machine fill in. */
const CONTEXT_KEYS = new Set(['s3:prefix', 's3:delimiter', 'aws:resourceaccount', 'aws:requestedregion']);

type Comparison = (found: string, expected: string) => boolean;

const equal: Comparison = (found, expected) => found === expected;
const like: Comparison = (found, expected) => wildcard(expected).test(found);

/** Condition operators; those of the second kind hold when no value matches. */
const OPERATORS: Readonly<Record<string, { readonly compare: Comparison; readonly negated?: boolean }>> = {
  StringEquals: { compare: equal },
  StringNotEquals: { compare: equal, negated: true },
  StringLike: { compare: like },
  StringNotLike: { compare: like, negated: true },
  ArnEquals: { compare: like },
  ArnLike: { compare: like },
  Bool: { compare: (found, expected) => found.toLowerCase() === expected.toLowerCase() },
};

/** Regular expression of an IAM pattern: `*` is any text, `?` any character. */
function wildcard(pattern: string, flags = 's'): RegExp {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, flags);
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

function texts(value: unknown, what: string, source: string): string[] {
  return asList(value).map((item) => {
    if (typeof item !== 'string' && typeof item !== 'boolean' && typeof item !== 'number')
      throw new TemplateError(`${source}: ${what} takes texts, found ${JSON.stringify(item)}`);
    if (String(item).includes('${'))
      throw new TemplateError(`${source}: the policy variable in ${item} is not evaluated on this machine`);
    return String(item);
  });
}

type Test = (context: RequestContext) => boolean;

function conditionTests(condition: unknown, source: string): Test[] {
  const refuse = (what: string): never => {
    throw new TemplateError(`${source}: the condition ${what} is not evaluated on this machine`);
  };
  return Object.entries((condition ?? {}) as Record<string, Record<string, unknown>>).flatMap(
    ([name, keys]) => {
      const ifExists = name.endsWith('IfExists');
      const operator = OPERATORS[name.replace(/IfExists$/, '')] ?? refuse(`operator ${name}`);
      return Object.entries(keys).map(([key, values]): Test => {
        if (!CONTEXT_KEYS.has(key.toLowerCase())) refuse(`key ${key}`);
        const expected = texts(values, key, source);
        return (context) => {
          const found = context[key.toLowerCase()];
          // An absent key fails a positive operator and passes a negated one, as in AWS.
          if (found === undefined) return ifExists || operator.negated === true;
          return expected.some((value) => operator.compare(found, value)) !== (operator.negated ?? false);
        };
      });
    },
  );
}

function patternTest(
  statement: Readonly<Record<string, unknown>>,
  element: 'Action' | 'Resource',
  source: string,
): (value: string) => boolean {
  const included = statement[element];
  const excluded = statement[`Not${element}`];
  if ((included === undefined) === (excluded === undefined))
    throw new TemplateError(`${source}: a statement has either ${element} or Not${element}`);
  const flags = element === 'Action' ? 'is' : 's';
  const patterns = texts(included ?? excluded, element, source).map((pattern) => wildcard(pattern, flags));
  return (value) => patterns.some((pattern) => pattern.test(value)) === (excluded === undefined);
}

const ELEMENTS = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);

/**
 * Parses an identity policy (IAM JSON policy grammar, version 2012-10-17).
 *
 * @param source where the policy stands, for messages
 * @throws TemplateError for elements, condition operators and keys, and policy variables that are not evaluated here
 */
export function parsePolicy(document: unknown, source: string): Statement[] {
  const { Version, Statement: statements } = document as { Version?: string; Statement?: unknown };
  if (Version !== '2012-10-17')
    throw new TemplateError(`${source}: policy version is ${Version}; expected 2012-10-17`);
  return asList(statements).map((item, index) => {
    const statement = item as Readonly<Record<string, unknown>>;
    const where = `${source}, statement ${statement.Sid ?? index + 1}`;
    const unknown = Object.keys(statement).filter((element) => !ELEMENTS.has(element));
    if (unknown.length > 0) throw new TemplateError(`${where}: ${unknown} is not evaluated on this machine`);
    if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny')
      throw new TemplateError(`${where}: Effect is ${statement.Effect}; expected Allow or Deny`);
    const actionMatches = patternTest(statement, 'Action', where);
    const resourceMatches = patternTest(statement, 'Resource', where);
    const conditions = conditionTests(statement.Condition, where);
    return {
      effect: statement.Effect,
      source: where,
      matches: (action, resourceArn, context) =>
        actionMatches(action) && resourceMatches(resourceArn) && conditions.every((test) => test(context)),
    };
  });
}
