import type { EntityCell } from '../contracts/recipe.ts';

/** What rules about leads ask for, whatever a dataset calls its columns. */
export const LEAD_CONCEPTS = [
  'valueClass',
  'money',
  'behavior',
  'engagement',
  'intention',
  'bot',
  'daysSince',
  'createdAt',
  'country',
  'state',
  'source',
  'medium',
] as const;
export type LeadConcept = (typeof LEAD_CONCEPTS)[number];

/** Column names per concept, the preferred first. Letters' case, spaces and punctuation make no difference. */
export type ColumnAliases = Readonly<Record<LeadConcept, readonly string[]>>;

/** The published names; a dataset may be given others. */
export const COLUMN_ALIASES: ColumnAliases = {
  valueClass: ['ltv_class', 'ltv_numeric', 'value_class'],
  money: ['ltv', 'purchase_value', 'value', 'monetary', 'avg_ltv'],
  behavior: ['behavior_score', 'behavior_numeric', 'behaviour_score'],
  engagement: ['engagement_score', 'engagement_numeric', 'total_time_spent_on_website'],
  intention: ['intention_level', 'intention_numeric'],
  bot: ['bot_score', 'bot_numeric'],
  daysSince: ['days_since_lead', 'created_at_days_since'],
  createdAt: ['created_at', 'lead_created_at'],
  country: ['country', 'geo_country'],
  state: ['state', 'uf', 'geo_state'],
  source: ['utm_source', 'lead_source', 'source'],
  medium: ['utm_medium', 'medium'],
};

/** The column of each concept that a dataset has. */
export type LeadColumns = Readonly<Partial<Record<LeadConcept, string>>>;

/** Finds the concepts among the columns of a dataset. */
export function findLeadColumns(
  columns: readonly string[],
  aliases: ColumnAliases = COLUMN_ALIASES,
): LeadColumns {
  const byPlainName = new Map(columns.toReversed().map((column) => [plainName(column), column]));
  const found = LEAD_CONCEPTS.flatMap((concept) => {
    const alias = aliases[concept].find((name) => byPlainName.has(plainName(name)));
    return alias === undefined ? [] : [[concept, byPlainName.get(plainName(alias))!] as const];
  });
  return Object.fromEntries(found);
}

/** Cells of one customer by column of the entity table. */
export type CustomerCells = Readonly<Record<string, EntityCell>>;

const MS_PER_DAY = 86_400_000;

/** The customer's cell for a concept; days since the lead follow from its instant where there is no such column. */
export function leadCell(
  cells: CustomerCells,
  columns: LeadColumns,
  concept: LeadConcept,
  referenceMs: number,
): EntityCell {
  const column = columns[concept];
  if (column !== undefined) return cells[column] ?? null;
  const createdAt = columns.createdAt === undefined ? null : cells[columns.createdAt];
  if (concept !== 'daysSince' || typeof createdAt !== 'number') return null;
  return Math.floor((referenceMs - createdAt) / MS_PER_DAY);
}

function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}
