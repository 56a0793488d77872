import { InvalidDatasetError } from '../errors.ts';

/** A row that the format's grammar refuses. */
export interface RejectedRow {
  /** 1-based line of the file or shard it stands in. */
  readonly line: number;
  /** Short machine-readable reason, e.g. `ragged_row`. */
  readonly reason: string;
  readonly message: string;
  /** The row as it stands, unmasked. */
  readonly text: string;
}

/** Characters of a row that are shown as an example. */
export const EXAMPLE_CHARACTERS = 120;

/** The error for a rejected row where nothing takes rejections. */
export function rejection(file: string, { line, reason, message }: RejectedRow): InvalidDatasetError {
  return new InvalidDatasetError(`${file}, line ${line}: ${message}`, { file, line, reason });
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A row's bytes as text, without the carriage return of its line end; what is not UTF-8 is replaced. */
export const rowText = (bytes: Uint8Array) => decoder.decode(bytes).replace(/\r$/, '');
