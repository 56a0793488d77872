import type { CellFormat, EntityPlan } from '../contracts/artifacts.ts';
import type { DatasetConfig, DatasetKind } from '../contracts/dataset.ts';
import { InvalidDatasetError } from '../errors.ts';
import { decideColumn, type SampledColumn, sampledColumn } from './entity-columns.ts';
import { type InferredType, inferColumnType } from './infer-column-type.ts';
import { personalKind } from './personal-columns.ts';
import type { TableProfile } from './table-profile.ts';

/** A file of the dataset: how its columns look, by name. */
interface SampledFile {
  readonly file: string;
  readonly header: readonly string[];
  readonly columns: ReadonlyMap<string, InferredType & { readonly isPlain: boolean }>;
}

/** How the files of a dataset with one row per entity are to be read. */
export interface PlannedEntities {
  readonly kind: Exclude<DatasetKind, 'orders'>;
  readonly entity: EntityPlan;
  /** Per file, in the order of `entity.columns`. */
  readonly cells: readonly (readonly CellFormat[])[];
}

/** Default window of leads, in months (`max_data_age_months`). */
const LEADS_WINDOW_MONTHS = 6;

const plain = (name: string) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Names of ids, best first, and of the instant that a row is of. */
const ID_NAMES =
  'leadid prospectid customerid clientid contactid userid accountid personid memberid subscriberid visitorid sessionid contextid id uuid guid lead customer client'.split(
    ' ',
  );
const TIME_NAMES =
  'createdat created createddate creationdate leaddate leadcreatedat signupdate registeredat registrationdate date timestamp datetime time updatedat'.split(
    ' ',
  );
/** Columns that only leads have. */
const LEAD_NAMES = new Set(
  'leadid prospectid leadnumber leadsource leadorigin leadstatus leadscore behaviorscore engagementscore intentionlevel ltvclass botscore'.split(
    ' ',
  ),
);

/** Shares of the values of an id that may be missing or be there twice. */
const MOST_WITHOUT_ID = 0.05;
const MOST_REPEATED_IDS = 0.1;

/** Takes samples of the files of one dataset, which have the same columns in any order. Memory: one profile for all. */
export class EntityPlanner {
  readonly #files: SampledFile[] = [];
  #merged: TableProfile | undefined;

  /** @throws InvalidDatasetError for a file of other columns than the first */
  add(file: string, header: readonly string[], profile: TableProfile): void {
    const columns = profile.columns.map((column) => {
      const isPlain = column.having('point') === column.having('comma');
      return [column.name, { ...inferColumnType(column), isPlain }] as const;
    });
    const sampled = { file, header, columns: new Map(columns) };
    const first = this.#files[0] ?? sampled;
    requireSameColumns(first, sampled);
    this.#files.push(sampled);
    if (this.#merged === undefined) this.#merged = profile;
    else {
      for (const column of this.#merged.columns) column.merge(profile.columns[header.indexOf(column.name)]!);
    }
  }

  /** @throws InvalidDatasetError for a configured column that is none, and when no column can be used */
  plan(config: DatasetConfig): PlannedEntities {
    const columns = this.#merged!.columns.map((profile) =>
      sampledColumn(profile, this.#ofFiles(profile.name)),
    );
    return planEntities(this.#files, columns, config);
  }

  #ofFiles(name: string): InferredType[] {
    return this.#files.map(({ columns }) => columns.get(name)!);
  }
}

function planEntities(
  files: readonly SampledFile[],
  columns: readonly SampledColumn[],
  config: DatasetConfig,
): PlannedEntities {
  const { header, file } = files[0]!;
  const columnOf = (name: string) => columns.find(({ profile }) => profile.name === name);
  const configured = [
    config.idColumn,
    config.timeColumn,
    ...Object.keys(config.columns ?? {}),
    ...(config.features ?? []).map(({ column }) => column),
  ];
  for (const name of configured) {
    if (name !== undefined && columnOf(name) === undefined) throw noColumn(file, name, header);
  }

  const id = config.idColumn ?? inferId(columns, config);
  const decisions = columns
    .filter(({ profile }) => profile.name !== id)
    .map((column) => decideColumn(withTimeType(column, config), config));
  const planned = decisions.flatMap((decision) => ('column' in decision ? [decision.column] : []));
  const ignored = decisions.flatMap((decision) => ('ignored' in decision ? [decision.ignored] : []));
  const times = planned.filter(({ type }) => type === 'time').map(({ name }) => name);
  const timeColumn = config.timeColumn ?? bestNamed(times, TIME_NAMES) ?? times[0] ?? null;
  if (timeColumn !== null && !times.includes(timeColumn)) throw noTimes(file, timeColumn, ignored);
  if (planned.length === 0) {
    const why = ignored.map(({ name, detail }) => `"${name}": ${detail}`).join('; ');
    throw new InvalidDatasetError(
      `${file}: no column can be used (${why}). Name the types of some in the dataset's configuration, under "columns".`,
      { file, reason: 'no_usable_column' },
    );
  }
  const isLeads = header.filter((name) => LEAD_NAMES.has(plain(name))).length >= 2;
  const kind =
    config.kind === undefined || config.kind === 'orders' ? (isLeads ? 'leads' : 'customers') : config.kind;
  const months =
    config.maxDataAgeMonths ??
    (config.maxDataAgeMonths === undefined && kind === 'leads' ? LEADS_WINDOW_MONTHS : null);
  const entity: EntityPlan = {
    idColumn: id ?? null,
    timeColumn,
    maxDataAgeMonths: timeColumn === null ? null : months,
    columns: planned,
    ignored,
    assumedMissing: decisions.flatMap(({ assumedMissing = [] }) => assumedMissing),
  };
  const cells = files.map((sample) => planned.map(({ name }) => cellFormat(sample, columnOf(name)!)));
  return { kind, entity, cells };
}

/** A column that is configured as the time column is one of instants, whatever it looks like. */
function withTimeType(column: SampledColumn, { timeColumn, columns }: DatasetConfig): SampledColumn {
  const { profile, inferred } = column;
  if (profile.name !== timeColumn || columns?.[profile.name]?.type !== undefined) return column;
  const isTime = inferred.type === 'date' || inferred.type === 'timestamp';
  return isTime ? column : { profile, inferred: { ...inferred, type: 'timestamp' } };
}

/** As the file writes it, where it tells; else as the others do. */
function cellFormat({ columns }: SampledFile, { profile, inferred }: SampledColumn): CellFormat {
  const own = columns.get(profile.name)!;
  const isUndecided = own.type === 'empty' || own.notes.includes('ambiguous_day_and_month');
  const { order } = isUndecided ? inferred : own;
  return { decimal: own.isPlain ? inferred.decimal : own.decimal, order };
}

function inferId(columns: readonly SampledColumn[], config: DatasetConfig): string | undefined {
  const candidates = columns.filter(({ profile, inferred }) => {
    const { name, nRows, nMissing, sketch } = profile;
    if (config.columns?.[name]?.type !== undefined || config.personal?.columns.includes(name)) return false;
    const isNamed = ID_NAMES.includes(plain(name));
    const isKind =
      inferred.type === 'id' || (isNamed && ['integer', 'category', 'text'].includes(inferred.type));
    if (!isKind || personalKind(profile, inferred.type) !== null) return false;
    const n = nRows - nMissing;
    return nMissing <= MOST_WITHOUT_ID * nRows && Math.min(sketch.distinct, n) >= (1 - MOST_REPEATED_IDS) * n;
  });
  const names = candidates.map(({ profile }) => profile.name);
  return bestNamed(names, ID_NAMES) ?? names[0];
}

function bestNamed(names: readonly string[], known: readonly string[]): string | undefined {
  const ranked = names.filter((name) => known.includes(plain(name)));
  return ranked.sort((a, b) => known.indexOf(plain(a)) - known.indexOf(plain(b)))[0];
}

function requireSameColumns(first: SampledFile, other: SampledFile): void {
  const missing = first.header.filter((name) => !other.header.includes(name));
  const extra = other.header.filter((name) => !first.header.includes(name));
  if (missing.length === 0 && extra.length === 0) return;
  const parts = [
    missing.length > 0 ? `lacks ${quoted(missing)}` : '',
    extra.length > 0 ? `has ${quoted(extra)}, which ${first.file} has not` : '',
  ];
  throw new InvalidDatasetError(
    `${other.file} ${parts.filter((part) => part !== '').join(' and ')}: the files of one dataset have the same columns, ` +
      'in any order. Rename the columns, or upload the files as datasets of their own.',
    { file: other.file, reason: 'different_columns' },
  );
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');

const noColumn = (file: string, name: string, header: readonly string[]) =>
  new InvalidDatasetError(
    `${file} has no column "${name}", which the dataset's configuration names. Found: ${quoted(header)}. Correct the ` +
      'configuration, or rename the column.',
    { file, reason: 'missing_column', column: name },
  );

function noTimes(file: string, name: string, ignored: EntityPlan['ignored']): InvalidDatasetError {
  const why = ignored.find((column) => column.name === name)?.detail ?? 'it is of another type';
  return new InvalidDatasetError(
    `${file}: the column "${name}" cannot be read as instants (${why}). Write them as YYYY-MM-DD HH:MM:SS, or name ` +
      'another "timeColumn" in the dataset\'s configuration.',
    { file, reason: 'no_times', column: name },
  );
}
