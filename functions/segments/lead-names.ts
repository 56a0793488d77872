import type { DistinctiveFeature } from './distinctive-features.ts';
import { distinctiveWords, TYPICAL } from './generic-names.ts';
import type { LeadColumns } from './lead-columns.ts';
import { LEAD_NAME_TABLE, type LeadNameRule, type LeadNameTable } from './lead-name-rules.ts';
import { formatNumber, type Locale } from './localized-text.ts';
import { type SegmentLevels, segmentLevels } from './segment-levels.ts';
import { segmentPlace } from './segment-place.ts';
import type { Tally } from './segment-tally.ts';

/** A segment's name and the rules that chose its words. */
export interface LeadName {
  /** `Segmento 0 - Alto Valor + Alto Engajamento (SP)`. */
  readonly name: string;
  /** The name without its number: `Alto Valor + Alto Engajamento (SP)`; differs from that of every other segment. */
  readonly label: string;
  /** Per word, the rule and numbers that chose it. */
  readonly nameRule: string;
}

/** What names are given to. */
export interface NamedSegment {
  /** Number shown in the name. */
  readonly id: number;
  readonly tally: Tally;
  /** Furthest first; see `distinctiveFeatures`. */
  readonly distinctive: readonly DistinctiveFeature[];
}

const PREFIX: Readonly<Record<Locale, string>> = { 'pt-BR': 'Segmento', en: 'Segment', es: 'Segmento' };

/**
 * Names segments `[VALUE] [BEHAVIOR] [PLACE]` by the table, and by their most distinctive features where a dataset has no
 * column for value or behaviour. Labels are unique: of equal ones the largest segment keeps the plain label, the others
 * add the feature that sets them apart, then a number.
 * @returns in the order given
 */
export function leadNames(
  segments: readonly NamedSegment[],
  whole: Tally,
  columns: LeadColumns,
  locale: Locale,
  table: LeadNameTable = LEAD_NAME_TABLE,
): LeadName[] {
  const drafts = segments.map((segment) => ({
    segment,
    ...draftOf(segment, whole, columns, locale, table),
  }));
  const taken = new Set<string>();
  const labels = new Map<number, string>();
  const order = drafts.toSorted(
    (a, b) => b.segment.tally.size - a.segment.tally.size || a.segment.id - b.segment.id,
  );
  for (const { segment, label, words } of order) {
    // A word that the label has already, or that holds of its twins too, sets nothing apart.
    const twins = order.filter((other) => other.label === label && other.segment !== segment);
    const shared = new Set([
      ...words,
      ...twins.flatMap((twin) => distinctiveWords(twin.segment.distinctive, locale, 0)),
    ]);
    const candidates = [
      label,
      ...distinctiveWords(segment.distinctive, locale, 0)
        .filter((word) => !shared.has(word))
        .map((word) => `${label}, ${word}`),
      ...order.map((_, i) => `${label} ${i + 2}`),
    ];
    const free = candidates.find((candidate) => !taken.has(candidate)) ?? `${label} ${segment.id}`;
    taken.add(free);
    labels.set(segment.id, free);
  }
  return drafts.map(({ segment, label, rules }) => {
    const unique = labels.get(segment.id) ?? label;
    const added = unique === label ? [] : [`"${unique}": another segment is "${label}" too`];
    return {
      name: `${PREFIX[locale]} ${segment.id} - ${unique}`,
      label: unique,
      nameRule: [...rules, ...added].join('; '),
    };
  });
}

function draftOf(
  { tally, distinctive }: NamedSegment,
  whole: Tally,
  columns: LeadColumns,
  locale: Locale,
  table: LeadNameTable,
): { label: string; words: string[]; rules: string[] } {
  const levels = segmentLevels(tally, whole, columns);
  const words = [wordOf(table.value, levels, locale), wordOf(table.behavior, levels, locale)].filter(
    (word) => word !== undefined,
  );
  const place = segmentPlace(tally, whole, columns, table, locale);
  // Where a dataset has no column for a slot, what sets the segment apart most stands in: of two words not the columns that the
  // other one and the place are for.
  const taken = [
    ...Object.values(levels).map((level) => level?.column),
    columns.country,
    columns.state,
    columns.source,
  ];
  const others =
    words.length === 0 ? distinctive : distinctive.filter(({ column }) => !taken.includes(column));
  for (const feature of others.slice(0, 2 - words.length)) {
    const [word] = distinctiveWords([feature], locale, table.distinctiveFrom);
    if (word === undefined) continue;
    const difference = formatNumber(feature.standardisedDifference, 'en');
    const rule = `${word}: standardised difference ${difference}, at least ${table.distinctiveFrom} either way`;
    words.push({ word, rule });
  }
  if (words.length === 0) {
    words.push({
      word: TYPICAL[locale],
      rule: `${TYPICAL[locale]}: no standardised difference reaches ${table.distinctiveFrom}`,
    });
  }
  const spoken = words.map(({ word }) => word);
  const text = spoken.join(' + ');
  const rules = words.map(({ rule }) => rule);
  if (place === undefined) return { label: text, words: spoken, rules };
  const percent = formatNumber(place.share * 100, 'en');
  rules.push(
    `(${place.word}): ${percent}% by ${place.by} of ${place.column}, at least ${formatNumber(place.from * 100, 'en')}%`,
  );
  return { label: `${text} (${place.word})`, words: spoken, rules };
}

function wordOf(rules: readonly LeadNameRule[], levels: SegmentLevels, locale: Locale) {
  const rule = rules.find(({ bounds }) =>
    bounds.every(({ axis, side, cut }) => {
      const level = levels[axis]?.level;
      return level !== undefined && (side === 'atLeast' ? level >= cut : level < cut);
    }),
  );
  if (rule === undefined) return undefined;
  const conditions = rule.bounds.map(({ axis, side, cut }) => {
    const { level, column, by } = levels[axis]!;
    return `${axis} ${formatNumber(level, 'en')} (${by} of ${column}) is ${side === 'atLeast' ? 'at least' : 'below'} ${cut}`;
  });
  return { word: rule.word[locale], rule: `${rule.word[locale]}: ${conditions.join(', ')}` };
}
