import type { ColumnQuality, DriftBins, DriftReport } from '../contracts/quality.ts';
import type { QuantileDigest } from '../stats/quantiles.ts';

/** Bins of a column of numbers: tenths of the values. */
const BINS = 10;
/** Texts with a bin of their own. */
const MOST_TEXTS = 20;
/** Least share of a bin: an empty one would make the index infinite. */
const LEAST_SHARE = 1e-4;
/** Customary bounds of the index (Siddiqi, "Credit Risk Scorecards", 2006). */
const MOVED = 0.1;
const SHIFTED = 0.25;

/** Bins between the deciles of the values (equal ones count once), and the share of the rows without a value. */
export function numberBins(digest: QuantileDigest, missing: number): DriftBins {
  const deciles = Array.from({ length: BINS - 1 }, (_, i) => digest.quantile((i + 1) / BINS));
  const edges = digest.total === 0 ? [] : [...new Set(deciles)];
  return { kind: 'numbers', edges, ...sharesOf(digest, missing, edges) };
}

/** Bins of the most frequent texts. Entries of lists may sum to more than the rows: shares are then of the entries. */
export function textBins(
  ranked: readonly { readonly text: string; readonly count: number }[],
  missing: number,
): DriftBins {
  const texts = ranked.slice(0, MOST_TEXTS).map(({ text }) => text);
  return { kind: 'texts', texts, ...textShares(ranked, missing, texts) };
}

/** What a column holds now, to be put into the bins of then. */
export interface ColumnValues {
  readonly digest?: QuantileDigest;
  readonly ranked?: readonly { readonly text: string; readonly count: number }[];
  readonly missing: number;
}

/** Population stability index Σ (p − q) · ln(p ÷ q) of now against then, in the bins of then; undefined where they do not fit. */
export function stabilityIndex(then: DriftBins, now: ColumnValues): number | undefined {
  if (then.kind === 'numbers') {
    if (now.digest === undefined) return undefined;
    const { shares, missing } = sharesOf(now.digest, now.missing, then.edges);
    return index([...then.shares, then.missing], [...shares, missing]);
  }
  if (now.ranked === undefined) return undefined;
  const { shares, other, missing } = textShares(now.ranked, now.missing, then.texts);
  return index([...then.shares, then.other, then.missing], [...shares, other, missing]);
}

/** Compares the columns of a run with those of the run that was served before. */
export function driftReport(
  against: string,
  then: readonly ColumnQuality[],
  now: ReadonlyMap<string, ColumnValues>,
): DriftReport {
  const names = new Set(then.map(({ name }) => name));
  return {
    against,
    columns: then.flatMap(({ name, bins }) => {
      const values = now.get(name);
      const psi = bins && values && stabilityIndex(bins, values);
      if (psi === undefined) return [];
      return [{ name, psi, verdict: psi < MOVED ? 'stable' : psi < SHIFTED ? 'moved' : 'shifted' }];
    }),
    added: [...now.keys()].filter((name) => !names.has(name)),
    removed: [...names].filter((name) => !now.has(name)),
  };
}

function sharesOf(digest: QuantileDigest, missing: number, edges: readonly number[]) {
  const counts = new Array<number>(edges.length + 1).fill(0);
  let bin = 0;
  for (const [value, count] of digest.entries()) {
    while (bin < edges.length && value > edges[bin]!) bin++;
    counts[bin]! += count;
  }
  const all = digest.total + missing;
  return { shares: counts.map((count) => part(count, all)), missing: part(missing, all) };
}

function textShares(
  ranked: readonly { readonly text: string; readonly count: number }[],
  missing: number,
  texts: readonly string[],
) {
  const counts = new Map(ranked.map(({ text, count }) => [text, count]));
  const total = ranked.reduce((sum, { count }) => sum + count, 0);
  const all = total + missing;
  const own = texts.map((text) => counts.get(text) ?? 0);
  const other = total - own.reduce((sum, count) => sum + count, 0);
  return {
    shares: own.map((count) => part(count, all)),
    other: part(other, all),
    missing: part(missing, all),
  };
}

const part = (count: number, all: number) => (all > 0 ? count / all : 0);

function index(then: readonly number[], now: readonly number[]): number {
  return then.reduce((sum, share, bin) => {
    const p = Math.max(LEAST_SHARE, now[bin]!);
    const q = Math.max(LEAST_SHARE, share);
    return sum + (p - q) * Math.log(p / q);
  }, 0);
}
