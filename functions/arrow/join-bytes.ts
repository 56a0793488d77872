/** Bytes of all parts together. */
export const bytesIn = (parts: readonly Uint8Array[]) =>
  parts.reduce((sum, { byteLength }) => sum + byteLength, 0);

/**
 * Parts end to end.
 * @param room where they are laid, of `bytesIn(parts)` bytes or more; by default fresh memory, which is not zeroed before
 */
export function joinBytes(
  parts: readonly Uint8Array[],
  room: Uint8Array = new Uint8Array(Buffer.allocUnsafeSlow(bytesIn(parts)).buffer),
): Uint8Array {
  let end = 0;
  for (const part of parts) {
    room.set(part, end);
    end += part.byteLength;
  }
  return room.subarray(0, end);
}
