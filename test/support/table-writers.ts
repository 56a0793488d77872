import { zstdCompressSync } from 'node:zlib';
import {
  CompressionType,
  compressionRegistry,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  type Table,
} from 'apache-arrow';
import { decodeLz4Frame } from '../../functions/decompress/lz4-frame.ts';
import { decodeZstd } from '../../functions/decompress/zstd.ts';
import { encodeLz4Frame } from './lz4-writer.ts';

/** Whoever reads loads its decoders when the first file comes, and takes these out of the registry. */
function registerEncoders(): void {
  compressionRegistry.set(CompressionType.LZ4_FRAME, {
    encode: encodeLz4Frame,
    decode: (bytes) => decodeLz4Frame(bytes),
  });
  compressionRegistry.set(CompressionType.ZSTD, {
    encode: (data) => new Uint8Array(zstdCompressSync(data)),
    decode: decodeZstd,
  });
}

const CODECS = { lz4: CompressionType.LZ4_FRAME, zstd: CompressionType.ZSTD } as const;

/** A table as an Arrow IPC file or stream, compressed as pandas' `to_feather` does where asked. */
export function writeArrow(table: Table, kind: 'file' | 'stream', codec?: 'lz4' | 'zstd'): Uint8Array {
  registerEncoders();
  const options = codec === undefined ? {} : { compressionType: CODECS[codec] };
  const writer = kind === 'file' ? new RecordBatchFileWriter(options) : new RecordBatchStreamWriter(options);
  for (const batch of table.batches) writer.write(batch);
  writer.finish();
  return writer.toUint8Array(true);
}
