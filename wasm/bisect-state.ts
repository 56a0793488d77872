/**
 * One node of a divisive tree while it is split by 2-means, laid out by the host as successive 4-byte fields. The plane
 * half-way between the two centers decides: a row's margin is (x − origin) · direction − bias, its signed distance from
 * that plane, and rows with a positive one are on side 1.
 */
@unmanaged
export class BisectState {
  /** IN f32 [nRows rounded up to 4][nFeatures], see `place_rows_f32`; 12 readable bytes follow. */
  rows: usize;
  nRows: i32;
  nFeatures: i32;
  /** IN f32 [nFeatures rounded up to 4] a point among the rows; zeros at the end. */
  origin: usize;
  /** IN [nFeatures rounded up to 4] all ones for a feature, 0 past the last. */
  lanes: usize;
  /** IN f32 [nFeatures rounded up to 4] unit vector from center 0 to center 1; zeros at the end. */
  direction: usize;
  /** IN f64 [2][nFeatures] */
  centers: usize;
  /** f32 [nRows rounded up to 4] margins of the last pass over all rows. */
  margins: usize;
  /** f32 [nRows rounded up to 4] distance of each row from the origin. */
  radii: usize;
  /** INOUT u8 [⌈nRows / 4⌉] bit i: side of the block's row i; 0 past the last row. */
  sides: usize;
  /** INOUT f64 [nFeatures] sum of the rows on side 1. */
  sums: usize;
  /** INOUT rows on side 1. */
  count: i32;
  /** IN f32 */
  bias: f32;
  /** IN f32 a margin's rounding error is at most `errorPerRadius` × radius + `error`. */
  errorPerRadius: f32;
  error: f32;
  /** IN f32 a margin differs from the stored one by at most `driftPerRadius` × radius + `drift`, errors included. */
  driftPerRadius: f32;
  drift: f32;
}
