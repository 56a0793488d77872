import type { ClusteringAlgorithm } from '../contracts/segmentation-records.ts';
import { InsufficientDataError, InvalidRequestError } from '../errors.ts';
import { fillText, formatNumber, type Locale } from './localized-text.ts';
import { type FactBound, RUN_FACTS, type RunFact, type VerdictRule } from './verdict-rule.ts';
import { VERDICT_RULES } from './verdict-rules.ts';

/** What is known of a run. */
export type RunFacts = Readonly<Partial<Record<RunFact, number>>>;

/** A rule that fired, on the wire. */
export interface Advice {
  readonly code: string;
  readonly severity: VerdictRule['severity'];
  readonly message: string;
  /** The fact of the rule's first condition, what it was, and the bound it was held against. */
  readonly fact: RunFact;
  readonly found: number;
  readonly bound: number;
  /** HTTP status of a refusal. */
  readonly status?: number;
}

/** Everything the table has to say about a run, in its order. */
export function judgeRun(
  algorithm: ClusteringAlgorithm,
  facts: RunFacts,
  locale: Locale,
  rules: readonly VerdictRule[] = VERDICT_RULES,
): Advice[] {
  const texts = Object.fromEntries(
    RUN_FACTS.flatMap((fact) => {
      const value = facts[fact];
      if (value === undefined) return [];
      return [
        [fact, formatNumber(value, locale)] as const,
        // Rounded down, so that 99.96% does not read as everybody.
        [`${fact}_percent`, formatNumber(Math.floor(value * 1000) / 10, locale)] as const,
      ];
    }),
  );
  return rules
    .filter((rule) => rule.algorithms?.includes(algorithm) ?? true)
    .flatMap(({ code, severity, status, conditions, text }) => {
      const [first] = conditions;
      if (first === undefined || !conditions.every((condition) => holds(condition, facts))) return [];
      return [
        {
          code,
          severity,
          message: fillText(text, locale, texts),
          fact: first.fact,
          found: facts[first.fact]!,
          bound: boundOf(first, facts)!,
          ...(status !== undefined && { status }),
        },
      ];
    });
}

/**
 * Stops a run that the table refuses.
 * @throws InvalidRequestError for a refusal with status 400, InsufficientDataError for one with 422; `reason` is its code
 */
export function refuseIfAdvised(advices: readonly Advice[]): void {
  const refusal = advices.find(({ severity }) => severity === 'refusal');
  if (refusal === undefined) return;
  const { code, message, fact, found, bound, status } = refusal;
  const context = { reason: code, fact, found, bound };
  throw status === 400
    ? new InvalidRequestError(message, context)
    : new InsufficientDataError(message, context);
}

/** Whether the run's clusters are to get no descriptive names: there is nothing to describe. */
export function withholdsNames(advices: readonly Advice[]): boolean {
  return advices.some(({ severity }) => severity === 'verdict');
}

function holds(condition: FactBound, facts: RunFacts): boolean {
  const value = facts[condition.fact];
  const bound = boundOf(condition, facts);
  if (value === undefined || bound === undefined) return false;
  if (condition.is === 'below') return value < bound;
  return condition.is === 'above' ? value > bound : value <= bound;
}

function boundOf({ bound }: FactBound, facts: RunFacts): number | undefined {
  return typeof bound === 'number' ? bound : facts[bound];
}
