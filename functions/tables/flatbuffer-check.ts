/** What a field of a table may hold, at its place in the schema; `undefined` for fields that are no longer used. */
export type FieldShape =
  | { readonly kind: 'scalar'; readonly bytes: 1 | 2 | 4 | 8 }
  | { readonly kind: 'string' }
  /** A list of numbers or structs of a fixed size. */
  | { readonly kind: 'structs'; readonly bytes: number }
  | { readonly kind: 'table'; readonly of: () => TableShape }
  | { readonly kind: 'tables'; readonly of: () => TableShape }
  /** A table whose shape the scalar in the field before tells. */
  | { readonly kind: 'union'; readonly of: (tag: number) => TableShape | undefined };
/** The fields of a table in the order of their ids. */
export type TableShape = readonly FieldShape[];

const MAX_DEPTH = 64;

/**
 * Verifies a flatbuffer ("FlatBuffer Internals"): that every offset, length and field lies within the bytes, as the
 * generated verifiers of other languages do and that of JavaScript does not.
 * @throws RangeError for bytes that are no such buffer
 */
export function checkFlatbuffer(bytes: Uint8Array, root: TableShape): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { byteLength } = view;
  // Tables can be pointed at many times; a sound buffer has no more of them than words.
  let tablesLeft = byteLength / 4;

  const requireRoom = (at: number, length: number) => {
    if (!(at >= 0 && length >= 0 && at + length <= byteLength)) {
      throw new RangeError('its metadata points outside of itself');
    }
  };
  const uint32 = (at: number) => {
    requireRoom(at, 4);
    return view.getUint32(at, true);
  };
  const list = (at: number, elementBytes: number) => {
    const start = at + uint32(at);
    const length = uint32(start);
    requireRoom(start + 4, length * elementBytes);
    return { start: start + 4, length };
  };

  function checkTable(at: number, shape: TableShape, depth: number): void {
    if (depth > MAX_DEPTH || --tablesLeft < 0) throw new RangeError('its metadata is nested too deeply');
    requireRoom(at, 4);
    const fields = at - view.getInt32(at, true);
    requireRoom(fields, 4);
    const fieldsBytes = view.getUint16(fields, true);
    const tableBytes = view.getUint16(fields + 2, true);
    requireRoom(fields, fieldsBytes);
    requireRoom(at, tableBytes);
    const placeOf = (i: number, length: number) => {
      const entry = 4 + 2 * i;
      const offset = entry + 2 <= fieldsBytes ? view.getUint16(fields + entry, true) : 0;
      if (offset === 0) return undefined;
      if (offset < 4 || offset + length > tableBytes)
        throw new RangeError('a field of its metadata is out of place');
      return at + offset;
    };
    for (const [i, field] of shape.entries()) {
      const place = placeOf(i, field.kind === 'scalar' ? field.bytes : 4);
      if (place === undefined || field.kind === 'scalar') continue;
      if (field.kind === 'string') list(place, 1);
      else if (field.kind === 'structs') list(place, field.bytes);
      else if (field.kind === 'table') checkTable(place + uint32(place), field.of(), depth + 1);
      else if (field.kind === 'tables') {
        const { start, length } = list(place, 4);
        for (let n = 0; n < length; n++) {
          checkTable(start + 4 * n + uint32(start + 4 * n), field.of(), depth + 1);
        }
      } else {
        const tag = placeOf(i - 1, 1);
        const of = tag === undefined ? undefined : field.of(view.getUint8(tag));
        if (!of) throw new RangeError('its metadata holds a part of an unknown kind');
        checkTable(place + uint32(place), of, depth + 1);
      }
    }
  }

  checkTable(uint32(0), root, 0);
}
