/** The known values: those that are not NaN. */
export function knownOf(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value));
}

/** Mean of known values; NaN for none. */
export function meanOf(known: Float64Array): number {
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Standard deviation of known values with n − 1, as pandas' `std`; NaN for fewer than two. */
export function deviationOf(known: Float64Array): number {
  const mean = meanOf(known);
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return known.length < 2 ? Number.NaN : Math.sqrt(squares / (known.length - 1));
}

/** Quantile at `q` in 0..1 of known values, linear between the neighbours as pandas' `quantile`; NaN for none. */
export function quantileOf(known: Float64Array, q: number): number {
  const sorted = known.toSorted();
  const position = q * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
