import { type FileMetaData, parquetMetadata } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { ThriftReader, type ThriftStruct, thriftBytes } from '../../functions/tables/thrift-compact.ts';

type Codec = NonNullable<FileMetaData['row_groups'][0]['columns'][0]['meta_data']>['codec'];
const PAGE = { data: 0, dictionary: 2 } as const;
const RLE = 3;
const MAGIC = 'PAR1';

/**
 * An uncompressed file of hyparquet-writer with all its data pages of version 1, as most other writers make them: their
 * levels are packed together with their values.
 */
export function asV1Pages(
  file: Uint8Array,
  codec: Codec,
  pack: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const metadata = parquetMetadata(file.slice().buffer as ArrayBuffer);
  const writer = new ByteWriter();
  const text = (content: string) => writer.appendBytes(new TextEncoder().encode(content));
  text(MAGIC);
  for (const { columns } of metadata.row_groups) {
    for (const { meta_data: meta } of columns) {
      if (!meta) continue;
      const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
      const chunk = file.subarray(start, start + Number(meta.total_compressed_size));
      const first = writer.offset;
      let firstData: number | undefined;
      for (const { header, body } of pagesOf(chunk)) {
        const isDictionary = header[1] === PAGE.dictionary;
        const v2 = header[8] as ThriftStruct;
        const page = isDictionary ? body : withLevels(body, v2);
        const packed = pack(page);
        if (!isDictionary) firstData ??= writer.offset;
        const told = isDictionary ? { 7: header[7] } : { 5: { 1: v2[1], 2: v2[4], 3: RLE, 4: RLE } };
        const type = isDictionary ? PAGE.dictionary : PAGE.data;
        writer.appendBytes(
          Uint8Array.from(thriftBytes({ 1: type, 2: page.length, 3: packed.length, ...told })),
        );
        writer.appendBytes(packed);
      }
      const hasDictionary = meta.dictionary_page_offset !== undefined;
      Object.assign(meta, {
        codec,
        data_page_offset: BigInt(firstData ?? first),
        total_compressed_size: BigInt(writer.offset - first),
        ...(hasDictionary && { dictionary_page_offset: BigInt(first) }),
      });
    }
  }
  writeMetadata(writer, metadata);
  text(MAGIC);
  return writer.getBytes();
}

function* pagesOf(chunk: Uint8Array) {
  const reader = new ThriftReader(chunk);
  while (reader.at < chunk.length) {
    const header = reader.readStruct();
    const size = Number(header[3]);
    yield { header, body: chunk.subarray(reader.at, reader.at + size) };
    reader.at += size;
  }
}

/** The body of a page of version 2 with the lengths of its levels before them. */
function withLevels(body: Uint8Array, { 5: definition, 6: repetition }: ThriftStruct): Uint8Array {
  const [nDefinition, nRepetition] = [Number(definition), Number(repetition)];
  const length = (n: number) => new Uint8Array(Uint32Array.of(n).buffer);
  const levels = (start: number, n: number) => (n === 0 ? [] : [length(n), body.subarray(start, start + n)]);
  return new Uint8Array(
    Buffer.concat([
      ...levels(0, nRepetition),
      ...levels(nRepetition, nDefinition),
      body.subarray(nRepetition + nDefinition),
    ]),
  );
}
