import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Rows } from '../../functions/clustering/neighbor-tree.ts';

/** Answers of scikit-learn and SciPy, recorded by `bench/peers/expected.py`. */
export interface Expected {
  readonly versions: Readonly<Record<string, string>>;
  readonly synthetic: readonly {
    readonly n: number;
    readonly d: number;
    readonly seed: number;
    readonly eps: number;
    readonly minSamples: number;
    readonly dbscan: readonly number[];
    readonly trees: Readonly<Record<string, ExpectedTree>>;
    readonly scores: ExpectedScores;
  }[];
  readonly real: Readonly<
    Record<
      string,
      {
        readonly n: number;
        readonly d: number;
        readonly eps: number;
        readonly dbscan: string;
        readonly nClusters: number;
        readonly nNoise: number;
        readonly nCore: number;
        readonly trees: Readonly<Record<string, { heightSum: number; top: number; cut5: string }>>;
        readonly scores: ExpectedScores;
        /** Per number of clusters, the lowest of 60 starts, each to a fixed point. */
        readonly inertia: Readonly<Record<string, number>>;
      }
    >
  >;
}

export interface ExpectedTree {
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly heights: readonly number[];
  readonly sizes: readonly number[];
  readonly leaves: readonly number[];
  readonly cut5: readonly number[];
}

export interface ExpectedScores {
  readonly silhouette: number;
  readonly daviesBouldin: number;
  readonly calinskiHarabasz: number;
  readonly adjustedRand: number;
}

export const EXPECTED: Expected = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/clustering-expected.json'), 'utf8'),
);

/** Real tables lie beside the repository, where they are present. */
export const REAL_DATA = join(import.meta.dirname, '../../../shared/data');

/** The generator of `expected.py`, number for number. */
export function syntheticRows(n: number, d: number, seed: number): Rows {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const values = new Float64Array(n * d);
  for (let row = 0; row < n; row++) {
    const center = Math.floor(uniform() * 4) * 0.5;
    for (let j = 0; j < d; j++) values[row * d + j] = center + (uniform() + uniform() - 1) * 0.5;
  }
  return { nSamples: n, nFeatures: d, values };
}

/** A real table as `expected.py` reads it: numbers only, without a last column of classes. */
export function realRows(name: string): Rows {
  const bytes = readFileSync(join(REAL_DATA, name));
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const rows = lines[0]!.includes(',')
    ? lines.slice(1).map((line) => line.split(',').slice(0, -1).map(Number))
    : lines.map((line) => line.trim().split(/\s+/).map(Number));
  return { nSamples: rows.length, nFeatures: rows[0]!.length, values: Float64Array.from(rows.flat()) };
}

/** SHA-256 of labels as little-endian int32. */
export function labelDigest(labels: Int32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength))
    .digest('hex');
}
