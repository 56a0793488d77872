import { describe, expect, it } from 'vitest';
import { ORDER_HEADER, sampleOrders } from '../../cli/orders.ts';

const text = (customers: number, seed: number) => [...sampleOrders({ customers, seed })].join('');
const rowsOf = (csv: string) => {
  const [header, ...lines] = csv.trimEnd().split('\n');
  return { header, rows: lines.map((line) => line.split(',')) };
};

describe('sample orders', () => {
  const { header, rows } = rowsOf(text(800, 1));
  const customers = rows.map((row) => row[6]!);

  it('have a header, eight fields a row and time order', () => {
    expect(header).toBe(ORDER_HEADER);
    expect(rows.every((row) => row.length === 8)).toBe(true);
    const dates = rows.map((row) => row[4]!);
    expect(dates).toEqual([...dates].sort());
  });

  it('hold every customer, guests, returns and free lines', () => {
    expect(new Set(customers.filter((id) => id !== '')).size).toBe(800);
    expect(customers.filter((id) => id === '').length / rows.length).toBeGreaterThan(0.01);
    const returns = rows.filter((row) => row[0]!.startsWith('C'));
    expect(returns.length).toBeGreaterThan(0);
    expect(returns.every((row) => Number(row[3]) < 0)).toBe(true);
    expect(rows.some((row) => row[5] === '0.00')).toBe(true);
  });

  it('have heavy-tailed spend: the best tenth of the customers makes more than half of it', () => {
    const spend = new Map<string, number>();
    for (const [, , , quantity, , price, customer] of rows) {
      if (customer && Number(quantity) > 0) {
        spend.set(customer, (spend.get(customer) ?? 0) + Number(quantity) * Number(price));
      }
    }
    const sorted = [...spend.values()].sort((a, b) => b - a);
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    expect(sum(sorted.slice(0, sorted.length / 10)) / sum(sorted)).toBeGreaterThan(0.5);
  });

  it('are busier at the end of the year than in spring', () => {
    const inMonths = (...months: string[]) =>
      rows.filter((row) => months.includes(row[4]!.slice(5, 7))).length;
    expect(inMonths('11', '12')).toBeGreaterThan(1.2 * inMonths('03', '04'));
  });

  it('are the same bytes for the same seed, and others for another', () => {
    expect(text(50, 9)).toBe(text(50, 9));
    expect(text(50, 9)).not.toBe(text(50, 10));
  });
});
