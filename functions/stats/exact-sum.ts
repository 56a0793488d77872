/**
 * Exact sums of float64 values: a sum is kept as an expansion, a list of non-overlapping doubles whose mathematical sum
 * is the exact total (Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates",
 * Discrete & Computational Geometry 18, 1997; the form of Python's `math.fsum`). Adding and merging lose nothing and
 * the total is rounded once, to nearest even, so that no order, sharding or retry can change a bit of it.
 */
export type Expansion = number[];

/**
 * Adds a value to an expansion in place. Cost: one two-sum per element, of which there are rarely more than three.
 * @param value finite
 */
export function addExact(expansion: Expansion, value: number): void {
  let carried = value;
  let kept = 0;
  for (let i = 0; i < expansion.length; i++) {
    let large = carried;
    let small = expansion[i]!;
    if (Math.abs(large) < Math.abs(small)) [large, small] = [small, large];
    const high = large + small;
    const low = small - (high - large);
    if (low !== 0) expansion[kept++] = low;
    carried = high;
  }
  if (carried !== 0) expansion[kept++] = carried;
  // Most sums stay as long as they were, and setting a length costs more than adding.
  if (expansion.length !== kept) expansion.length = kept;
}

/** Values that `addAllExact` takes at once: sums of so many parts of 42 bits each are exact in 53. */
export const EXACT_BLOCK = 1024;

/** Scales that the parts of `addAllExact` are representable at. */
const LARGEST_BLOCK = 2 ** 1000;
const SMALLEST_BLOCK = 2 ** -900;

/**
 * Adds up to `EXACT_BLOCK` values to an expansion in place, as `addExact` of each would to the same exact total. Values
 * are cut at two fixed places under the largest of them (Rump, Ogita & Oishi, "Accurate Floating-Point Summation part
 * I", SIAM J. Sci. Comput. 31, 2008: ExtractVector); the parts of a place are whole multiples of one power of two and
 * so few that plain sums of them round nothing. What lies below both places is added value by value.
 * @param values finite
 */
export function addAllExact(expansion: Expansion, values: Float64Array, count: number): void {
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const magnitude = Math.abs(values[i]!);
    if (magnitude > largest) largest = magnitude;
  }
  if (largest === 0) return;
  if (largest > LARGEST_BLOCK || largest < SMALLEST_BLOCK) {
    for (let i = 0; i < count; i++) addExact(expansion, values[i]!);
    return;
  }
  // A power of two above all values: the first place is 2^−41 of it, the second 2^−83.
  const above = 2 ** (Math.floor(Math.log2(largest)) + 2);
  const first = 1.5 * 2 ** 11 * above;
  const second = first * 2 ** -42;
  let high = 0;
  let low = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    const upper = value + first - first;
    const below = value - upper;
    const lower = below + second - second;
    high += upper;
    low += lower;
    if (below !== lower) addExact(expansion, below - lower);
  }
  addExact(expansion, high);
  addExact(expansion, low);
}

/**
 * The exact squares of values: each is the sum of its rounded square and the error of that.
 * @param squares,errors receive the two parts
 */
export function exactSquares(
  values: Float64Array,
  count: number,
  squares: Float64Array,
  errors: Float64Array,
): void {
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    const square = value * value;
    // Veltkamp's split of 53 bits into 26 + 27, and Dekker's product (1971).
    const scaled = 134217729 * value;
    const high = scaled - (scaled - value);
    const low = value - high;
    squares[i] = square;
    errors[i] = low * low - (square - high * high - 2 * high * low);
  }
}

/** Adds one expansion to another, in place. */
export function mergeExact(into: Expansion, from: readonly number[]): void {
  for (const element of from) addExact(into, element);
}

/** The exact total, rounded once to the nearest double (ties to even). 0 for an empty expansion. */
export function roundExact(expansion: readonly number[]): number {
  let i = expansion.length - 1;
  if (i < 0) return 0;
  let high = expansion[i]!;
  let low = 0;
  while (i > 0) {
    const previous = high;
    const next = expansion[--i]!;
    high = previous + next;
    low = next - (high - previous);
    if (low !== 0) break;
  }
  // A tie was rounded to even by looking at two elements: what lies below them decides which way it really goes.
  if (i > 0 && low !== 0 && Math.sign(low) === Math.sign(expansion[i - 1]!)) {
    const doubled = low * 2;
    const rounded = high + doubled;
    if (doubled === rounded - high) return rounded;
  }
  return high;
}

/** Places after the binary point of the fixed-point form: the smallest double is 2^−1074. */
const FRACTION_BITS = 1074n;

/** A double as a whole multiple of 2^−1074. */
function toFixed(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const word = bits.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n);
  return value < 0 ? -magnitude : magnitude;
}

/** The exact total of an expansion as a whole multiple of 2^−1074. */
export function expansionToFixed(expansion: readonly number[]): bigint {
  return expansion.reduce((sum, element) => sum + toFixed(element), 0n);
}

/** numerator ÷ denominator, to within one unit in the last place; both are of the same fixed-point scale. */
export function ratioOfFixed(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const negative = numerator < 0n !== denominator < 0n;
  const above = numerator < 0n ? -numerator : numerator;
  const below = denominator < 0n ? -denominator : denominator;
  // Keep 64 or more significant bits of the quotient, then one correctly rounded conversion and an exact scaling.
  const shift = BigInt(Math.max(0, bitLength(below) - bitLength(above) + 64));
  let quotient = (above << shift) / below;
  let exponent = -Number(shift);
  const excess = bitLength(quotient) - 64;
  if (excess > 0) {
    const cut = BigInt(excess);
    const sticky = (quotient & ((1n << cut) - 1n)) !== 0n ? 1n : 0n;
    quotient = (quotient >> cut) | sticky;
    exponent += excess;
  } else if ((above << shift) % below !== 0n) quotient |= 1n;
  const value = scaleByPowerOfTwo(Number(quotient), exponent);
  return negative ? -value : value;
}

function bitLength(value: bigint): number {
  return value.toString(16).length * 4;
}

/** 2^exponent × value, in steps that neither overflow nor underflow on the way to a normal result. */
function scaleByPowerOfTwo(value: number, exponent: number): number {
  let scaled = value;
  let left = exponent;
  while (left !== 0) {
    const step = Math.max(-1000, Math.min(1000, left));
    scaled *= 2 ** step;
    left -= step;
  }
  return scaled;
}

/** `FRACTION_BITS` as a factor: the product of two fixed-point numbers carries it twice. */
export const FIXED_ONE = 1n << FRACTION_BITS;
