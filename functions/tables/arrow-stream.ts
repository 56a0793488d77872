import type { RowRange, TableLayout } from '../contracts/table-layout.ts';
import { damagedArrow } from './arrow-batches.ts';
import { arrowMessages, readArrowParts } from './arrow-file.ts';
import type { TableSource } from './table-source.ts';

/**
 * The Arrow stream that some record batches of a file are, or the one that the file itself is.
 * @throws InvalidDatasetError for a file whose footer cannot be read
 */
export async function* arrowStream(
  source: TableSource,
  format: TableLayout['format'],
  { start, end }: RowRange,
): AsyncGenerator<Uint8Array> {
  if (format === 'arrow-stream') {
    yield* source.stream();
    return;
  }
  const parts = await arrowParts(source);
  yield* arrowMessages(source, parts, start, end ?? parts.batches.length);
}

/** Where the parts of an Arrow file lie. @throws InvalidDatasetError */
export async function arrowParts(source: TableSource) {
  try {
    return await readArrowParts(source);
  } catch (cause) {
    throw damagedArrow(source.file, cause);
  }
}
