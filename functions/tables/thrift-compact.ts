/** Kinds of values in Thrift's compact protocol; maps, sets and UUIDs are not used by Parquet. */
const KIND = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
} as const;
const MAX_DEPTH = 32;
/** Bytes of a varint of 64 bits. */
const MAX_VARINT_BYTES = 10;

/** Fields of a struct by their number. Numbers and flags as numbers; what is longer than that is passed over. */
export interface ThriftStruct {
  readonly [field: number]: number | ThriftStruct | undefined;
}

/**
 * Reads structs of Thrift's compact protocol ("thrift-compact-protocol.md" of Apache Thrift) within bounds: no length
 * or count is believed that the bytes there are could not hold, no nesting beyond 32 levels.
 */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  /** Offset of what is read next. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** @throws RangeError for bytes that are no struct */
  readStruct(depth = 0): ThriftStruct {
    if (depth > MAX_DEPTH) throw new RangeError('its metadata is nested too deeply');
    const fields: Record<number, number | ThriftStruct | undefined> = {};
    let field = 0;
    for (;;) {
      const byte = this.#byte();
      const kind = byte & 15;
      if (kind === KIND.stop) return fields;
      field = byte >> 4 === 0 ? this.#zigzag() : field + (byte >> 4);
      if (kind === KIND.true || kind === KIND.false) fields[field] = kind === KIND.true ? 1 : 0;
      else fields[field] = this.#value(kind, depth);
    }
  }

  /** An unsigned number of up to 64 bits. Beyond 2^53 rounded, which no size or count that is believed reaches. */
  readVarint(): number {
    let value = 0;
    for (let i = 0, unit = 1; i < MAX_VARINT_BYTES; i++, unit *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
    throw new RangeError('a number in its metadata does not end');
  }

  #value(kind: number, depth: number): number | ThriftStruct | undefined {
    switch (kind) {
      case KIND.true:
      case KIND.false:
      case KIND.byte:
        return this.#byte();
      case KIND.i16:
      case KIND.i32:
      case KIND.i64:
        return this.#zigzag();
      case KIND.double:
        this.#skip(8);
        return undefined;
      case KIND.binary:
        this.#skip(this.readVarint());
        return undefined;
      case KIND.list: {
        const head = this.#byte();
        const size = head >> 4 === 15 ? this.readVarint() : head >> 4;
        // The smallest element takes a byte.
        if (size > this.#bytes.length - this.at)
          throw new RangeError('a list in its metadata is longer than the file');
        for (let i = 0; i < size; i++) this.#value(head & 15, depth + 1);
        return undefined;
      }
      case KIND.struct:
        return this.readStruct(depth + 1);
      default:
        throw new RangeError(`its metadata holds a value of the unknown kind ${kind}`);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError('its metadata is cut off');
    return byte;
  }

  #skip(n: number): void {
    if (n > this.#bytes.length - this.at)
      throw new RangeError('a value in its metadata is longer than the file');
    this.at += n;
  }

  #zigzag(): number {
    const value = this.readVarint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** Bytes of a struct of whole numbers and structs, as `ThriftReader` gives them; numbers of 32 bits. */
export function thriftBytes(fields: ThriftStruct): number[] {
  const bytes: number[] = [];
  let before = 0;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const field = Number(key);
    const delta = (field - before) << 4;
    before = field;
    if (typeof value === 'object') bytes.push(delta | KIND.struct, ...thriftBytes(value));
    else {
      bytes.push(delta | KIND.i32);
      let rest = value * 2;
      for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
      bytes.push(rest);
    }
  }
  bytes.push(KIND.stop);
  return bytes;
}
