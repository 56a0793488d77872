import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundlePrograms, CLI_BUNDLE } from '../infra/bundle-cli.ts';
import { DATA_FOLDER, type Dataset, dataset } from './datasets.ts';
import { median } from './pairs.ts';

/** Whole processes: start, load the libraries, read the table, cluster, exit. */
export interface ColdResult {
  readonly title: string;
  readonly seconds: number;
  readonly peer: string;
  readonly peerSeconds: number;
  readonly ratio: number;
}

const PAIRS = 11;
const ROOT = join(import.meta.dirname, '..');
const PROGRAMS = join(ROOT, 'build/bench-programs');

const FIT = `
import os
os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np
from sklearn.cluster import KMeans
rows = np.fromfile("FILE.f32", np.float32).reshape(-1, 13)
start = np.fromfile("FILE.start.f32", np.float32).reshape(-1, 13)[:8]
print(KMeans(8, init=start, n_init=1, tol=0).fit(rows).inertia_)
`;

const SCORED_FIT = `
import os
os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score
rows = np.loadtxt("FILE.csv", np.float32, delimiter=",", skiprows=1)
fit = KMeans(8, n_init=1, random_state=42).fit(rows)
labels = fit.labels_
scores = [score(rows, labels) for score in (silhouette_score, davies_bouldin_score, calinski_harabasz_score)]
print(fit.inertia_, fit.n_iter_, *scores, np.bincount(labels))
`;

/** Row C1: k-means of 10,000 customers from a cold start, as a program of its own and as the command. */
export async function coldStart(): Promise<ColdResult[]> {
  const set = dataset('customers_10k_13');
  const file = join(DATA_FOLDER, set.name);
  writeFileSync(`${file}.csv`, csvOf(set));
  await bundlePrograms({ cold: 'bench/cold-process.ts' }, PROGRAMS);
  await bundlePrograms({ tables: 'cli/tables.ts' }, CLI_BUNDLE);
  const command = [
    'cluster',
    `${file}.csv`,
    '--algorithm',
    'kmeans',
    '--k',
    '8',
    '--restarts',
    '1',
    '--json',
  ];
  const title = 'k-means customers 10k 13 k=8';
  return [
    paired(title, [join(PROGRAMS, 'cold.mjs'), DATA_FOLDER, set.name], FIT.replaceAll('FILE', file)),
    paired(
      `tessella cluster on a CSV file, scores included: ${title}`,
      [join(ROOT, 'cli/tessella.mjs'), ...command],
      SCORED_FIT.replaceAll('FILE', file),
    ),
  ];
}

function csvOf({ nFeatures, nSamples, values }: Dataset): string {
  const lines = [Array.from({ length: nFeatures }, (_, j) => `x${j}`).join(',')];
  for (let row = 0; row < nSamples; row++) {
    lines.push(values.subarray(row * nFeatures, (row + 1) * nFeatures).join(','));
  }
  return `${lines.join('\n')}\n`;
}

function paired(title: string, ours: readonly string[], script: string): ColdResult {
  const times: number[] = [];
  const peerTimes: number[] = [];
  const ratios: number[] = [];
  const timeOurs = () => wall(process.execPath, ours);
  const timePeer = () => wall('/usr/bin/python3', ['-c', script]);
  // Both sides keep compiled code on disk (Python its .pyc files): the first start, which writes it, does not count.
  timeOurs();
  timePeer();
  for (let pair = 0; pair < PAIRS; pair++) {
    // Every other pair begins with the other side: a drift of the machine favours neither.
    const early = pair % 2 === 0 ? timeOurs() : undefined;
    const peerSeconds = timePeer();
    const seconds = early ?? timeOurs();
    times.push(seconds);
    peerTimes.push(peerSeconds);
    ratios.push(peerSeconds / seconds);
  }
  return {
    title,
    seconds: median(times),
    peer: 'Python with scikit-learn',
    peerSeconds: median(peerTimes),
    ratio: median(ratios),
  };
}

function wall(command: string, args: readonly string[]): number {
  const started = performance.now();
  const env = { ...process.env, NODE_COMPILE_CACHE: join(PROGRAMS, 'compiled') };
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - started) / 1000;
}
