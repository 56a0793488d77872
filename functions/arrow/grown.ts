/** A longer copy of a full array: twice as long, or of `least` elements where that is more; zeros behind the old ones. */
export function grown<T extends Uint8Array | Int32Array | Float64Array>(array: T, least = 0): T {
  const larger = new (array.constructor as new (length: number) => T)(Math.max(2 * array.length, least));
  larger.set(array);
  return larger;
}
