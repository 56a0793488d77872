import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Random } from '../../functions/stats/random.ts';

const HEADER =
  'customer_id,created_at,country,channel,device,plan,subscribed,visits,seconds_on_site,pages_per_visit,age,spend,returns,score,last_order_value';
const COUNTRIES = 'BR US AR MX CL CO PE UY PT ES DE FR IT GB NL PL SE JP IN AU'.split(' ');
const CHANNELS = 'facebook google tiktok email organic referral affiliate direct'.split(' ');
const DEVICES = ['mobile', 'desktop', 'tablet'];
const PLANS = ['free', 'basic', 'plus', 'pro', 'enterprise'];
const START_MS = Date.UTC(2024, 0, 1);
const YEAR_MS = 366 * 86_400_000;
const LINES_PER_WRITE = 10_000;

/**
 * A CSV of made-up customers, 15 columns: id, instant, four categories, a flag and eight numbers of which some are
 * missing; one row in a hundred is of a customer that was there before. Written once per size into a folder.
 */
export function customerRows(folder: string, nRows: number): string {
  const file = join(folder, `customer_rows_${nRows}.csv`);
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.partial`;
  const random = new Random(20_251);
  const one = <T>(of: readonly T[]) => of[Math.floor(random.uniform() ** 2 * of.length)]!;
  const output = openSync(partial, 'w');
  writeSync(output, `${HEADER}\n`);
  for (let row = 0; row < nRows; ) {
    const lines: string[] = [];
    for (; row < nRows && lines.length < LINES_PER_WRITE; row++) {
      const id = row % 100 === 99 ? Math.floor(random.uniform() * row) : row;
      const at = new Date(START_MS + Math.floor(random.uniform() * YEAR_MS)).toISOString().slice(0, 19);
      const heavy = Math.exp(4 * random.uniform());
      const score = random.uniform() < 0.05 ? '' : (random.uniform() * 100).toFixed(3);
      lines.push(
        `C${10_000_000 + id},${at.replace('T', ' ')},${one(COUNTRIES)},${one(CHANNELS)},${one(DEVICES)},${one(PLANS)},` +
          `${random.uniform() < 0.3 ? 'yes' : 'no'},${Math.floor(heavy)},${Math.floor(heavy * 60 * random.uniform())},` +
          `${(1 + 9 * random.uniform()).toFixed(2)},${18 + Math.floor(70 * random.uniform())},` +
          `${(heavy * 100 * random.uniform()).toFixed(2)},${Math.floor(3 * random.uniform() ** 4)},${score},` +
          `${(random.uniform() * 250).toFixed(2)}`,
      );
    }
    writeSync(output, `${lines.join('\n')}\n`);
  }
  closeSync(output);
  renameSync(partial, file);
  return file;
}
