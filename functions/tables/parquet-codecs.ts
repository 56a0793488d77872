import { compressors } from 'hyparquet-compressors';
import { inflateBrotli, inflateGzip, inflateZstd } from '../decompress/bounded.ts';

/** Decompresses a page to at most `size` bytes. */
type Decompress = (bytes: Uint8Array, size: number) => Uint8Array;

/** A codec, and how many times its input its output can be: what announces more is damaged. */
interface Codec {
  readonly decompress: Decompress;
  readonly mostRatio: number;
}

const ofLibrary = (name: 'SNAPPY' | 'LZ4' | 'LZ4_RAW', mostRatio: number): Codec => ({
  decompress: (bytes, size) => compressors[name]!(bytes, size),
  mostRatio,
});

/** Compressions of Parquet pages by name. LZO is the one that is not read. */
export const PARQUET_CODECS: Readonly<Record<string, Codec>> = {
  UNCOMPRESSED: { decompress: (bytes) => bytes, mostRatio: 1 },
  // A copy of three bytes gives 64; a length byte of LZ4 255; DEFLATE 258 in two bits.
  SNAPPY: ofLibrary('SNAPPY', 32),
  LZ4: ofLibrary('LZ4', 256),
  LZ4_RAW: ofLibrary('LZ4_RAW', 256),
  GZIP: { decompress: inflateGzip, mostRatio: 1040 },
  ZSTD: { decompress: inflateZstd, mostRatio: Number.POSITIVE_INFINITY },
  BROTLI: { decompress: inflateBrotli, mostRatio: Number.POSITIVE_INFINITY },
};
