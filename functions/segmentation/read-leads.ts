import type { Lead } from '../contracts/api-cluster.ts';
import { type DatasetConfig, datasetConfigSchema } from '../contracts/dataset.ts';
import { InvalidRequestError } from '../errors.ts';
import { FEATURE_GROUPS, plainName, RECOMMENDED_FEATURES } from '../features/feature-groups.ts';
import { suggestSpecs } from '../features/suggest-specs.ts';
import { memorySource } from '../tables/table-source.ts';
import { readEntities } from './read-entities.ts';
import type { SegmentedInput } from './segment-table.ts';

/** Fields of leads sent at once, at most. */
export const MOST_FIELDS = 200;
/** Fields at fault that are told. */
const MOST_ERRORS = 20;

/** Scores of the source (S0-01), 0..100, and its other numbers; null where a lead has none. */
const SCORES = new Set(['behavior_score', 'engagement_score', 'intention_level', 'bot_score']);
const NUMBERS = new Set([...SCORES, 'value', 'purchase_value', 'currency_value', 'ltv', 'days_since_lead']);
const LARGEST_NUMBER = 1e15;
const ID_FIELDS = ['lead_id', 'id'] as const;
const TIME_FIELD = 'created_at';
const LONGEST_ID = 256;
const INSTANT = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Leads as a table, and how many were left out by which rule: `outside_window`, `missing_time`. */
export interface ReadLeads extends SegmentedInput {
  readonly leftOut: Readonly<Record<string, number>>;
}

/** How leads are read. */
export interface LeadOptions {
  readonly idField?: string | undefined;
  readonly timeField?: string | undefined;
  /** Columns or groups; default: those that the source recommends, else all that are usable. */
  readonly features?: readonly string[] | undefined;
  readonly maxDataAgeMonths: number | null;
  /** Window and days end here, ms since the epoch; the latest lead, where that is later. */
  readonly referenceMs: number;
}

/**
 * Reads leads of a request as the rows of a file are read, after checking what a file cannot be asked for: an id each, none
 * twice, and scores that are numbers of 0 to 100. Features are scaled to 0..1 (S0-10).
 * @throws InvalidRequestError with one entry in `errors` per field that does not fit, or for features that do not exist
 * @throws InvalidDatasetError when too many values of a column cannot be read as what the others are
 */
export async function readLeads(leads: readonly Lead[], options: LeadOptions): Promise<ReadLeads> {
  const fields = fieldsOf(leads);
  const idField = options.idField ?? ID_FIELDS.find((name) => fields.has(name)) ?? ID_FIELDS[0];
  const named = options.timeField ?? TIME_FIELD;
  const timeField = fields.has(named) || options.timeField !== undefined ? named : undefined;
  requireFields(fields, [options.idField, options.timeField]);
  checkLeads(leads, idField, timeField);
  const config = configOf(fields, idField, timeField, options);
  // The first line names every field, so that one that only a later lead has is not lost.
  const [first = {}] = leads;
  const whole = Object.fromEntries(
    [...fields].map((name) => [name, Object.hasOwn(first, name) ? first[name] : null]),
  );
  const lines = [whole, ...leads.slice(1)].map((lead) => JSON.stringify(lead));
  const source = memorySource('leads.jsonl', new TextEncoder().encode(lines.join('\n')));
  const latest = timeField === undefined ? [] : leads.map((lead) => instantOf(lead, timeField));
  const referenceMs = latest.reduce((most, ms) => (ms > most ? ms : most), options.referenceMs);
  const { table, kind, entity, rows } = await readEntities(source, config, referenceMs);
  const broken = ID_RULES.find((rule) => rows.byRule[rule] !== undefined);
  if (broken !== undefined) throw brokenIds(idField, broken, rows.byRule[broken]!);
  const { columns, timeColumn } = entity;
  return {
    table,
    columns,
    spec: suggestSpecs({ config, kind, columns, timeColumn }),
    referenceMs,
    leftOut: rows.byRule,
  };
}

/** What the reader of files says of ids that look different and are not (`12` and `12.0`), or are words for "none". */
const ID_RULES = ['duplicate_id', 'missing_id', 'unreadable_id'] as const;

function brokenIds(idField: string, rule: string, count: number): InvalidRequestError {
  return new InvalidRequestError(
    `Invalid input: ${count} of the ids in ${JSON.stringify(idField)} cannot be told apart or stand for none (${rule}; "12" and "12.0" ` +
      'are one id, "NA" and "null" are none). Give each lead an id of its own.',
    { reason: rule, field: idField },
  );
}

function fieldsOf(leads: readonly Lead[]): Set<string> {
  const fields = new Set<string>();
  for (const lead of leads) for (const name of Object.keys(lead)) fields.add(name);
  if (fields.size <= MOST_FIELDS) return fields;
  throw new InvalidRequestError(
    `The leads have ${fields.size} different fields, at most ${MOST_FIELDS} are taken. Leave out those that say nothing of a lead.`,
    { reason: 'too_many_fields', found: fields.size, expected: MOST_FIELDS },
  );
}

function requireFields(fields: ReadonlySet<string>, asked: readonly (string | undefined)[]): void {
  const missing = asked.find((name) => name !== undefined && !fields.has(name));
  if (missing === undefined) return;
  throw new InvalidRequestError(
    `Invalid input: no lead has the field ${JSON.stringify(missing)}. The fields are ${[...fields].join(', ')}.`,
    { reason: 'unknown_field', field: missing },
  );
}

function checkLeads(leads: readonly Lead[], idField: string, timeField: string | undefined): void {
  const errors: { in: 'body'; pointer: string; detail: string }[] = [];
  const fail = (index: number, name: string, detail: string) => {
    const pointer = `/leads/${index}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    errors.push({ in: 'body', pointer, detail });
  };
  const firsts = new Map<string, number>();
  for (const [index, lead] of leads.entries()) {
    const id = Object.hasOwn(lead, idField) ? lead[idField] : null;
    const isText = typeof id === 'string' && id.trim() !== '' && id.length <= LONGEST_ID;
    if (!isText && !Number.isSafeInteger(id)) {
      fail(index, idField, `must be an id: a whole number or 1 to ${LONGEST_ID} characters`);
    } else {
      const known = firsts.get(String(id).trim());
      if (known !== undefined) fail(index, idField, `the id is that of /leads/${known} too`);
      else firsts.set(String(id).trim(), index);
    }
    for (const [name, value] of Object.entries(lead)) {
      const problem = problemOf(name, value, timeField);
      if (problem !== undefined && name !== idField) fail(index, name, problem);
    }
  }
  if (errors.length === 0) return;
  const told = errors.slice(0, MOST_ERRORS);
  const more = errors.length > told.length ? ` (${errors.length - told.length} more)` : '';
  throw new InvalidRequestError(
    `Invalid input: ${told.map(({ pointer, detail }) => `body ${pointer}: ${detail}`).join('; ')}${more}.`,
    { reason: 'invalid_fields', errors: told },
  );
}

function problemOf(name: string, value: Lead[string], timeField: string | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (name === timeField) {
    const isInstant = typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value));
    return isInstant ? undefined : 'must be an instant in ISO 8601, such as 2026-01-31T12:00:00Z';
  }
  if (SCORES.has(name)) {
    return typeof value === 'number' && value >= 0 && value <= 100
      ? undefined
      : 'must be a number from 0 to 100';
  }
  const isNumber = typeof value === 'number' && Math.abs(value) <= LARGEST_NUMBER;
  if (NUMBERS.has(name) && !isNumber) return `must be a number of at most ±${LARGEST_NUMBER}`;
  // What is too large for a feature's spread is told here, with its place.
  return typeof value === 'number' && !isNumber ? `is too large: at most ±${LARGEST_NUMBER}` : undefined;
}

/** Instant of a lead, in UTC where it names no zone; −∞ where it has none. */
function instantOf(lead: Lead, timeField: string): number {
  const value = Object.hasOwn(lead, timeField) ? lead[timeField] : null;
  if (typeof value !== 'string') return Number.NEGATIVE_INFINITY;
  const text = value.replace(' ', 'T');
  const isLocal = text.includes('T') && !/(Z|[+-]\d{2}:?\d{2})$/.test(text);
  return Date.parse(isLocal ? `${text}Z` : text);
}

function configOf(
  fields: ReadonlySet<string>,
  idColumn: string,
  timeColumn: string | undefined,
  { features, maxDataAgeMonths }: LeadOptions,
): DatasetConfig {
  const usable = new Set([...fields].map(plainName));
  const recommended = [...RECOMMENDED_FEATURES, ...FEATURE_GROUPS.time!].filter((name) =>
    usable.has(plainName(name)),
  );
  const chosen = features ?? (recommended.length > 1 ? recommended : undefined);
  const numbers = [...fields].filter((name) => NUMBERS.has(name) && name !== idColumn);
  return datasetConfigSchema.parse({
    kind: 'leads',
    scaling: 'minmax',
    idColumn,
    ...(timeColumn !== undefined && { timeColumn }),
    maxDataAgeMonths,
    ...(chosen && { featuresToUse: chosen }),
    columns: Object.fromEntries(numbers.map((name) => [name, { type: 'number', missing: [] }])),
  });
}
