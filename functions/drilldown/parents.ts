import type { PurchasingCustomer } from '../contracts/drilldown.ts';
import { InvalidRequestError } from '../errors.ts';

/** Customers and the parent of each. */
export interface LabelledCustomers {
  readonly customers: readonly PurchasingCustomer[];
  /** Customer id → parent cluster. */
  readonly labels: Readonly<Record<string, number>>;
}

/**
 * The customers of each parent, in the order given.
 * @throws InvalidRequestError for duplicate ids, a customer without label and a label without customer, naming them
 */
export function customersByParent({
  customers,
  labels,
}: LabelledCustomers): Map<number, PurchasingCustomer[]> {
  const byParent = new Map<number, PurchasingCustomer[]>();
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  customers.forEach((customer, row) => {
    const { id } = customer;
    if (seen.has(id))
      errors.push(fieldError(`/customers/${row}/id`, `the id ${quoted(id)} stands there twice`));
    seen.add(id);
    const parent = Object.hasOwn(labels, id) ? labels[id] : undefined;
    if (parent === undefined) errors.push(fieldError(`/customers/${row}/id`, `no label for ${quoted(id)}`));
    else {
      const siblings = byParent.get(parent);
      if (siblings) siblings.push(customer);
      else byParent.set(parent, [customer]);
    }
  });
  for (const id of Object.keys(labels)) {
    if (!seen.has(id)) errors.push(fieldError(`/labels/${pointerPart(id)}`, `no customer ${quoted(id)}`));
  }
  if (errors.length === 0) return byParent;
  const told = errors.slice(0, MOST_TOLD).map(({ pointer, detail }) => `body ${pointer}: ${detail}`);
  const more = errors.length > told.length ? ` and ${errors.length - told.length} more` : '';
  throw new InvalidRequestError(
    `Invalid input: ${told.join('; ')}${more}. Give each customer one row and one label.`,
    { reason: 'labels', errors: errors.slice(0, MOST_TOLD) },
  );
}

/** Problems listed in one answer. */
const MOST_TOLD = 20;

/** A field at fault, as problem documents list it. */
export interface FieldError {
  readonly in: 'body';
  readonly pointer: string;
  readonly detail: string;
}

/** A field of the body at fault. */
export const fieldError = (pointer: string, detail: string): FieldError => ({ in: 'body', pointer, detail });
const pointerPart = (text: string) => text.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
const quoted = (id: string) => JSON.stringify(id.length > 64 ? `${id.slice(0, 64)}…` : id);
/** The first 20 of some labels, as text. */
export const some = (labels: readonly number[]) =>
  labels.length > 20 ? `${labels.slice(0, 20).join(', ')}, …` : labels.join(', ');
