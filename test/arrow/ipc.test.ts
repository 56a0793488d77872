import { zstdCompressSync } from 'node:zlib';
import { CompressionType, compressionRegistry, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArrowColumns } from '../../functions/arrow/columns.ts';
import {
  arrowFileChunks,
  decodeArrow,
  encodeArrowFile,
  encodeArrowStream,
  ROWS_PER_BATCH,
} from '../../functions/arrow/ipc.ts';
import { encodeUtf8Column } from '../../functions/arrow/utf8.ts';

const sample = {
  customer_id: ['17850', 'Zoë', '', '日本'],
  recency_days: Float64Array.of(0, 1.5, -0, Number.MAX_VALUE),
  scaled: Float32Array.of(0.1, 2, 3, 4),
  label: Int32Array.of(0, -1, 2, 2 ** 31 - 1),
} satisfies ArrowColumns;
const metadata = {
  table: { run: 'r1', algorithm: 'kmeans' },
  columns: { recency_days: { unit: 'days', about: 'since the last order' } },
};

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}

async function* inPieces(
  columns: ReturnType<typeof many>,
  sizes: readonly number[],
): AsyncIterable<ArrowColumns> {
  let start = 0;
  for (const size of sizes) {
    const slice = (data: (typeof columns)[keyof typeof columns]) => {
      if ('listOffsets' in data)
        return {
          ...data,
          listOffsets: data.listOffsets.subarray(start, start + size + 1),
          nulls: data.nulls.subarray(start, start + size),
        };
      return data.slice(start, start + size);
    };
    yield Object.fromEntries(Object.entries(columns).map(([name, data]) => [name, slice(data)]));
    start += size;
  }
}

function many(nRows: number) {
  return {
    id: Array.from({ length: nRows }, (_, i) => (i % 1000 === 0 ? `Zoë${i}` : `c${i}`)),
    value: Float64Array.from({ length: nRows }, (_, i) => Math.sin(i)),
    scaled: Float32Array.from({ length: nRows }, (_, i) => i / 7),
    label: Int32Array.from({ length: nRows }, (_, i) => i % 5),
    // Row i has i % 3 tags; of those without, every seventh is null.
    tags: {
      listOffsets: Int32Array.from(
        { length: nRows + 1 },
        (_, i) => 3 * Math.floor(i / 3) + [0, 0, 1][i % 3]!,
      ),
      texts: encodeUtf8Column(Array.from({ length: nRows + 2 }, (_, i) => (i % 2 ? `é${i}` : ''))),
      nulls: Uint8Array.from({ length: nRows }, (_, i) => (i % 21 === 0 ? 1 : 0)),
    },
  };
}

describe('Arrow IPC', () => {
  it.each([
    ['file', encodeArrowFile],
    ['stream', encodeArrowStream],
  ])('returns what was encoded into a %s, with its metadata', (_, encode) => {
    const decoded = decodeArrow(encode(sample, metadata));
    expect(decoded.nRows).toBe(4);
    expect(decoded.strings('customer_id')).toEqual(sample.customer_id);
    expect(decoded.float64('recency_days')).toEqual(sample.recency_days);
    expect(decoded.float32('scaled')).toEqual(sample.scaled);
    expect(decoded.int32('label')).toEqual(sample.label);
    expect(decoded.metadata.table).toEqual(metadata.table);
    expect(decoded.metadata.columns.recency_days).toEqual(metadata.columns.recency_days);
  });

  it('is read alike by the Arrow library itself', () => {
    const table = tableFromIPC(encodeArrowFile(sample, metadata));
    expect(table.toArray().map((row) => row?.toJSON())).toEqual([
      { customer_id: '17850', recency_days: 0, scaled: Math.fround(0.1), label: 0 },
      { customer_id: 'Zoë', recency_days: 1.5, scaled: 2, label: -1 },
      { customer_id: '', recency_days: -0, scaled: 3, label: 2 },
      { customer_id: '日本', recency_days: Number.MAX_VALUE, scaled: 4, label: 2 ** 31 - 1 },
    ]);
  });

  it('reads bytes that the Arrow library wrote', () => {
    const table = tableFromIPC(encodeArrowFile(many(70_000)));
    const decoded = decodeArrow(tableToIPC(table, 'file'));
    expect(decoded.strings('id')).toEqual(many(70_000).id);
  });

  it('reads from bytes at any alignment', () => {
    const bytes = encodeArrowFile(sample);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeArrow(shifted.subarray(3)).float64('recency_days')).toEqual(sample.recency_days);
  });

  it('keeps a table without rows, and its schema', () => {
    const empty = { id: [], value: new Float64Array(0) };
    for (const bytes of [encodeArrowFile(empty), encodeArrowStream(empty)]) {
      const decoded = decodeArrow(bytes);
      expect([decoded.nRows, decoded.strings('id'), decoded.float64('value').length]).toEqual([0, [], 0]);
    }
  });

  it('round-trips any strings that have a UTF-8 form', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (id) => {
        expect(decodeArrow(encodeArrowFile({ id })).strings('id')).toEqual(id);
      }),
    );
  });

  it('gives the same bytes whatever the order of the metadata keys', () => {
    const reversed = {
      table: { algorithm: 'kmeans', run: 'r1' },
      columns: { recency_days: { about: 'since the last order', unit: 'days' } },
    };
    expect(encodeArrowFile(sample, reversed)).toEqual(encodeArrowFile(sample, metadata));
  });

  it('streams the same bytes whatever the sizes of the pieces', async () => {
    const nRows = ROWS_PER_BATCH * 2 + 17;
    const columns = many(nRows);
    const whole = encodeArrowFile(columns, metadata);
    for (const sizes of [
      [nRows],
      [0, 1, ROWS_PER_BATCH, 0, nRows - 1 - ROWS_PER_BATCH],
      [100_000, nRows - 100_000],
    ]) {
      const streamed = await collect(arrowFileChunks(inPieces(columns, sizes), metadata));
      expect(Buffer.compare(streamed, whole)).toBe(0);
    }
    const decoded = decodeArrow(whole);
    expect(decoded.float64('value')).toEqual(columns.value);
    expect(decoded.strings('id')).toEqual(columns.id);
  });

  it('streams an empty file when the only piece is empty', async () => {
    const bytes = await collect(arrowFileChunks(inPieces(many(3), [0])));
    expect(bytes).toEqual(encodeArrowFile(many(0)));
  });

  it('fails to stream without any piece, for want of a schema', async () => {
    await expect(collect(arrowFileChunks(inPieces(many(3), [])))).rejects.toThrow('at least one piece');
  });

  it('fails on columns of unequal length, and names them', () => {
    expect(() => encodeArrowFile({ a: ['x'], b: Float64Array.of(1, 2) })).toThrow('a 1,b 2');
  });

  it('fails with a typed error for a missing column, naming those it found', () => {
    const decoded = decodeArrow(encodeArrowFile(sample));
    expect(() => decoded.float64('monetary')).toThrow(
      expect.objectContaining({
        name: 'InvalidDatasetError',
        message: expect.stringContaining('customer_id, recency_days'),
      }),
    );
  });

  it('fails with a typed error for a column of another type', () => {
    const decoded = decodeArrow(encodeArrowFile(sample));
    expect(() => decoded.float64('scaled')).toThrow('has type Float32; expected Float64');
  });

  it('fails with a typed error on every truncation of a file', () => {
    const bytes = encodeArrowFile(many(20));
    for (let length = 0; length < bytes.length; length += 13) {
      expect(() => decodeArrow(bytes.subarray(0, length)).strings('id'), `${length} bytes`).toThrow(
        expect.objectContaining({ name: 'InvalidDatasetError' }),
      );
    }
  });

  it('fails with a typed error on a compressed file instead of returning garbage', () => {
    compressionRegistry.set(CompressionType.ZSTD, { encode: (data) => zstdCompressSync(data) });
    const bytes = tableToIPC(tableFromIPC(encodeArrowFile(many(20))), 'file', CompressionType.ZSTD);
    expect(() => decodeArrow(bytes)).toThrow(
      expect.objectContaining({
        name: 'InvalidDatasetError',
        context: expect.objectContaining({ reason: 'compressed_arrow' }),
      }),
    );
  });

  it('fails with a typed error on bytes that are something else', () => {
    const text = new TextEncoder().encode('InvoiceNo,StockCode,Description\n1,2,3\n');
    expect(() => decodeArrow(text)).toThrow(expect.objectContaining({ name: 'InvalidDatasetError' }));
  });
});
