/** Encodings of text files that are read. Windows-1252 holds all that ISO 8859-1 prints, and is what exports write. */
export const TEXT_ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type TextEncoding = (typeof TEXT_ENCODINGS)[number];

/** How the rows of a file are written; `csv` stands for all text with a delimiter, tabs and blanks included. */
export type TableFormat = 'csv' | 'jsonl' | 'parquet' | 'arrow' | 'arrow-stream' | 'xlsx';

/** Bytes that part the fields of a record. */
export type Delimiter = ',' | ';' | '\t' | '|';

/** What must be known of a file before its rows are read. */
export interface TableLayout {
  readonly format: TableFormat;
  readonly compression: 'none' | 'gzip';
  /** Names of the columns, none twice and none empty. */
  readonly header: readonly string[];
  /** Only for text. */
  readonly encoding: TextEncoding;
  /** Only for `csv`; runs of blanks count as tabs. */
  readonly delimiter: Delimiter;
  readonly separatedByBlanks: boolean;
  /** Where the rows begin, in the unit of a `RowRange`. */
  readonly firstRecord: number;
  /** 1-based line (text) or row (sheet) of the first record. */
  readonly firstPlace: number;
  /** Only for `xlsx`; null is the first sheet. */
  readonly sheet: string | null;
}

/**
 * Part of a file, in the unit its format is cut by: bytes of CSV and JSON Lines (of the decompressed UTF-8 text, where
 * the file is compressed or UTF-16), row groups of Parquet, record batches of an Arrow file. `end` null reads to the end.
 */
export interface RowRange {
  readonly start: number;
  readonly end: number | null;
}

/** The mark before the decimals of a number; the other one, blanks and apostrophes may group thousands. */
export type DecimalMark = '.' | ',';

/** Order of day, month and year in a date of digits: ISO 8601, `31/12/2025` or `12/31/2025`. */
export type DateOrder = 'ymd' | 'dmy' | 'mdy';
