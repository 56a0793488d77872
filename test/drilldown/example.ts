import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { PurchasingCustomer } from '../../functions/contracts/drilldown.ts';

const row = z.tuple([z.string(), z.number(), z.number(), z.array(z.string()), z.number()]);
const { customers: rows, parent1 } = z
  .object({ customers: z.array(row), parent1: z.looseObject({}) })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/drilldown-example.json', import.meta.url), 'utf8')));

/** The 40 customers that the drill-down's contract prints. */
export const exampleCustomers: readonly PurchasingCustomer[] = rows.map(
  ([id, frequency, amount_spent, product_types]) => ({ id, frequency, amount_spent, product_types }),
);

/** Their parent clusters. */
export const exampleLabels: Readonly<Record<string, number>> = Object.fromEntries(
  rows.map(([id, , , , label]) => [id, label]),
);

/** What the contract prints for parent 1, from raw values. */
export const printedParent: Readonly<Record<string, unknown>> = parent1;
