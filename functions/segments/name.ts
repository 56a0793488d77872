import { NAME_RULES, type NameRule, type QuantileBound } from './name-rules.ts';

/** A segment as the rules see it. */
export interface SegmentMedians {
  readonly segmentId: number;
  readonly medians: Readonly<Record<string, number>>;
}

/** What a segment is called, and the rule and numbers that chose it, in words. */
export interface SegmentName {
  readonly name: string;
  readonly nameRule: string;
}

/** Quantile `q` (0..1) of a feature over all customers. */
export type PopulationQuantile = (feature: string, q: number) => number;

/**
 * Names segments by the first rule of the table whose bounds hold for the segment's medians. A name is given once: of
 * several segments that fit, the one furthest out takes it (the smaller id where they tie) and the others go on to the
 * next rule of the same group that holds for them; where none is left they take the name of their first rule with a
 * number.
 */
export function nameSegments(
  segments: readonly SegmentMedians[],
  population: PopulationQuantile,
  rules: readonly NameRule[] = NAME_RULES,
): Map<number, SegmentName> {
  const names = new Map<number, SegmentName>();
  const fits = (rule: NameRule, segment: SegmentMedians) =>
    rule.bounds.every((bound) => holds(bound, segment, population));
  const firstRules = new Map(
    segments.map((segment) => [segment.segmentId, rules.find((rule) => fits(rule, segment))]),
  );
  const unnamed = (rule: NameRule, belongs: (first: NameRule) => boolean) =>
    segments
      .filter((segment) => {
        const first = firstRules.get(segment.segmentId);
        return !names.has(segment.segmentId) && first !== undefined && belongs(first) && fits(rule, segment);
      })
      .sort(furthestFirst(rule));

  for (const rule of rules) {
    const [winner, ...rest] = unnamed(rule, ({ group }) => group === rule.group);
    if (winner === undefined) continue;
    const nameRule = inWords(rule, winner, population, rest.length);
    names.set(winner.segmentId, { name: rule.name, nameRule });
  }
  for (const rule of rules) {
    unnamed(rule, (first) => first === rule).forEach((segment, i) => {
      const nameRule = `${inWords(rule, segment, population, 0)}; another segment that fits has the plain name`;
      names.set(segment.segmentId, { name: `${rule.name} ${i + 2}`, nameRule });
    });
  }
  return names;
}

/**
 * Where many customers share one value, a cut point may lie in their midst: a high value must also lie above the
 * median of all, a low one below it or at the very minimum.
 */
function holds(
  { feature, side, quantile }: QuantileBound,
  { medians }: SegmentMedians,
  population: PopulationQuantile,
) {
  const value = medians[feature] ?? Number.NaN;
  const cut = population(feature, quantile);
  const middle = population(feature, 0.5);
  if (side === 'atLeast') return value >= cut && value > middle;
  return value <= cut && (quantile >= 0.5 || value < middle || value === population(feature, 0));
}

function furthestFirst({ decidedBy: { feature, prefer } }: NameRule) {
  const sign = prefer === 'highest' ? -1 : 1;
  return (a: SegmentMedians, b: SegmentMedians) =>
    sign * ((a.medians[feature] ?? 0) - (b.medians[feature] ?? 0)) || a.segmentId - b.segmentId;
}

function inWords(rule: NameRule, segment: SegmentMedians, population: PopulationQuantile, others: number) {
  const conditions = rule.bounds.map(({ feature, side, quantile }) => {
    const found = rounded(segment.medians[feature]);
    const cut = rounded(population(feature, quantile));
    const words = side === 'atMost' ? 'at most' : 'at least';
    return `median ${feature} ${found} is ${words} ${cut}, the ${rounded(quantile * 100)}% quantile of all customers`;
  });
  const { feature, prefer } = rule.decidedBy;
  const contest = others > 0 ? `; of ${others + 1} such segments it has the ${prefer} ${feature}` : '';
  return `${rule.name}: ${conditions.join('; ')}${contest}`;
}

function rounded(value: number | undefined) {
  return value === undefined ? 'unknown' : String(Math.round(value * 100) / 100);
}
