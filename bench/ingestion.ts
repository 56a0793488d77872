import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { customerRows } from './data/rows.ts';
import { DATA_FOLDER } from './datasets.ts';
import { median } from './pairs.ts';

const RETAIL = join(import.meta.dirname, '../../shared/data/online_retail/online_retail.csv.gz');
const INPUT = 'files/acme/ingestion';
const CHILD = join(import.meta.dirname, 'ingestion-process.ts');
const PEER = join(import.meta.dirname, 'peers/ingest.py');
/** The core that either side runs on, alone. */
const PINNED = existsSync('/usr/bin/taskset') ? ['/usr/bin/taskset', '-c', '1'] : [];
const PAIRS = 3;
/** Relative difference of the sums that decide whether both sides made the same table. */
const TOLERANCE = 1e-9;

/** One input, read through to feature files by both sides in fresh processes on one core. */
export interface IngestionResult {
  readonly title: string;
  readonly nRows: number;
  readonly nEntities: number;
  /** Medians over the pairs, seconds and MiB; a peer that is not installed has none. */
  readonly seconds: number;
  readonly peakMb: number;
  readonly peer?: { readonly name: string; readonly seconds: number; readonly peakMb: number };
  /** Median over the pairs of peer time ÷ our time. */
  readonly ratio?: number;
  /** Rows per second of each step, of the median run. */
  readonly rowsPerSecond: Readonly<Record<string, number>>;
}

interface OurRun {
  readonly seconds: number;
  readonly steps: Readonly<Record<string, number>>;
  readonly nRead: number;
  readonly nEntities: number;
  readonly peakMb: number;
}

interface PeerRun {
  readonly seconds: number;
  readonly peakMb: number;
  readonly outcome: { readonly nEntities: number };
  readonly format: string;
  readonly pandas: string;
}

/**
 * Measures reading, cleaning, feature making and writing: Online Retail (RFM, z-score) and made-up customers of 15
 * columns (one-hot, z-score) in growing numbers, the largest paired with pandas too.
 * @param sizes rows of the made-up tables; only the last is paired
 */
export function ingestion(sizes: readonly number[] = [1_250_000, 2_500_000, 5_000_000]): IngestionResult[] {
  const folder = join(DATA_FOLDER, INPUT);
  mkdirSync(folder, { recursive: true });
  const results: IngestionResult[] = [];
  if (existsSync(RETAIL)) {
    writeFileSync(join(folder, 'online_retail.csv'), gunzipSync(readFileSync(RETAIL)));
    results.push(paired('Online Retail: RFM, z-score', 'rfm', 'online_retail.csv', PAIRS));
  }
  for (const [i, nRows] of sizes.entries()) {
    const file = customerRows(folder, nRows).slice(folder.length + 1);
    const title = `${nRows.toLocaleString('en')} × 15: one-hot, z-score`;
    results.push(paired(title, 'table', file, i + 1 === sizes.length ? PAIRS : 0));
  }
  return results;
}

function paired(title: string, kind: 'rfm' | 'table', file: string, nPairs: number): IngestionResult {
  const key = `${INPUT}/${file}`;
  const ours: OurRun[] = [];
  const theirs: PeerRun[] = [];
  for (let pair = 0; pair < Math.max(1, nPairs); pair++) {
    // Every other pair begins with the other side.
    if (pair % 2 === 0) ours.push(runOurs(key));
    if (nPairs > 0) theirs.push(runPeer(kind, key));
    if (pair % 2 === 1) ours.push(runOurs(key));
  }
  for (const { outcome } of theirs) {
    const { nEntities } = ours[0]!;
    if (Math.abs(outcome.nEntities - nEntities) > TOLERANCE * nEntities) {
      throw new Error(`${title}: we made ${nEntities} entities, pandas ${outcome.nEntities}.`);
    }
  }
  const typical = ours.toSorted((a, b) => a.seconds - b.seconds)[ours.length >> 1]!;
  const { nRead, nEntities, steps } = typical;
  const result = {
    title,
    nRows: nRead,
    nEntities,
    seconds: median(ours.map(({ seconds }) => seconds)),
    peakMb: median(ours.map(({ peakMb }) => peakMb)),
    rowsPerSecond: Object.fromEntries(
      Object.entries(steps).map(([step, seconds]) => [step, Math.round(nRead / seconds)]),
    ),
  };
  if (theirs.length === 0) return result;
  const { pandas, format } = theirs[0]!;
  const peer = {
    name: `pandas ${pandas} (${format})`,
    seconds: median(theirs.map(({ seconds }) => seconds)),
    peakMb: median(theirs.map(({ peakMb }) => peakMb)),
  };
  return { ...result, peer, ratio: median(theirs.map(({ seconds }, i) => seconds / ours[i]!.seconds)) };
}

const runOurs = (key: string): OurRun =>
  spawned([process.execPath, '--disable-warning=ExperimentalWarning', CHILD, DATA_FOLDER, key]);

function runPeer(kind: string, key: string): PeerRun {
  const output = join(DATA_FOLDER, 'pandas.out');
  const run = spawned<PeerRun>(['/usr/bin/python3', PEER, kind, join(DATA_FOLDER, key), output]);
  rmSync(output);
  return run;
}

function spawned<T>(command: readonly string[]): T {
  const [program = '', ...args] = [...PINNED, ...command];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')} failed: run bench/peers/setup.sh.\n${stderr}`);
  return JSON.parse(stdout) as T;
}
