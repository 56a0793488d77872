import { InvalidArgumentError } from 'commander';

/** Algorithms of `tessella cluster`, and which options each of them reads. */
export const ALGORITHMS = {
  kmeans: ['k', 'restarts'],
  dbscan: ['eps', 'minSamples'],
  bisecting: ['k', 'restarts'],
  ward: ['k'],
  complete: ['k'],
  average: ['k'],
  single: ['k'],
} as const;

/** One of the algorithms. */
export type Algorithm = keyof typeof ALGORITHMS;

/** How columns are scaled before distances are taken. */
export const SCALINGS = ['none', 'zscore', 'minmax'] as const;
export type Scaling = (typeof SCALINGS)[number];

/** What is used where the command line says nothing. */
export const DEFAULTS = { k: 5, restarts: 10, eps: 'auto', minSamples: 5 } as const;

/** The parsed command line. Options of single algorithms have no default here, so that a given one can be told. */
export interface ClusterOptions {
  readonly columns?: readonly string[];
  readonly scaling: Scaling;
  readonly algorithm: Algorithm;
  /** A number of clusters, or a range to search. */
  readonly k?: ClusterCount;
  readonly eps?: number | 'auto';
  readonly minSamples?: number;
  readonly seed: number;
  readonly restarts?: number;
  readonly threads: number;
  readonly check?: boolean;
  readonly labels?: string;
  readonly json?: boolean;
}

/** From `min` to `max` clusters; one number is a range of one. */
export interface ClusterCount {
  readonly min: number;
  readonly max: number;
}

/** Labels are 16 bits in the kernels of k-means. */
const MOST_CLUSTERS = 65_535;
/** Every number of a range is fitted and scored. */
const WIDEST_RANGE = 100;

/** `5` or `2..10`. */
export function clusterCount(text: string): ClusterCount {
  const range = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  if (!range) throw new InvalidArgumentError('Expected a number such as 5, or a range such as 2..10.');
  const [min, max] = [Number(range[1]), Number(range[2] ?? range[1])];
  if (range[2] === undefined && (min < 1 || min > MOST_CLUSTERS)) {
    throw new InvalidArgumentError(`Expected 1 to ${MOST_CLUSTERS} clusters.`);
  }
  if (range[2] !== undefined && (min < 2 || min > max || max > WIDEST_RANGE)) {
    throw new InvalidArgumentError(`Expected a range within 2..${WIDEST_RANGE}, the smaller number first.`);
  }
  return { min, max };
}

/** `0.3` or `auto`. */
export function radius(text: string): number | 'auto' {
  const value = Number(text);
  if (text === 'auto') return text;
  if (text.trim() === '' || !(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError('Expected a number above 0, or auto.');
  }
  return value;
}

/** `age,income`; a name that holds a comma stands in double quotes. */
export function columnNames(text: string): readonly string[] {
  const names = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain.trim(),
  );
  if (names.includes('')) throw new InvalidArgumentError('Expected names such as age,income.');
  return names;
}

const FLAGS = { k: '--k', eps: '--eps', minSamples: '--min-samples', restarts: '--restarts' } as const;

/** What the command line asks for and the algorithm does not read, a line each; the rest is done all the same. */
export function unusedOptions({ algorithm, threads, ...options }: ClusterOptions): string[] {
  const read: readonly string[] = ALGORITHMS[algorithm];
  const notes = (['k', 'eps', 'minSamples', 'restarts'] as const)
    .filter((option) => options[option] !== undefined && !read.includes(option))
    .map((option) => `${FLAGS[option]} means nothing to ${algorithm} and is left out`);
  if (threads === 1 || algorithm === 'kmeans') return notes;
  return [...notes, `${algorithm} itself runs on one thread; only the silhouette is shared out`];
}
