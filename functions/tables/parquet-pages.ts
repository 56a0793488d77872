import { plainOfDeltaByteArray } from './delta-byte-array.ts';
import { PARQUET_CODECS } from './parquet-codecs.ts';
import { checkRuns, firstOfRuns } from './rle-runs.ts';
import { ThriftReader, type ThriftStruct, thriftBytes } from './thrift-compact.ts';

/** Most bytes that a page may unpack to, with the pages before it that are decoded together. */
export const MAX_PAGE_BYTES = 512 * 1024 * 1024;
/** Most values of a page, which is in memory as a whole: writers begin a new one every megabyte or 20,000 rows. */
const MAX_PAGE_VALUES = 1 << 24;
/** Most values in a block of delta encoding; writers use 128 to 4096. */
const MAX_DELTA_BLOCK = 1 << 20;

/** Kinds of pages (`PageType` of parquet.thrift). */
const PAGE = { data: 0, index: 1, dictionary: 2, dataV2: 3 } as const;
/** Encodings whose lengths are checked (`Encoding` of parquet.thrift). */
const ENCODING = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  delta: 5,
  deltaLength: 6,
  deltaBytes: 7,
  rleDictionary: 8,
};
/** Fields of `PageHeader`. */
const FIELD = { type: 1, unpacked: 2, packed: 3, data: 5, dictionary: 7, dataV2: 8 } as const;

/** What the metadata says of one column of one row group. */
export interface ChunkTraits {
  readonly codec: string;
  readonly isBoolean: boolean;
  /** Whether values are bytes of a fixed length. */
  readonly isFixed: boolean;
  readonly nValues: number;
  readonly definitionLevel: number;
  readonly repetitionLevel: number;
}

/** A page without compression, framed anew. */
export interface PlainPage {
  readonly isDictionary: boolean;
  /** Header and body. */
  readonly bytes: Uint8Array;
  /** None in a dictionary. */
  readonly nValues: number;
  /** Whether its first value begins a row: entries of a list may go on from the page before. */
  readonly startsRow: boolean;
}

/** Bytes of the packed page that a header announces. @param most bytes that are left of its column */
export const packedBytes = (header: ThriftStruct, most: number): number =>
  whole(header[FIELD.packed], 'a page size', Math.min(most, MAX_PAGE_BYTES));

/**
 * Decompresses a page after checking every size, count and run length in it, and frames it anew as an uncompressed one:
 * the library that decodes it believes what it reads. Undefined for a page that holds no values, as an index.
 * @param room bytes and values that the page may hold at most
 * @throws Error for a page that contradicts its metadata, RangeError for a damaged one
 */
export function plainPage(
  header: ThriftStruct,
  packed: Uint8Array,
  traits: ChunkTraits,
  room: { readonly bytes: number; readonly values: number },
): PlainPage | undefined {
  if (header[FIELD.type] === PAGE.index) return undefined;
  const unpackedBytes = whole(header[FIELD.unpacked], 'an unpacked page size', room.bytes);
  let page = unpackPage(packed, unpackedBytes, header, traits);
  if (header[FIELD.type] === PAGE.dictionary) {
    const count = whole(struct(header[FIELD.dictionary])[1], 'a dictionary', page.length);
    const bytes = frame(page, { [FIELD.dictionary]: { 1: count, 2: 0 } }, PAGE.dictionary);
    return { isDictionary: true, bytes, nValues: 0, startsRow: true };
  }
  const isV2 = header[FIELD.type] === PAGE.dataV2;
  const fields = struct(header[isV2 ? FIELD.dataV2 : FIELD.data]);
  const nValues = whole(fields[1], 'the values of a page', Math.min(room.values, MAX_PAGE_VALUES));
  const { at, startsRow } = checkLevels(page, nValues, fields, traits, isV2);
  const encoding = isV2 ? 4 : 2;
  const told = { ...fields };
  if (fields[encoding] === ENCODING.deltaBytes) {
    const values = plainOfDeltaByteArray(page, at, nValues, room.bytes, traits.isFixed);
    page = concatenated([page.subarray(0, at), values]);
    told[encoding] = ENCODING.plain;
  }
  const [field, type] = isV2 ? [FIELD.dataV2, PAGE.dataV2] : [FIELD.data, PAGE.data];
  return { isDictionary: false, bytes: frame(page, { [field]: told }, type), nValues, startsRow };
}

function unpackPage(
  packed: Uint8Array,
  size: number,
  header: ThriftStruct,
  { codec }: ChunkTraits,
): Uint8Array {
  const known = PARQUET_CODECS[codec];
  if (!known) throw new Error(`unsupported compression codec: ${codec}`);
  let levels = 0;
  let isPacked = true;
  if (header[FIELD.type] === PAGE.dataV2) {
    const fields = struct(header[FIELD.dataV2]);
    levels = whole(fields[5], 'the levels of a page', Math.min(packed.length, size));
    levels += whole(fields[6], 'the levels of a page', Math.min(packed.length, size) - levels);
    isPacked = fields[7] !== 0;
  }
  const body = packed.subarray(levels);
  const bodySize = size - levels;
  if (isPacked && bodySize > known.mostRatio * body.length + 64) {
    throw new Error(`a page of ${body.length} bytes announces ${bodySize}, which ${codec} cannot hold`);
  }
  // Nothing is packed as a byte that says so.
  const plain = bodySize === 0 ? body.subarray(0, 0) : isPacked ? known.decompress(body, bodySize) : body;
  if (plain.length !== bodySize) throw new Error(`a page holds ${plain.length} bytes of ${bodySize}`);
  return levels === 0 ? plain : concatenated([packed.subarray(0, levels), plain]);
}

/** Checks all run lengths of a data page: levels, then values; tells where the values begin. */
function checkLevels(
  page: Uint8Array,
  count: number,
  fields: ThriftStruct,
  { definitionLevel, repetitionLevel, isBoolean }: ChunkTraits,
  isV2: boolean,
): { at: number; startsRow: boolean } {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let at = 0;
  let startsRow = true;
  const runs = (width: number, told?: number) => {
    const length = told ?? whole(view.getUint32(at, true), 'the levels of a page', page.length - at - 4);
    if (told === undefined) at += 4;
    const levels = page.subarray(at, at + length);
    checkRuns(levels, width, count);
    at += length;
    return levels;
  };
  if (isV2) {
    whole(fields[2], 'the nulls of a page', count);
    whole(fields[3], 'the rows of a page', count);
    if (repetitionLevel > 0) {
      const width = bits(repetitionLevel);
      startsRow = firstOfRuns(runs(width, Number(fields[6])), width) === 0;
    }
    at = Number(fields[6]);
    if (definitionLevel > 0) runs(bits(definitionLevel), Number(fields[5]));
    at = Number(fields[5]) + Number(fields[6]);
  } else {
    if (repetitionLevel > 0) {
      const width = bits(repetitionLevel);
      startsRow = firstOfRuns(runs(width), width) === 0;
    }
    if (definitionLevel > 0) runs(bits(definitionLevel));
  }
  const encoding = fields[isV2 ? 4 : 2];
  const values = at;
  if (
    encoding === ENCODING.plainDictionary ||
    encoding === ENCODING.rleDictionary ||
    encoding === ENCODING.rle
  ) {
    if (isBoolean) runs(1);
    else if (at < page.length && page[at]! > 0) checkRuns(page.subarray(at + 1), page[at]!, count);
  } else if (encoding === ENCODING.delta || encoding === ENCODING.deltaLength) {
    const delta = new ThriftReader(page, at);
    const blockSize = whole(delta.readVarint(), 'a block of differences', MAX_DELTA_BLOCK);
    const nBlocks = whole(delta.readVarint(), 'the parts of a block', blockSize);
    if (nBlocks === 0 || blockSize % nBlocks !== 0)
      throw new Error('a block of differences has no whole parts');
    whole(delta.readVarint(), 'the values of a page', count);
  }
  return { at: values, startsRow };
}

const bits = (level: number) => 32 - Math.clz32(level);

/** A size or count between 0 and what there is room for. */
function whole(value: number | ThriftStruct | undefined, what: string, most: number): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= most)) {
    throw new Error(
      `${what} is announced as ${typeof value === 'number' ? value : 'nothing'}, with room for ${most}`,
    );
  }
  return value;
}

function struct(value: number | ThriftStruct | undefined): ThriftStruct {
  if (typeof value !== 'object') throw new Error('a page has no header of its kind');
  return value;
}

function frame(page: Uint8Array, header: ThriftStruct, type: number): Uint8Array {
  // What is not a number (statistics of the page) is left out.
  const [field, fields] = Object.entries(header)[0]!;
  const numbers = Object.fromEntries(
    Object.entries(fields as ThriftStruct).filter(([, value]) => typeof value === 'number'),
  );
  const head = {
    [FIELD.type]: type,
    [FIELD.unpacked]: page.length,
    [FIELD.packed]: page.length,
    [field]: numbers,
  };
  return concatenated([Uint8Array.from(thriftBytes(head)), page]);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.length;
  }
  return joined;
}
