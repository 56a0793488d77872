import { Random } from '../functions/stats/random.ts';

/** What `sampleOrders` generates. */
export interface SampleOptions {
  /** Customers with at least one order, ≥ 1. */
  readonly customers: number;
  readonly seed: number;
}

interface Product {
  readonly code: string;
  readonly description: string;
  readonly price: number;
}

interface Customer {
  readonly id: string;
  readonly country: string;
  /** Typical lines per order and units per line. */
  readonly linesPerOrder: number;
  readonly unitsPerLine: number;
}

/** An order to come: when, by whom (`null` is a guest), and the fork its lines are drawn from. */
interface OrderEvent {
  readonly minute: number;
  readonly customer: number | null;
  readonly fork: number;
  readonly isReturn: boolean;
}

const YEAR_START = Date.UTC(2025, 0, 1);
const DAYS = 365;
const MINUTES_PER_DAY = 1440;
const N_PRODUCTS = 800;
const WHOLESALE_SHARE = 0.03;
const RETURN_SHARE = 0.025;
const GUEST_SHARE = 0.08;
const FREE_LINE_SHARE = 0.004;
const MEAN_LIFETIME_DAYS = 240;
const COUNTRIES = [
  ['United Kingdom', 0.62],
  ['Germany', 0.74],
  ['France', 0.84],
  ['Brazil', 0.91],
  ['Spain', 0.96],
  ['Argentina', 1],
] as const;
const COLOURS = ['RED', 'BLUE', 'IVORY', 'GREEN', 'PINK', 'BLACK', 'SILVER', 'VINTAGE'];
const THINGS = [
  'LANTERN',
  'MUG',
  'CUSHION',
  'CANDLE',
  'CAKE STAND',
  'TOTE BAG',
  'CLOCK',
  'PICTURE FRAME',
  'TIN',
  'GARLAND',
];
const STYLES = [
  'HEART',
  'STAR',
  'POLKADOT',
  'STRIPE',
  'FLORAL',
  'RETROSPOT',
  'WOODEN',
  'ENAMEL',
  'PAPER',
  'GLASS',
];

/** Independent streams of one seed. */
const STREAM = { products: 0, customers: 1, guests: 2, lines: 3 } as const;

/** Header line of the generated order files. */
export const ORDER_HEADER =
  'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

/**
 * Order lines of an invented gift shop over one year, as CSV text, in time order. Purchases follow a Poisson process
 * per customer with log-normal rates and exponential lifetimes (the assumptions of the Pareto/NBD family, Schmittlein,
 * Morrison & Colombo 1987); spend is heavy-tailed, weekends are slow, the end of the year is busy; some orders come
 * back as returns (`C…`, negative quantity), some belong to guests (no customer id), a few lines are free.
 * Equal options give equal bytes. Memory grows with orders, not with lines.
 */
export function* sampleOrders({ customers: nCustomers, seed }: SampleOptions): Generator<string> {
  const random = new Random(seed);
  const products = catalogue(random.fork(STREAM.products));
  const customers: Customer[] = [];
  const events: OrderEvent[] = [];
  for (let i = 0; i < nCustomers; i++) {
    const own = random.fork(STREAM.customers).fork(i);
    customers.push(newCustomer(i, own, events));
  }
  addGuests(random.fork(STREAM.guests), events);
  events.sort((a, b) => a.minute - b.minute || a.fork - b.fork || Number(a.isReturn) - Number(b.isReturn));

  yield `${ORDER_HEADER}\n`;
  const lines = random.fork(STREAM.lines);
  let invoice = 500_000;
  for (const event of events) {
    const customer = event.customer === null ? undefined : customers[event.customer];
    yield orderLines(event, String(invoice++), customer, products, lines.fork(event.fork));
  }
}

function catalogue(random: Random): Product[] {
  return Array.from({ length: N_PRODUCTS }, (_, i) => ({
    code: String(20_000 + 7 * i),
    description: `${pick(COLOURS, random)} ${pick(STYLES, random)} ${pick(THINGS, random)}`,
    price: Math.max(0.19, Math.round(100 * Math.exp(random.normal(Math.log(3), 0.85))) / 100),
  }));
}

/** Draws one customer and pushes all of their orders; the first is always there. */
function newCustomer(index: number, random: Random, events: OrderEvent[]): Customer {
  const wholesale = random.uniform() < WHOLESALE_SHARE;
  const ordersPerYear = Math.exp(random.normal(wholesale ? 2.4 : 1.1, wholesale ? 0.5 : 0.9));
  // Who was a customer before the year began is seen from its first day on.
  const firstDay = Math.max(0, random.uniform() * (DAYS + 120) - 120);
  const lastDay = firstDay + exponential(random) * MEAN_LIFETIME_DAYS * (wholesale ? 3 : 1);
  const push = (day: number) => {
    const fork = events.length;
    const minute = Math.floor(day) * MINUTES_PER_DAY + minuteOfDay(random);
    events.push({ minute, customer: index, fork, isReturn: false });
    if (random.uniform() < RETURN_SHARE) {
      const returned = minute + Math.round((2 + 18 * random.uniform()) * MINUTES_PER_DAY);
      if (returned < DAYS * MINUTES_PER_DAY) {
        events.push({ minute: returned, customer: index, fork, isReturn: true });
      }
    }
  };
  let day = Math.min(firstDay, DAYS - 1);
  push(day);
  for (;;) {
    day += (exponential(random) * DAYS) / (ordersPerYear * PEAK);
    if (day >= Math.min(lastDay, DAYS)) break;
    if (random.uniform() < demand(day) / PEAK) push(day);
  }
  return {
    id: String(10_001 + index),
    country: countryOf(random.uniform()),
    linesPerOrder: Math.exp(random.normal(wholesale ? 2 : 1.4, 0.4)),
    unitsPerLine: Math.exp(random.normal(wholesale ? 2.6 : 1.1, 0.5)),
  };
}

function addGuests(random: Random, events: OrderEvent[]): void {
  const guests = Math.round(events.length * GUEST_SHARE);
  for (let i = 0; i < guests; i++) {
    let day = random.uniform() * DAYS;
    while (random.uniform() > demand(day) / PEAK) day = random.uniform() * DAYS;
    const minute = Math.floor(day) * MINUTES_PER_DAY + minuteOfDay(random);
    events.push({ minute, customer: null, fork: events.length, isReturn: false });
  }
}

function orderLines(
  event: OrderEvent,
  invoice: string,
  customer: Customer | undefined,
  products: readonly Product[],
  random: Random,
): string {
  const nLines = Math.max(1, Math.round((customer?.linesPerOrder ?? 3) * Math.exp(random.normal(0, 0.5))));
  const date = timestamp(event.minute);
  let text = '';
  for (let i = 0; i < (event.isReturn ? 1 : nLines); i++) {
    // Squaring favours the front of the catalogue: few products make most of the sales.
    const product = products[Math.floor(random.uniform() ** 2 * products.length)]!;
    const units = Math.max(1, Math.round((customer?.unitsPerLine ?? 2) * Math.exp(random.normal(0, 0.7))));
    const price = random.uniform() < FREE_LINE_SHARE ? 0 : product.price;
    text +=
      `${event.isReturn ? `C${invoice}` : invoice},${product.code},${product.description},` +
      `${event.isReturn ? -units : units},${date},${price.toFixed(2)},${customer?.id ?? ''},` +
      `${customer?.country ?? 'United Kingdom'}\n`;
  }
  return text;
}

/** Relative demand of a day of the year: slow weekends, a busy end of the year. */
function demand(day: number): number {
  const weekday = (Math.floor(day) + 3) % 7; // 1 January 2025 was a Wednesday; Monday is 1
  const weekend = weekday === 6 || weekday === 0 ? 0.6 : 1.1;
  const season = day >= 310 && day <= 355 ? 1.9 : 1 + 0.15 * Math.sin((2 * Math.PI * (day - 60)) / DAYS);
  return weekend * season;
}
const PEAK = 1.1 * 1.9;

/** Office and evening hours, most around noon. */
const minuteOfDay = (random: Random): number =>
  Math.floor(8 * 60 + 12 * 60 * ((random.uniform() + random.uniform()) / 2));

const exponential = (random: Random): number => -Math.log(1 - random.uniform());
const pick = (words: readonly string[], random: Random): string => words[random.integer(words.length)]!;
const countryOf = (u: number): string => COUNTRIES.find(([, upTo]) => u < upTo)![0];
const timestamp = (minute: number): string =>
  new Date(YEAR_START + minute * 60_000).toISOString().slice(0, 19).replace('T', ' ');
