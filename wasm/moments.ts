/**
 * Column ranges of a row-major table, four rows at a time: four rows of d values are d whole vectors, and lane l of
 * vector v always belongs to column (4v + l) mod d, so no row needs a tail.
 *
 * @param values IN f32 [4 × groups × nFeatures]
 * @param minima INOUT f32 [4 × nFeatures] running minimum of each lane
 * @param maxima INOUT f32 [4 × nFeatures] running maximum of each lane
 * @returns 1 when every value is finite, else 0 (the ranges are then meaningless)
 * Cost: one read of the values.
 */
export function column_ranges_f32(values: usize, groups: i32, nFeatures: i32, minima: usize, maxima: usize): i32 {
  const zero = f32x4.splat(0);
  let bad = zero;
  let source = values;
  const span = <usize>nFeatures << 4;
  for (let group = 0; group < groups; group++) {
    for (let at: usize = 0; at < span; at += 16) {
      const x = v128.load(source);
      // x − x is 0 for every finite x and NaN for NaN and infinity.
      bad = v128.or(bad, f32x4.sub(x, x));
      v128.store(minima + at, f32x4.pmin(v128.load(minima + at), x));
      v128.store(maxima + at, f32x4.pmax(v128.load(maxima + at), x));
      source += 16;
    }
  }
  return i32(!v128.any_true(bad));
}
