import type { Delimiter, RowRange, TextEncoding } from '../contracts/table-layout.ts';
import type { RejectedRow } from './rejected-row.ts';

/** What the caller knows of a file better than its bytes tell. */
export interface LayoutOptions {
  readonly encoding?: TextEncoding | undefined;
  readonly delimiter?: Delimiter | undefined;
  readonly sheet?: string | undefined;
}

/** How rows are to be read. */
export interface ReadOptions {
  /** Indexes into the header; by default all columns. */
  readonly columns?: readonly number[];
  readonly range?: RowRange;
  /** Takes the rows that cannot be read; without it the first one is an InvalidDatasetError. */
  readonly onReject?: (row: RejectedRow) => void;
}
