import { TemplateError } from './template-error.ts';

/** Whether an event matches a pattern. */
export type EventTest = (event: unknown) => boolean;

/** Whether one value of an event matches; undefined stands for a field that is missing. */
type ValueTest = (value: unknown) => boolean;

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function refuse(what: string): never {
  throw new TemplateError(
    `the event pattern ${what} is not matched on this machine; write it in another way`,
  );
}

function textOf(operand: unknown, operator: string): string {
  if (typeof operand === 'string') return operand;
  return refuse(`${operator} of ${JSON.stringify(operand)}`);
}

/** A test on texts: `prefix` and `suffix`, which may ignore case, `equals-ignore-case` and `wildcard`. */
function textTest(operator: string, operand: unknown): ValueTest {
  const ignoresCase = isObject(operand) && 'equals-ignore-case' in operand && operator !== 'wildcard';
  const fold = (text: string) =>
    ignoresCase || operator === 'equals-ignore-case' ? text.toLowerCase() : text;
  const wanted = fold(textOf(ignoresCase ? operand['equals-ignore-case'] : operand, operator));
  const test = {
    prefix: (text: string) => text.startsWith(wanted),
    suffix: (text: string) => text.endsWith(wanted),
    'equals-ignore-case': (text: string) => text === wanted,
    wildcard: wildcardTest(wanted),
  }[operator];
  if (!test) refuse(`operator ${operator}`);
  return (value) => typeof value === 'string' && test(fold(value));
}

/** `*` is any text; `\*` and `\\` are the characters themselves. */
function wildcardTest(pattern: string): (text: string) => boolean {
  const source = pattern.replace(/\\[*\\]|\*|[^*\\]+|\\/g, (part) =>
    part === '*'
      ? '.*'
      : (/^\\[*\\]$/.test(part) ? part.slice(1) : part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  );
  const expression = new RegExp(`^${source}$`, 's');
  return (text) => expression.test(text);
}

function numericTest(operand: unknown): ValueTest {
  if (!Array.isArray(operand) || operand.length % 2 !== 0 || operand.length === 0)
    return refuse(`numeric of ${JSON.stringify(operand)}`);
  const tests = Array.from({ length: operand.length / 2 }, (_, i) => {
    const compare = COMPARISONS[operand[2 * i]] ?? refuse(`comparison ${operand[2 * i]}`);
    const limit = operand[2 * i + 1];
    return typeof limit === 'number'
      ? (value: number) => compare(value, limit)
      : refuse(`numeric limit ${limit}`);
  });
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

/** The operand of anything-but: values, or one operator on texts. */
function anythingButTest(operand: unknown): ValueTest {
  const [operator = '', ...others] = isObject(operand) ? Object.keys(operand) : [];
  if (others.length > 0) refuse(`anything-but of ${JSON.stringify(operand)}`);
  const excluded = isObject(operand)
    ? [operand[operator]].flat().map((each) => textTest(operator, each))
    : [operand].flat().map(
        (each): ValueTest =>
          (value) =>
            value === each,
      );
  return (value) => value !== undefined && !excluded.some((test) => test(value));
}

function valueTest(wanted: unknown): ValueTest {
  if (!isObject(wanted)) return (value) => value === wanted;
  const [operator = '', ...others] = Object.keys(wanted);
  if (others.length > 0) refuse(`with several operators, ${JSON.stringify(wanted)},`);
  const operand = wanted[operator];
  switch (operator) {
    case 'exists':
      if (typeof operand !== 'boolean') refuse(`exists of ${JSON.stringify(operand)}`);
      return (value) => (value !== undefined && !isObject(value)) === operand;
    case 'numeric':
      return numericTest(operand);
    case 'anything-but':
      return anythingButTest(operand);
    default:
      return textTest(operator, operand);
  }
}

/**
 * Compiles an event pattern of EventBridge (user guide, "Event pattern syntax"): exact values, prefix, suffix,
 * wildcard, equals-ignore-case, numeric, anything-but, exists and `$or`.
 *
 * @throws TemplateError for operators that are not matched here, such as cidr
 */
export function compilePattern(pattern: unknown): EventTest {
  if (!isObject(pattern)) return refuse(JSON.stringify(pattern));
  const tests = Object.entries(pattern).map(([field, wanted]): EventTest => {
    if (field === '$or' && Array.isArray(wanted)) {
      const alternatives = wanted.map(compilePattern);
      return (event) => alternatives.some((test) => test(event));
    }
    const valueIn = (event: unknown) => (isObject(event) ? event[field] : undefined);
    if (!Array.isArray(wanted)) {
      const inner = compilePattern(wanted);
      return (event) => inner(valueIn(event));
    }
    const alternatives = wanted.map(valueTest);
    return (event) => {
      const value = valueIn(event);
      // A list in the event matches when any of its items does.
      const values = Array.isArray(value) && value.length > 0 ? value : [value];
      return values.some((each) => alternatives.some((test) => test(each)));
    };
  });
  return (event) => tests.every((test) => test(event));
}
