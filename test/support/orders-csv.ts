import { Random } from '../../functions/stats/random.ts';

/** An order line of the made-up shop; `quantity` below zero is a cancellation. */
export interface OrderLine {
  readonly invoice: string;
  readonly customer: string;
  readonly at: Date;
  readonly quantity: number;
  /** Price of one, in cents. */
  readonly cents: number;
}

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const DAY_MS = 86_400_000;
const LAST_DAY = Date.UTC(2011, 11, 9);

/** Orders of regular, lapsed and outstanding customers, with cancellations and lines that name no customer. */
export function madeUpOrders(nCustomers: number, seed = 7): OrderLine[] {
  const random = new Random(seed);
  const lines: OrderLine[] = [];
  let invoice = 536_365;
  for (let i = 0; i < nCustomers; i++) {
    const kind = i % 20 === 0 ? 2 : i % 3 === 0 ? 1 : 0;
    const orders = 1 + random.integer([5, 2, 40][kind] ?? 1);
    for (let order = 0; order < orders; order++) {
      const daysAgo = ([5, 200, 1][kind] ?? 0) + random.integer([120, 150, 60][kind] ?? 1);
      const at = new Date(LAST_DAY - daysAgo * DAY_MS + random.integer(DAY_MS / 1000) * 1000);
      invoice++;
      for (let line = 0; line <= random.integer(4); line++) {
        lines.push({
          invoice: String(invoice),
          customer: random.integer(12) === 0 ? '' : String(12_346 + 7 * i),
          at,
          quantity: random.integer(15) === 0 ? -1 : 1 + random.integer(24),
          cents: random.integer(40) === 0 ? 0 : 10 + random.integer(kind === 2 ? 9000 : 900),
        });
      }
    }
  }
  return random.shuffle(lines);
}

/** The lines as the file of an online shop: quoted texts that hold commas, quotes and line breaks among them. */
export function ordersCsv(lines: readonly OrderLine[]): Uint8Array {
  const records = lines.map(({ invoice, customer, at, quantity, cents }, i) => {
    const text = ['MUG', '"HEART, WHITE"', '"SIGN ""OPEN"""', '"LAMP\nLARGE"'][i % 4];
    const date = at.toISOString().slice(0, 19).replace('T', ' ');
    const price = (cents / 100).toFixed(2);
    const id = customer === '' ? '' : `${customer}.0`;
    return `${invoice},8512${i % 10}A,${text},${quantity},${date},${price},${id},United Kingdom`;
  });
  return new TextEncoder().encode(`${[HEADER, ...records].join('\n')}\n`);
}

/** Recency, frequency and spend of every customer, worked out the plain way: in whole cents and milliseconds. */
export function rfmOracle(lines: readonly OrderLine[]) {
  const used = lines.filter(({ customer, quantity, cents }) => customer !== '' && quantity > 0 && cents > 0);
  const reference = Math.max(...used.map(({ at }) => at.getTime())) + DAY_MS;
  const customers = Map.groupBy(used, ({ customer }) => customer);
  const rfm = new Map(
    [...customers].map(([customer, own]) => [
      customer,
      {
        recency_days: Math.floor((reference - Math.max(...own.map(({ at }) => at.getTime()))) / DAY_MS),
        frequency: new Set(own.map(({ invoice }) => invoice)).size,
        monetary: own.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0) / 100,
      },
    ]),
  );
  const missing = lines.filter(({ customer }) => customer === '').length;
  return { rfm, rows: { read: lines.length, used: used.length, missing } };
}
