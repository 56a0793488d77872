import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DATA_FOLDER, dataset } from './datasets.ts';
import { median } from './pairs.ts';

/** Whole processes: start, load the libraries, read the table, cluster, exit. */
export interface ColdResult {
  readonly title: string;
  readonly seconds: number;
  readonly peerSeconds: number;
  readonly ratio: number;
}

const PAIRS = 5;

const PEER = `
import os
os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np
from sklearn.cluster import KMeans
rows = np.fromfile("FILE.f32", np.float32).reshape(-1, 13)
start = np.fromfile("FILE.start.f32", np.float32).reshape(-1, 13)[:8]
print(KMeans(8, init=start, n_init=1, tol=0).fit(rows).inertia_)
`;

/** Row C1: k-means of 10,000 customers from a cold start. */
export function coldStart(): ColdResult {
  const { name } = dataset('customers_10k_13');
  const script = PEER.replaceAll('FILE', join(DATA_FOLDER, name));
  const ours = [new URL('cold-process.ts', import.meta.url).pathname, name];
  const times: number[] = [];
  const peerTimes: number[] = [];
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const seconds = wall(process.execPath, ours);
    const peerSeconds = wall('/usr/bin/python3', ['-c', script]);
    times.push(seconds);
    peerTimes.push(peerSeconds);
    ratios.push(peerSeconds / seconds);
  }
  return {
    title: 'cold process: k-means customers 10k 13 k=8',
    seconds: median(times),
    peerSeconds: median(peerTimes),
    ratio: median(ratios),
  };
}

function wall(command: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - started) / 1000;
}
