import type { RowRange, TableLayout } from '../contracts/table-layout.ts';
import { arrowParts } from './arrow-stream.ts';
import { whyNotCut } from './open-table.ts';
import { readParquetMetadata } from './parquet-batches.ts';
import { wholeRange } from './read-table.ts';
import { planRowShards } from './row-shards.ts';
import type { TableSource } from './table-source.ts';

const LF = 0x0a;
const WINDOW_BYTES = 64 * 1024;

/**
 * Cuts a table into at most `nRanges` ranges of whole rows: CSV between records, JSON Lines between lines, Parquet
 * between row groups, an Arrow file between record batches. What cannot be cut (see `whyNotCut`) is one range.
 */
export async function planRanges(
  source: TableSource,
  layout: TableLayout,
  nRanges: number,
): Promise<readonly RowRange[]> {
  if (whyNotCut(layout) !== undefined) return [wholeRange(layout)];
  const { format, header, delimiter, firstRecord } = layout;
  const { size } = source;
  if (format === 'parquet') {
    const { row_groups } = await readParquetMetadata(source);
    return shareOut(
      row_groups.map(({ total_byte_size }) => Number(total_byte_size)),
      nRanges,
    );
  }
  if (format === 'arrow') {
    const { batches } = await arrowParts(source);
    return shareOut(
      batches.map(([start, end]) => end - start),
      nRanges,
    );
  }
  if (format === 'jsonl') return cutLines(source, nRanges);
  const file = { size, firstRecord, delimiter, nColumns: header.length };
  const ranges = await planRowShards(file, nRanges, (start, end) => source.read(start, end));
  return ranges.map(([start, end]) => ({ start, end }));
}

/** Successive pieces in at most `nRanges` groups of about equal size. */
function shareOut(sizes: readonly number[], nRanges: number): RowRange[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const ranges: RowRange[] = [];
  let start = 0;
  let before = 0;
  for (const [i, size] of sizes.entries()) {
    before += size;
    const isFull = before >= (total * (ranges.length + 1)) / nRanges;
    if (isFull || i + 1 === sizes.length) {
      ranges.push({ start, end: i + 1 });
      start = i + 1;
    }
  }
  return ranges.length > 0 ? ranges : [{ start: 0, end: 0 }];
}

/** Lines have no quotes: a line feed always ends one. */
async function cutLines({ size, read }: TableSource, nRanges: number): Promise<RowRange[]> {
  const cuts = [0];
  for (let i = 1; i < nRanges; i++) {
    const target = Math.max(Math.floor((size * i) / nRanges), cuts.at(-1)!);
    for (let start = target; start < size; start += WINDOW_BYTES) {
      const window = await read(start, Math.min(start + WINDOW_BYTES, size));
      const lineEnd = window.indexOf(LF);
      if (lineEnd < 0) continue;
      const cut = start + lineEnd + 1;
      if (cut < size && cut > cuts.at(-1)!) cuts.push(cut);
      break;
    }
  }
  return cuts.map((start, i) => ({ start, end: cuts[i + 1] ?? size }));
}
