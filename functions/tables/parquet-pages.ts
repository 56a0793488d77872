import { plainOfDeltaByteArray } from './delta-byte-array.ts';
import { PARQUET_CODECS } from './parquet-codecs.ts';
import { checkRuns } from './rle-runs.ts';
import { ThriftReader, type ThriftStruct, thriftBytes } from './thrift-compact.ts';

/** Most bytes that one column of one row group may unpack to. */
const MAX_CHUNK_BYTES = 512 * 1024 * 1024;
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

/**
 * Decompresses the pages of one column of one row group after checking every size, count and run length in them, and
 * frames them anew as uncompressed pages: the library that decodes them believes what it reads.
 * @throws Error for pages that contradict their metadata, RangeError for damaged ones
 */
export function unpackPages(chunk: Uint8Array, traits: ChunkTraits): Uint8Array {
  const parts: Uint8Array[] = [];
  const reader = new ThriftReader(chunk);
  let size = 0;
  let nValues = 0;
  // A trailing byte is padding of old writers.
  while (nValues < traits.nValues && reader.at < chunk.length - 1) {
    const header = reader.readStruct();
    const packedBytes = whole(header[FIELD.packed], 'a page size', chunk.length - reader.at);
    const unpackedBytes = whole(header[FIELD.unpacked], 'an unpacked page size', MAX_CHUNK_BYTES - size);
    const packed = chunk.subarray(reader.at, reader.at + packedBytes);
    reader.at += packedBytes;
    if (header[FIELD.type] === PAGE.index) continue;
    let page = unpackPage(packed, unpackedBytes, header, traits);
    if (header[FIELD.type] === PAGE.dictionary) {
      const count = whole(struct(header[FIELD.dictionary])[1], 'a dictionary', page.length);
      parts.push(frame(page, { [FIELD.dictionary]: { 1: count, 2: 0 } }, PAGE.dictionary));
    } else {
      const isV2 = header[FIELD.type] === PAGE.dataV2;
      const fields = struct(header[isV2 ? FIELD.dataV2 : FIELD.data]);
      const count = whole(fields[1], 'the values of a page', traits.nValues - nValues);
      nValues += count;
      const at = checkLevels(page, count, fields, traits, isV2);
      const encoding = isV2 ? 4 : 2;
      const told = { ...fields };
      if (fields[encoding] === ENCODING.deltaBytes) {
        const values = plainOfDeltaByteArray(page, at, count, MAX_CHUNK_BYTES - size, traits.isFixed);
        page = concatenated([page.subarray(0, at), values]);
        told[encoding] = ENCODING.plain;
      }
      parts.push(
        isV2
          ? frame(page, { [FIELD.dataV2]: told }, PAGE.dataV2)
          : frame(page, { [FIELD.data]: told }, PAGE.data),
      );
    }
    size += page.length;
  }
  if (nValues !== traits.nValues) throw new Error(`a column holds ${nValues} values of ${traits.nValues}`);
  return concatenated(parts);
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

/** Checks all run lengths of a data page: levels, then values; returns where the values begin. */
function checkLevels(
  page: Uint8Array,
  count: number,
  fields: ThriftStruct,
  { definitionLevel, repetitionLevel, isBoolean }: ChunkTraits,
  isV2: boolean,
): number {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let at = 0;
  const runs = (width: number, told?: number) => {
    const length = told ?? whole(view.getUint32(at, true), 'the levels of a page', page.length - at - 4);
    if (told === undefined) at += 4;
    checkRuns(page.subarray(at, at + length), width, count);
    at += length;
  };
  if (isV2) {
    whole(fields[2], 'the nulls of a page', count);
    whole(fields[3], 'the rows of a page', count);
    if (repetitionLevel > 0) runs(bits(repetitionLevel), Number(fields[6]));
    at = Number(fields[6]);
    if (definitionLevel > 0) runs(bits(definitionLevel), Number(fields[5]));
    at = Number(fields[5]) + Number(fields[6]);
  } else {
    if (repetitionLevel > 0) runs(bits(repetitionLevel));
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
  return values;
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
