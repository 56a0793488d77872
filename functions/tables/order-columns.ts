import type { OrderColumns } from '../contracts/artifacts.ts';
import { InvalidDatasetError } from '../errors.ts';

/** The roles in the order of the scanner's slots. */
export const ORDER_ROLES = ['customerId', 'orderId', 'orderedAt', 'quantity', 'unitPrice'] as const;
export type OrderRole = (typeof ORDER_ROLES)[number];

/**
 * Names by which each role is recognised, best first, compared without case, blanks and punctuation: `Customer ID`,
 * `customer_id` and `CustomerID` are one name.
 */
export const ORDER_SYNONYMS: Readonly<Record<OrderRole, readonly string[]>> = {
  customerId: [
    'customer_id',
    'customer_no',
    'customer_number',
    'customer',
    'client_id',
    'user_id',
    'buyer_id',
  ],
  orderId: [
    'invoice_no',
    'invoice_id',
    'invoice_number',
    'invoice',
    'order_id',
    'order_no',
    'order_number',
    'transaction_id',
    'receipt_id',
  ],
  orderedAt: [
    'invoice_date',
    'order_date',
    'ordered_at',
    'order_datetime',
    'order_time',
    'transaction_date',
    'purchase_date',
    'created_at',
    'timestamp',
    'datetime',
    'date',
  ],
  quantity: ['quantity', 'qty', 'order_quantity', 'item_quantity', 'units'],
  unitPrice: ['unit_price', 'price', 'item_price', 'price_per_unit'],
};

const plain = (name: string) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** How many of the five columns of an order line a header names. */
export function countOrderColumns(header: readonly string[]): number {
  const names = new Set(header.map(plain));
  return ORDER_ROLES.filter((role) => ORDER_SYNONYMS[role].some((synonym) => names.has(plain(synonym))))
    .length;
}

/**
 * Finds the five columns of an order line in a header.
 * @param asked names the caller gave, which win over the synonyms and must be in the header
 * @throws InvalidDatasetError naming the columns that are missing or there twice, those found, and the names recognised
 */
export function recogniseOrderColumns(
  header: readonly string[],
  asked: Partial<Record<OrderRole, string | undefined>>,
  file: string,
): OrderColumns {
  const names = header.map(plain);
  const found: Partial<Record<OrderRole, string>> = {};
  const missing: string[] = [];
  for (const role of ORDER_ROLES) {
    const wanted = asked[role] === undefined ? ORDER_SYNONYMS[role] : [asked[role]];
    // A name asked for is meant as written; only where nothing fits, its spelling may differ.
    const exact = asked[role] === undefined ? -1 : header.indexOf(asked[role].trim());
    const name = exact < 0 ? wanted.map(plain).find((synonym) => names.includes(synonym)) : names[exact];
    if (name === undefined) {
      missing.push(
        asked[role] === undefined ? `${role} (one of ${wanted.join(', ')})` : `${role} ("${asked[role]}")`,
      );
      continue;
    }
    const places =
      exact < 0 ? names.flatMap((other, i) => (other === name ? [i] : [])) : placesOf(header, exact);
    if (places.length > 1) {
      throw invalid(
        file,
        'duplicate_column',
        `the header has ${places.length} columns for ${role}: ${quoted(places.map((i) => header[i]!))}. ` +
          'Rename all but one of them, or name the right one in the request under "columns".',
      );
    }
    found[role] = header[places[0]!]!;
  }
  if (missing.length > 0) {
    throw invalid(
      file,
      'missing_column',
      `the header has no column for ${missing.join(', and none for ')}. Found: ${quoted(header)}. ` +
        'Rename the columns (case, blanks and punctuation do not matter) or name them in the request under "columns".',
    );
  }
  const columns = found as OrderColumns;
  const twice = ORDER_ROLES.filter((role) =>
    ORDER_ROLES.some((other) => other !== role && columns[other] === columns[role]),
  );
  if (twice.length > 0) {
    throw invalid(
      file,
      'duplicate_column',
      `the column "${columns[twice[0]!]}" is asked for as ${twice.join(' and as ')}. Name one column for each.`,
    );
  }
  return columns;
}

const placesOf = (header: readonly string[], first: number) =>
  header.flatMap((name, i) => (name === header[first] ? [i] : []));

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');

const invalid = (file: string, reason: string, text: string) =>
  new InvalidDatasetError(`${file}, line 1: ${text}`, { file, line: 1, reason });
