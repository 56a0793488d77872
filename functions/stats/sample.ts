/** Values above which sorting by insertion costs more than the engine's own. */
const FEW = 64;

/**
 * The known values from `from` to before `to`: those that are not NaN. Places outside the values hold none. A list and
 * not a typed array, nor a view of one: of some twenty values it is made far faster.
 */
export function knownOf(values: ArrayLike<number>, from = 0, to = values.length): number[] {
  const known: number[] = [];
  const end = Math.min(to, values.length);
  for (let i = Math.max(0, from); i < end; i++) {
    const value = values[i]!;
    if (!Number.isNaN(value)) known.push(value);
  }
  return known;
}

/** Mean of known values; NaN for none. */
export function meanOf(known: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < known.length; i++) sum += known[i]!;
  return sum / known.length;
}

/** Standard deviation of known values with n − 1, as pandas' `std`; NaN for fewer than two. */
export function deviationOf(known: ArrayLike<number>): number {
  const mean = meanOf(known);
  let squares = 0;
  for (let i = 0; i < known.length; i++) squares += (known[i]! - mean) ** 2;
  return known.length < 2 ? Number.NaN : Math.sqrt(squares / (known.length - 1));
}

/** First and third quartile of known values, linear between the neighbours as pandas' `quantile`; NaN for none. */
export function quartilesOf(known: readonly number[]): [number, number] {
  const sorted = ascending(known);
  return [quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)];
}

function quantileOf(sorted: readonly number[], q: number): number {
  const position = q * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

function ascending(values: readonly number[]): readonly number[] {
  if (values.length > FEW) return values.toSorted((a, b) => a - b);
  const sorted = values.slice();
  for (let i = 1; i < sorted.length; i++) {
    const value = sorted[i]!;
    let at = i;
    for (; at > 0 && sorted[at - 1]! > value; at--) sorted[at] = sorted[at - 1]!;
    sorted[at] = value;
  }
  return sorted;
}
