import { type AccountRef, dayText } from './contracts/campaign-entities.ts';
import { type Insight, insightSchema } from './contracts/campaign-insights.ts';
import { InvalidDatasetError } from './errors.ts';
import { objectSource } from './input-file.ts';
import type { ObjectHead, Ports } from './ports.ts';
import { cellText, isMissing, placeOf, type TableBatch } from './tables/cells.ts';
import { openTable } from './tables/open-table.ts';
import { readTable } from './tables/read-table.ts';

/** Rows that are written at once: days of an entity and month that come together are one write. */
const ROWS_AT_ONCE = 50_000;
/** Rejected rows that are named one by one. */
const EXAMPLES = 10;

const FIELDS = Object.keys(insightSchema.shape) as (keyof Insight)[];
const REQUIRED = ['entity_id', 'date', 'spend', 'impressions', 'clicks', 'leads'] as const;
const TEXTS: ReadonlySet<string> = new Set([
  ...['entity_type', 'entity_id', 'name', 'campaign_id', 'adset_id', 'date', 'status'],
]);

/** What became of the rows of a file. */
export interface InsightImport {
  readonly rows: number;
  /** Days written; of one entity and date given twice, the later row. */
  readonly days: number;
  readonly rejected: number;
  /** The first rejected rows: line or row of the file, and what is wrong, without what it holds. */
  readonly examples: readonly string[];
  /** Columns that are no field of an insight. */
  readonly ignored: readonly string[];
}

/**
 * Writes the rows of a table of any supported format as daily insights of an account, each in place of what was there for
 * its entity and date. Columns are called as the fields of `POST /v1/campaigns/insights`, in any order and case. A row
 * that is none is left out and reported; the same file again writes the same.
 * @throws InvalidDatasetError for a file that is no table, or lacks a column that is needed
 */
export async function importInsights(
  { objects, insights, clock }: Pick<Ports, 'objects' | 'insights' | 'clock'>,
  account: AccountRef,
  head: ObjectHead,
): Promise<InsightImport> {
  const source = objectSource(objects, head);
  const layout = await openTable(source);
  const fields = fieldsOf(layout.header, head.key);
  const columns = [...fields.keys()];
  // Somewhere on Earth it is tomorrow already.
  const lastDay = dayText(Math.floor(clock.now().getTime() / 86_400_000) + 1);
  const examples: string[] = [];
  let [rows, days, rejected] = [0, 0, 0];
  const reject = (place: number, problem: string) => {
    if (++rejected <= EXAMPLES) examples.push(`${place}: ${problem}`);
  };
  let waiting: Insight[] = [];
  const write = async () => {
    if (waiting.length > 0) days += (await insights.put(account, waiting)).days;
    waiting = [];
  };
  const onReject = ({ line, reason }: { line: number; reason: string }) => {
    rows++;
    reject(line, reason);
  };
  for await (const batch of readTable(source, layout, { columns, onReject })) {
    for (let row = 0; row < batch.nRows; row++) {
      rows++;
      const read = insightSchema.safeParse(valuesOf(batch, row, [...fields.values()]));
      if (!read.success) {
        const { path, message } = read.error.issues[0]!;
        reject(placeOf(batch, row), `${path.join('.')}: ${message}`);
      } else if (read.data.date > lastDay) reject(placeOf(batch, row), 'date: lies in the future');
      else waiting.push(read.data);
    }
    if (waiting.length >= ROWS_AT_ONCE) await write();
  }
  await write();
  const ignored = layout.header.filter((_, column) => !fields.has(column));
  return { rows, days, rejected, examples, ignored };
}

/** Fields by column. */
function fieldsOf(header: readonly string[], file: string): Map<number, keyof Insight> {
  const names = header.map((name) =>
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_'),
  );
  const fields = new Map(
    FIELDS.map((field) => [names.indexOf(field), field] as const).filter(([column]) => column >= 0),
  );
  const found = new Set(fields.values());
  const missing = REQUIRED.filter((field) => !found.has(field));
  if (missing.length === 0) return fields;
  throw new InvalidDatasetError(
    `${file} lacks ${missing.join(', ')}. It has ${header.slice(0, 20).join(', ')}; a table of insights needs ${REQUIRED.join(', ')}.`,
    { file, reason: 'missing_column', missing },
  );
}

/** A row as `insightSchema` takes it: empty cells are absent, numbers are numbers. */
function valuesOf(batch: TableBatch, row: number, fields: readonly (keyof Insight)[]) {
  const values: Record<string, unknown> = {};
  for (const [place, field] of fields.entries()) {
    const cells = batch.columns[place]!;
    if (isMissing(cells, row)) continue;
    const text = cellText(cells, row).trim();
    if (text === '') continue;
    if (field === 'date') values[field] = text.replace(/[T ]00:00:00(\.0+)?Z?$/, '');
    else if (field === 'status') values[field] = text.toUpperCase();
    else values[field] = TEXTS.has(field) ? text : Number(text);
  }
  return values;
}
