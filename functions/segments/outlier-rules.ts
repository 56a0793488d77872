import type { EntityCell } from '../contracts/recipe.ts';
import { type CustomerCells, type LeadColumns, type LeadConcept, leadCell } from './lead-columns.ts';
import { formatNumber, type Locale, type LocalizedText } from './localized-text.ts';

/** One condition of a rule, on the first of `concepts` that holds. */
export type OutlierCondition =
  | { readonly concepts: readonly LeadConcept[]; readonly is: 'above' | 'equal'; readonly bound: number }
  /** At or above this quantile of all customers and above their median, or the class `High`. */
  | { readonly concepts: readonly LeadConcept[]; readonly is: 'high'; readonly bound: number }
  /** Missing, called unknown, or held by less than this share of all customers. */
  | { readonly concepts: readonly LeadConcept[]; readonly is: 'rare'; readonly bound: number };

/** A pattern that explains why a lead is suspicious. */
export interface OutlierRule {
  readonly id: string;
  /** Reported as `true` among the outlier's features. */
  readonly flag: string;
  readonly conditions: readonly OutlierCondition[];
  readonly text: LocalizedText;
}

/** The published patterns (source S0-14), tried all; another table may be passed instead. */
export const OUTLIER_RULES: readonly OutlierRule[] = [
  {
    id: 'bot_like',
    flag: 'bot_like_behavior',
    conditions: [{ concepts: ['behavior'], is: 'above', bound: 95 }],
    text: {
      en: 'behaviour too intense, like a bot',
      'pt-BR': 'comportamento intenso demais, como o de um robô',
      es: 'comportamiento demasiado intenso, como el de un bot',
    },
  },
  {
    id: 'instant_lead',
    flag: 'instant_lead',
    conditions: [
      { concepts: ['daysSince'], is: 'equal', bound: 0 },
      { concepts: ['behavior'], is: 'above', bound: 80 },
    ],
    text: {
      en: 'instant lead: very active on its first day',
      'pt-BR': 'lead instantâneo: muito ativo no primeiro dia',
      es: 'lead instantáneo: muy activo en el primer día',
    },
  },
  {
    id: 'unusual_source',
    flag: 'unusual_utm_pattern',
    conditions: [
      { concepts: ['source', 'medium'], is: 'rare', bound: 0.01 },
      { concepts: ['valueClass', 'money'], is: 'high', bound: 0.8 },
    ],
    text: {
      en: 'high value from an unusual source',
      'pt-BR': 'valor alto vindo de origem incomum',
      es: 'valor alto de un origen inusual',
    },
  },
  {
    id: 'geographic_mismatch',
    flag: 'geographic_mismatch',
    conditions: [
      { concepts: ['state', 'country'], is: 'rare', bound: 0.01 },
      { concepts: ['valueClass', 'money'], is: 'high', bound: 0.8 },
    ],
    text: {
      en: 'high value from an unusual place',
      'pt-BR': 'valor alto vindo de local incomum',
      es: 'valor alto de un lugar inusual',
    },
  },
];

/** What rules compare a customer with. */
export interface Population {
  /** Quantile `q` (0..1) of a numeric column; NaN for any other. */
  readonly quantile: (column: string, q: number) => number;
  /** Share of customers that have this value in a categorical column, 0..1. */
  readonly share: (column: string, value: string) => number;
}

/** A value that a rule fired on. */
export interface OutlierEvidence {
  readonly column: string;
  readonly value: EntityCell;
  readonly is: OutlierCondition['is'];
  readonly bound: number;
}

/** A rule that fired, and on what. */
export interface FiredRule {
  readonly rule: OutlierRule;
  readonly evidence: readonly OutlierEvidence[];
}

/** The rules that hold for a customer, in the order of the table. A rule about columns that do not exist never holds. */
export function firedRules(
  cells: CustomerCells,
  columns: LeadColumns,
  population: Population,
  referenceMs: number,
  rules: readonly OutlierRule[] = OUTLIER_RULES,
): FiredRule[] {
  const evidenceOf = ({ concepts, is, bound }: OutlierCondition): OutlierEvidence | undefined => {
    for (const concept of concepts) {
      const column =
        columns[concept] ?? (concept === 'daysSince' ? columns.createdAt && 'days_since_lead' : undefined);
      if (column === undefined) continue;
      const value = leadCell(cells, columns, concept, referenceMs);
      if (holds(value, is, bound, column, population)) return { column, value, is, bound };
    }
    return undefined;
  };
  return rules.flatMap((rule) => {
    const evidence = rule.conditions.map(evidenceOf).filter((found) => found !== undefined);
    return evidence.length === rule.conditions.length ? [{ rule, evidence }] : [];
  });
}

function holds(
  value: EntityCell,
  is: OutlierCondition['is'],
  bound: number,
  column: string,
  { quantile, share }: Population,
): boolean {
  if (is === 'above') return typeof value === 'number' && value > bound;
  if (is === 'equal') return value === bound;
  if (is === 'rare') {
    if (value === null || (typeof value === 'string' && /^(unknown.*|\(?none\)?|\(not set\))?$/i.test(value)))
      return true;
    return typeof value === 'string' && share(column, value) < bound;
  }
  if (typeof value === 'string') return /^(high|alto|alta)$/i.test(value);
  return typeof value === 'number' && value >= quantile(column, bound) && value > quantile(column, 0.5);
}

/** A fired rule in words: `behaviour too intense, like a bot (behavior_score 98 > 95)`. */
export function ruleInWords({ rule, evidence }: FiredRule, locale: Locale): string {
  const found = evidence.map(({ column, value, is, bound }) => {
    const text =
      typeof value === 'number' ? formatNumber(value, locale) : value === null ? '–' : String(value);
    if (is === 'above') return `${column} ${text} > ${formatNumber(bound, locale)}`;
    return `${column} = ${text}`;
  });
  return `${rule.text[locale]} (${found.join(', ')})`;
}
