import type { OrderFormats } from '../contracts/artifacts.ts';
import type { RowCounts } from '../contracts/records.ts';
import type { DecimalMark } from '../contracts/table-layout.ts';
import { type CsvRecord, MalformedRecord } from '../tables/csv-scanner.ts';
import { IdReader } from '../tables/id-reader.ts';
import { parseLocalDate } from '../tables/local-dates.ts';
import { parseLocalNumber } from '../tables/local-numbers.ts';
import { ORDER_ROLES } from '../tables/order-columns.ts';
import { parseNumber, parseTimestamp } from '../tables/values.ts';

/**
 * The cleaning rules in the order they are tried: a row is dropped, and counted, by the first one it breaks. The
 * `unreadable_…` ones are no business rules but signs of a damaged file.
 */
export const CLEANING_RULES = [
  'missing_customer_id',
  'unreadable_customer_id',
  'unreadable_quantity',
  'quantity_not_positive',
  'unreadable_unit_price',
  'unit_price_not_positive',
  'missing_order_id',
  'unreadable_ordered_at',
] as const;
export type CleaningRule = (typeof CLEANING_RULES)[number];

/** Characters of the longest customer id: it becomes part of a database key. */
const LONGEST_ID = 256;

/** Share of unreadable rows above which the file, not the row, is at fault. */
const UNREADABLE_SHARE = 0.05;

const CUSTOMER_ID = ORDER_ROLES.indexOf('customerId');
const ORDER_ID = ORDER_ROLES.indexOf('orderId');
const ORDERED_AT = ORDER_ROLES.indexOf('orderedAt');
const QUANTITY = ORDER_ROLES.indexOf('quantity');
const UNIT_PRICE = ORDER_ROLES.indexOf('unitPrice');

const PLAIN_FORMATS: OrderFormats = { quantity: '.', unitPrice: '.', orderedAt: 'ymd' };

/** Takes one used order line: time in ms since the epoch, amount in the currency of the file. */
export type OrderSink = (customerId: string, orderId: string, orderedAtMs: number, amount: number) => void;

/** Takes an order line that is not used; the record is valid during the call only. */
export type RejectSink = (rule: CleaningRule, record: CsvRecord) => void;

/** Applies the cleaning rules to order lines and counts what they drop. */
export class OrderCleaner {
  read = 0;
  used = 0;
  readonly #sink: OrderSink;
  readonly #customerIds = new IdReader();
  readonly #orderIds = new IdReader();
  readonly #byRule = new Map<CleaningRule, { count: number; readonly line: number }>();
  readonly #formats: OrderFormats;
  readonly #onReject: RejectSink;

  constructor(sink: OrderSink, formats: OrderFormats = PLAIN_FORMATS, onReject: RejectSink = () => {}) {
    this.#sink = sink;
    this.#formats = formats;
    this.#onReject = onReject;
  }

  /**
   * Takes one record, its fields in the order of `ORDER_ROLES`.
   * @throws MalformedRecord for an id that is not UTF-8
   */
  add(record: CsvRecord): void {
    this.read++;
    const broken = this.#take(record);
    if (broken === undefined) {
      this.used++;
      return;
    }
    const found = this.#byRule.get(broken);
    if (found === undefined) this.#byRule.set(broken, { count: 1, line: record.line });
    else found.count++;
    this.#onReject(broken, record);
  }

  /** Rows so far, per rule. */
  counts(): RowCounts {
    return {
      read: this.read,
      used: this.used,
      rejected: this.read - this.used,
      byRule: Object.fromEntries([...this.#byRule].map(([rule, { count }]) => [rule, count])),
    };
  }

  /** First row that each rule dropped, in line breaks behind the first scanned byte. */
  firstLines(): ReadonlyMap<CleaningRule, number> {
    return new Map([...this.#byRule].map(([rule, { line }]) => [rule, line]));
  }

  #id(ids: IdReader, record: CsvRecord, slot: number): string {
    const id = ids.read(record, slot);
    if (id === undefined) {
      const text = `the ${ORDER_ROLES[slot]} is not UTF-8. Save the file as CSV in UTF-8.`;
      throw new MalformedRecord('invalid_utf8', record.line, text);
    }
    return id;
  }

  #timeAt(record: CsvRecord, slot: number): number {
    const time = parseTimestamp(record.bytes, record.starts[slot]!, record.ends[slot]!);
    return Number.isNaN(time) ? parseLocalDate(textAt(record, slot), this.#formats.orderedAt) : time;
  }

  /** Hands the row to the sink, or returns the rule it breaks. */
  #take(record: CsvRecord): CleaningRule | undefined {
    const customerId = this.#id(this.#customerIds, record, CUSTOMER_ID);
    if (customerId === '') return 'missing_customer_id';
    if (customerId.length > LONGEST_ID) return 'unreadable_customer_id';
    const quantity = numberAt(record, QUANTITY, this.#formats.quantity);
    if (Number.isNaN(quantity)) return 'unreadable_quantity';
    if (quantity <= 0) return 'quantity_not_positive';
    const unitPrice = numberAt(record, UNIT_PRICE, this.#formats.unitPrice);
    if (Number.isNaN(unitPrice)) return 'unreadable_unit_price';
    if (unitPrice <= 0) return 'unit_price_not_positive';
    const orderId = this.#id(this.#orderIds, record, ORDER_ID);
    if (orderId === '') return 'missing_order_id';
    const orderedAtMs = this.#timeAt(record, ORDERED_AT);
    if (Number.isNaN(orderedAtMs)) return 'unreadable_ordered_at';
    this.#sink(customerId, orderId, orderedAtMs, quantity * unitPrice);
    return undefined;
  }
}

/** Numbers as programs write them are read off the bytes; only others are worth a string. */
function numberAt(record: CsvRecord, slot: number, mark: DecimalMark): number {
  const value =
    mark === '.' ? parseNumber(record.bytes, record.starts[slot]!, record.ends[slot]!) : Number.NaN;
  return Number.isNaN(value) ? parseLocalNumber(textAt(record, slot), mark) : value;
}

const decoder = new TextDecoder();
/** Characters of the longest number or date that is looked at. */
const LONGEST_VALUE = 64;

function textAt({ bytes, starts, ends }: CsvRecord, slot: number): string {
  const start = starts[slot]!;
  return decoder.decode(bytes.subarray(start, Math.min(ends[slot]!, start + LONGEST_VALUE)));
}

/** The rule that most unreadable rows broke, when these are more than 5 % of all rows read; else undefined. */
export function unreadableRule({
  read,
  byRule,
}: Pick<RowCounts, 'read' | 'byRule'>): { rule: string; unreadable: number } | undefined {
  const broken = Object.entries(byRule).filter(([rule]) => rule.startsWith('unreadable_'));
  const unreadable = broken.reduce((sum, [, count]) => sum + count, 0);
  if (unreadable <= read * UNREADABLE_SHARE) return undefined;
  const [rule] = broken.reduce((most, next) => (next[1] > most[1] ? next : most));
  return { rule, unreadable };
}
