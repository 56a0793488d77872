import { cellText, type TableBatch } from '../../functions/tables/cells.ts';
import { openTable } from '../../functions/tables/open-table.ts';
import type { LayoutOptions } from '../../functions/tables/read-options.ts';
import { readTable } from '../../functions/tables/read-table.ts';
import { TableProfile } from '../../functions/tables/table-profile.ts';
import { tableReport } from '../../functions/tables/table-report.ts';
import { memorySource, type TableSource } from '../../functions/tables/table-source.ts';

/** Bytes in memory as a file, handed out in small chunks so that seams fall everywhere. */
export function chunkedSource(file: string, content: string | Uint8Array, chunk = 1000): TableSource {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    ...memorySource(file, bytes),
    async *stream(start = 0, end = bytes.length) {
      for (let at = start; at < end; at += chunk) yield bytes.subarray(at, Math.min(at + chunk, end));
    },
  };
}

/** All batches of a file. */
export async function batchesOf(source: TableSource, options: LayoutOptions = {}) {
  const layout = await openTable(source, options);
  const batches: TableBatch[] = [];
  for await (const batch of readTable(source, layout)) batches.push(batch);
  return { layout, batches };
}

/** The cells of every column as texts, null for nulls, and their kinds in the first batch. */
export async function cellsOf(source: TableSource, options: LayoutOptions = {}) {
  const { layout, batches } = await batchesOf(source, options);
  const texts: Record<string, (string | null)[]> = {};
  for (const [i, name] of layout.header.entries()) {
    texts[name] = batches.flatMap(({ nRows, columns }) =>
      Array.from({ length: nRows }, (_, row) => {
        const cells = columns[i]!;
        return cells.nulls?.[row] === 1 ? null : cellText(cells, row);
      }),
    );
  }
  return { layout, texts, kinds: batches[0]?.columns.map(({ kind }) => kind) };
}

/** The report on a file in memory. */
export async function reportOf(source: TableSource, options: LayoutOptions = {}) {
  const layout = await openTable(source, options);
  const profile = new TableProfile(layout.header);
  for await (const batch of readTable(source, layout, { onReject: (row) => profile.reject(row) })) {
    profile.add(batch);
  }
  return tableReport(source.file, layout, profile);
}
