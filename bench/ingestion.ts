import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ALLOCATOR_ENV } from '../functions/contracts/env.ts';
import { PINNED } from './cores.ts';
import { customerRows } from './data/rows.ts';
import { DATA_FOLDER } from './datasets.ts';
import { median } from './pairs.ts';

const RETAIL = join(import.meta.dirname, '../../shared/data/online_retail/online_retail.csv.gz');
const INPUT = 'files/acme/ingestion';
const CHILD = join(import.meta.dirname, 'ingestion-process.ts');
const PEER = join(import.meta.dirname, 'peers/ingest.py');
/** Where `peers/setup.sh` puts what Debian has not. */
const PYTHON_FOLDER = join(import.meta.dirname, '../build/python');
const PAIRS = 3;
/** Rows from which one pair must do: it takes minutes. */
const LARGE = 1_000_000;
/**
 * How far the moments of a feature may differ: float32 values, summed in float64. Our stand-in for missing values is a
 * quantile of a digest, within 2^-11 of the median that pandas takes, for a few percent of the rows.
 */
const TOLERANCE = 1e-6;
const IMPUTED_TOLERANCE = 1e-4;

/** What pandas does: see `peers/ingest.py`. */
type PeerKind = 'rfm' | 'rfm-lean' | 'table';

/** One input, read through to feature files by both sides in fresh processes on one core. */
export interface IngestionResult {
  readonly title: string;
  readonly nRows: number;
  readonly nEntities: number;
  readonly nFeatures: number;
  /** Medians over the pairs: seconds of one core, user and system, and MiB. */
  readonly seconds: number;
  readonly peakMb: number;
  /** Resident memory before anything was read: of the runtime and the code. */
  readonly baseMb: number;
  /** The same once more in the same process; of small tables only. */
  readonly againSeconds?: number | undefined;
  /** From the feature files to the kernels' memory: core seconds, MiB, and bytes written per byte of the columns. */
  readonly matrix: Matrix;
  readonly peer: {
    readonly name: string;
    readonly seconds: number;
    readonly peakMb: number;
    readonly baseMb: number;
    readonly againSeconds?: number | undefined;
    readonly rowsPerSecond: Readonly<Record<string, number>>;
  };
  /** Median over the pairs of peer time ÷ our time. */
  readonly ratio: number;
  /** Rows per second of each step, of the median run. */
  readonly rowsPerSecond: Readonly<Record<string, number>>;
}

/** What a side made: by feature its offset, scale, and the mean, deviation, least and largest value written. */
interface Outcome {
  readonly nEntities: number;
  readonly moments: Readonly<Record<string, readonly number[]>>;
}

interface Matrix {
  readonly seconds: number;
  readonly mb: number;
  readonly copies: number;
}

interface Run {
  readonly seconds: number;
  readonly baseMb: number;
  readonly againSeconds?: number | null;
  readonly steps: Readonly<Record<string, number>>;
  readonly peakMb: number;
  readonly outcome: Outcome;
}

interface OurRun extends Run {
  readonly nRead: number;
  /** Rows written out with the reason why they are not used. */
  readonly nLeftOut: number;
  readonly matrix: Matrix;
  /** Features in which missing values were stood in for. */
  readonly imputed: readonly string[];
}

interface PeerRun extends Run {
  readonly format: string;
  readonly pandas: string;
  /** Missing where they are dropped. */
  readonly nLeftOut: number | null;
}

/**
 * Measures reading, cleaning, feature making and writing against pandas at the same recipe: Online Retail (RFM, z-score)
 * and made-up customers of 15 columns (one-hot, z-score) in growing numbers.
 * @param sizes rows of the made-up tables
 */
export function ingestion(sizes: readonly number[] = [1_250_000, 2_500_000, 5_000_000]): IngestionResult[] {
  const folder = join(DATA_FOLDER, INPUT);
  mkdirSync(folder, { recursive: true });
  const results: IngestionResult[] = [];
  if (existsSync(RETAIL)) {
    writeFileSync(join(folder, 'online_retail.csv'), gunzipSync(readFileSync(RETAIL)));
    const title = 'Online Retail: RFM, z-score';
    results.push(paired(title, 'rfm', 'online_retail.csv', PAIRS));
    results.push(paired(`${title}; pandas drops what it leaves out`, 'rfm-lean', 'online_retail.csv', PAIRS));
  }
  for (const nRows of sizes) {
    const file = customerRows(folder, nRows).slice(folder.length + 1);
    const title = `${nRows.toLocaleString('en')} × 15: one-hot, z-score`;
    results.push(paired(title, 'table', file, nRows < LARGE ? PAIRS : 1));
  }
  return results;
}

function paired(title: string, kind: PeerKind, file: string, nPairs: number): IngestionResult {
  const key = `${INPUT}/${file}`;
  const again = nPairs > 1 ? ['again'] : [];
  const ours: OurRun[] = [];
  const theirs: PeerRun[] = [];
  for (let pair = 0; pair < nPairs; pair++) {
    // Every other pair begins with the other side.
    if (pair % 2 === 0) ours.push(runOurs(key, again));
    theirs.push(runPeer(kind, key, again));
    if (pair % 2 === 1) ours.push(runOurs(key, again));
  }
  for (const [i, run] of theirs.entries()) checkSame(title, ours[i]!, run);
  const [typical, typicalPeer] = [typicalOf(ours), typicalOf(theirs)];
  const { nRead, outcome } = typical;
  const rates = ({ steps }: Run) =>
    Object.fromEntries(Object.entries(steps).map(([step, seconds]) => [step, Math.round(nRead / seconds)]));
  return {
    title,
    nRows: nRead,
    nEntities: outcome.nEntities,
    nFeatures: Object.keys(outcome.moments).length,
    seconds: median(ours.map(({ seconds }) => seconds)),
    peakMb: median(ours.map(({ peakMb }) => peakMb)),
    baseMb: typical.baseMb,
    ...(again.length > 0 && { againSeconds: againOf(ours) }),
    matrix: typical.matrix,
    rowsPerSecond: rates(typical),
    peer: {
      name: `pandas ${typicalPeer.pandas} (${typicalPeer.format})`,
      seconds: median(theirs.map(({ seconds }) => seconds)),
      peakMb: median(theirs.map(({ peakMb }) => peakMb)),
      baseMb: typicalPeer.baseMb,
      ...(again.length > 0 && { againSeconds: againOf(theirs) }),
      rowsPerSecond: rates(typicalPeer),
    },
    ratio: median(theirs.map(({ seconds }, i) => seconds / ours[i]!.seconds)),
  };
}

const againOf = (runs: readonly Run[]) => median(runs.map(({ againSeconds }) => againSeconds ?? Number.NaN));

const typicalOf = <T extends Run>(runs: readonly T[]): T =>
  runs.toSorted((a, b) => a.seconds - b.seconds)[runs.length >> 1]!;

/** The equality gate. @throws Error when the sides made other entities, other features or other values */
function checkSame(title: string, { outcome, imputed, nLeftOut }: OurRun, peer: PeerRun): void {
  const theirs = peer.outcome;
  if (peer.nLeftOut !== null && nLeftOut !== peer.nLeftOut)
    throw new Error(`${title}: we left out ${nLeftOut} rows, pandas ${peer.nLeftOut}.`);
  if (outcome.nEntities !== theirs.nEntities)
    throw new Error(`${title}: we made ${outcome.nEntities} entities, pandas ${theirs.nEntities}.`);
  const names = Object.keys(outcome.moments).toSorted();
  const theirNames = Object.keys(theirs.moments).toSorted();
  if (names.join() !== theirNames.join())
    throw new Error(`${title}: we made the features ${names}, pandas ${theirNames}.`);
  for (const name of names) {
    const tolerance = imputed.includes(name) ? IMPUTED_TOLERANCE : TOLERANCE;
    const [own, other] = [outcome.moments[name]!, theirs.moments[name]!];
    const isSame = own.every(
      (value, i) => Math.abs(value - other[i]!) <= tolerance * Math.max(1, Math.abs(value)),
    );
    if (!isSame) throw new Error(`${title}: ${name} has the moments ${own}, of pandas ${other}.`);
  }
}

/** In the environment that the functions are deployed with. */
const runOurs = (key: string, again: readonly string[]): OurRun =>
  spawned(
    [process.execPath, '--disable-warning=ExperimentalWarning', CHILD, DATA_FOLDER, key, ...again],
    ALLOCATOR_ENV,
  );

function runPeer(kind: PeerKind, key: string, again: readonly string[]): PeerRun {
  const output = join(DATA_FOLDER, 'pandas.out');
  const command = ['/usr/bin/python3', PEER, kind, join(DATA_FOLDER, key), output, ...again];
  const run = spawned<PeerRun>(command, { PYTHONPATH: PYTHON_FOLDER });
  rmSync(output);
  rmSync(`${output}.left-out`, { force: true });
  return run;
}

function spawned<T>(command: readonly string[], environment: Readonly<Record<string, string>>): T {
  const [program = '', ...args] = [...PINNED, ...command];
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${command.join(' ')} failed: run bench/peers/setup.sh.\n${stderr}`);
  return JSON.parse(stdout) as T;
}
