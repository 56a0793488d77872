import { ThriftReader } from './thrift-compact.ts';

/** Most values in a block of delta encoding; writers use 128 to 4096. */
const MAX_DELTA_BLOCK = 1 << 20;

/** Whole numbers 0 … 2^31 − 1 of delta encoding, and where they end. */
interface Lengths {
  readonly lengths: Int32Array;
  readonly end: number;
}

/**
 * Turns the values of a page from DELTA_BYTE_ARRAY ("Encodings" of Parquet, Delta Strings = 7) to PLAIN: a value there
 * is the beginning of the one before and a rest, so that few bytes can announce any number of long values.
 * @param at where the values begin in the page
 * @param mostValues values there may be, of at most `mostBytes` together
 * @param isFixed whether the values have a fixed length, which PLAIN leaves out
 * @throws RangeError for values that are damaged or larger
 */
export function plainOfDeltaByteArray(
  page: Uint8Array,
  at: number,
  mostValues: number,
  mostBytes: number,
  isFixed: boolean,
): Uint8Array {
  const prefixes = readLengths(page, at, mostValues);
  const rests = readLengths(page, prefixes.end, mostValues);
  const nValues = prefixes.lengths.length;
  if (rests.lengths.length !== nValues) throw new RangeError('a page has fewer rests of texts than texts');
  const head = isFixed ? 0 : 4;
  let size = 0;
  let before = 0;
  let rest = rests.end;
  for (let i = 0; i < nValues; i++) {
    const prefix = prefixes.lengths[i]!;
    if (prefix > before) throw new RangeError(`a text repeats ${prefix} bytes of one of ${before}`);
    before = prefix + rests.lengths[i]!;
    rest += rests.lengths[i]!;
    size += head + before;
    if (rest > page.length) throw new RangeError('the texts of a page end after it');
    if (size > mostBytes) throw new RangeError(`the texts of a page take more than ${mostBytes} bytes`);
  }
  const plain = new Uint8Array(size);
  const view = new DataView(plain.buffer);
  let end = 0;
  let last = 0;
  rest = rests.end;
  for (let i = 0; i < nValues; i++) {
    const prefix = prefixes.lengths[i]!;
    const length = rests.lengths[i]!;
    if (!isFixed) view.setUint32(end, prefix + length, true);
    const start = end + head;
    plain.copyWithin(start, last, last + prefix);
    plain.set(page.subarray(rest, rest + length), start + prefix);
    rest += length;
    last = start;
    end = start + prefix + length;
  }
  return plain;
}

/** Reads whole numbers of DELTA_BINARY_PACKED (= 5). */
function readLengths(page: Uint8Array, at: number, most: number): Lengths {
  const reader = new ThriftReader(page, at);
  const blockSize = reader.readVarint();
  const nParts = reader.readVarint();
  const nValues = reader.readVarint();
  if (
    nParts < 1 ||
    nParts > blockSize ||
    blockSize > MAX_DELTA_BLOCK ||
    blockSize % nParts !== 0 ||
    nValues > most
  ) {
    throw new RangeError(`a page announces ${nValues} lengths in blocks of ${blockSize}, of ${most}`);
  }
  const lengths = new Int32Array(nValues);
  const perPart = blockSize / nParts;
  let value = signed(reader.readVarint());
  const put = (i: number) => {
    if (!(value >= 0 && value <= 0x7fff_ffff)) throw new RangeError(`a page announces a length of ${value}`);
    lengths[i] = value;
  };
  if (nValues > 0) put(0);
  for (let i = 1; i < nValues; ) {
    const smallest = signed(reader.readVarint());
    const widths = page.subarray(reader.at, reader.at + nParts);
    reader.at += nParts;
    for (let part = 0; part < nParts && i < nValues; part++) {
      const width = widths[part] ?? 0;
      const end = reader.at + Math.ceil((perPart * width) / 8);
      if (width > 32 || reader.at > page.length) throw new RangeError('the lengths of a page are damaged');
      for (let j = 0; j < perPart && i < nValues; j++) {
        value += smallest + bitsAt(page, reader.at * 8 + j * width, width);
        put(i++);
      }
      reader.at = end;
    }
  }
  return { lengths, end: reader.at };
}

const signed = (zigzag: number) => (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2);

/** A number of up to 32 bits that begins at a bit of some bytes, lowest bit first. */
function bitsAt(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let bit = 0; bit < width; ) {
    const from = (at + bit) % 8;
    const n = Math.min(8 - from, width - bit);
    const byte = bytes[Math.floor((at + bit) / 8)];
    if (byte === undefined) throw new RangeError('the lengths of a page end after it');
    value += ((byte >> from) & ((1 << n) - 1)) * 2 ** bit;
    bit += n;
  }
  return value;
}
