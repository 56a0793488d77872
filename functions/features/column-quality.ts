import type { ColumnQuality } from '../contracts/quality.ts';
import type { EntityColumn } from '../contracts/recipe.ts';
import type { QuantileDigest } from '../stats/quantiles.ts';
import { type ColumnValues, numberBins, textBins } from './drift.ts';

const QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
const HISTOGRAM_BINS = 20;
const TOP = 10;

/** Quality of one column over all entities. @param mean of the numbers, exactly summed; NaN where there are none */
export function columnQuality(
  { name, source, type, unit }: EntityColumn,
  values: ColumnValues | undefined,
  mean: number,
  unreadable: number,
): ColumnQuality {
  const about = { name, source, type, unit, missing: values?.missing ?? 0, unreadable };
  if (values?.digest) {
    const { digest, missing } = values;
    const distinct = { count: [...digest.entries()].length, exact: digest.exact };
    if (digest.total === 0) return { ...about, distinct, bins: numberBins(digest, missing) };
    return { ...about, distinct, numbers: numbersOf(digest, mean), bins: numberBins(digest, missing) };
  }
  if (!values?.ranked) return about;
  const { ranked, missing } = values;
  const total = ranked.reduce((sum, { count }) => sum + count, 0);
  return {
    ...about,
    distinct: { count: ranked.length, exact: true },
    top: ranked.slice(0, TOP).map(({ text, count }) => ({ value: text, share: count / total })),
    bins: textBins(ranked, missing),
  };
}

function numbersOf(digest: QuantileDigest, mean: number): NonNullable<ColumnQuality['numbers']> {
  const [q1, q3] = [digest.quantile(0.25), digest.quantile(0.75)];
  const reach = 1.5 * (q3 - q1);
  const [min, max] = [digest.quantile(0), digest.quantile(1)];
  const width = (max - min) / HISTOGRAM_BINS;
  const counts = new Array<number>(width > 0 ? HISTOGRAM_BINS : 1).fill(0);
  let squares = 0;
  let outliers = 0;
  for (const [value, count] of digest.entries()) {
    squares += count * (value - mean) ** 2;
    if (value < q1 - reach || value > q3 + reach) outliers += count;
    const bin = width > 0 ? Math.min(HISTOGRAM_BINS - 1, Math.floor((value - min) / width)) : 0;
    counts[bin]! += count;
  }
  return {
    mean,
    standardDeviation: Math.sqrt(squares / digest.total),
    min,
    max,
    quantiles: Object.fromEntries(QUANTILES.map((q) => [`p${Math.round(100 * q)}`, digest.quantile(q)])),
    outlierShare: outliers / digest.total,
    histogram: {
      edges: Array.from({ length: counts.length + 1 }, (_, i) =>
        i === counts.length ? max : min + i * width,
      ),
      counts,
    },
  };
}
