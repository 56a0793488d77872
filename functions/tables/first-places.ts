import type { RowRange, TableLayout } from '../contracts/table-layout.ts';
import { readArrowBatches } from './arrow-batches.ts';
import { arrowParts, arrowStream } from './arrow-stream.ts';
import { readParquetMetadata } from './parquet-batches.ts';
import type { TableSource } from './table-source.ts';

const LF = 0x0a;

/**
 * The 1-based line or row that each range of a table begins with. Of a text all bytes before the last range are read,
 * of Parquet the footer alone, of Arrow every batch: only worth it where rows are known by their number.
 */
export async function firstPlaces(
  source: TableSource,
  layout: TableLayout,
  ranges: readonly RowRange[],
): Promise<number[]> {
  if (ranges.length === 1) return [layout.firstPlace];
  if (layout.format === 'parquet') {
    const { row_groups } = await readParquetMetadata(source);
    return placesAt(
      ranges,
      row_groups.map(({ num_rows }) => Number(num_rows)),
    );
  }
  if (layout.format === 'arrow') {
    const { batches } = await arrowParts(source);
    const rows = new Array<number>(batches.length).fill(0);
    for (let i = 0; i < batches.length; i++) {
      const messages = arrowStream(source, 'arrow', { start: i, end: i + 1 });
      for await (const { nRows } of readArrowBatches(source.file, messages, [], 1)) rows[i]! += nRows;
    }
    return placesAt(ranges, rows);
  }
  const places = [layout.firstPlace];
  let at = ranges[0]!.start;
  let place = layout.firstPlace;
  for await (const chunk of source.stream(at, ranges.at(-1)!.start)) {
    let counted = 0;
    while (places.length < ranges.length && ranges[places.length]!.start <= at + chunk.length) {
      const end = ranges[places.length]!.start - at;
      place += lineFeeds(chunk, counted, end);
      counted = end;
      places.push(place);
    }
    place += lineFeeds(chunk, counted, chunk.length);
    at += chunk.length;
  }
  return places;
}

/** Places of ranges over pieces of so many rows. */
function placesAt(ranges: readonly RowRange[], rows: readonly number[]): number[] {
  return ranges.map(({ start }) => rows.slice(0, start).reduce((sum, n) => sum + n, 1));
}

function lineFeeds(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = bytes.indexOf(LF, start); i >= 0 && i < end; i = bytes.indexOf(LF, i + 1)) count++;
  return count;
}
