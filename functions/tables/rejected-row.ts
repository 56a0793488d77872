import { InvalidDatasetError } from '../errors.ts';

/** A row that the format's grammar refuses. */
export interface RejectedRow {
  /** 1-based line of the file or shard it stands in. */
  readonly line: number;
  /** Short machine-readable reason, e.g. `ragged_row`. */
  readonly reason: string;
  readonly message: string;
  /** The row as it stands, cut to `EXAMPLE_CHARACTERS`, unmasked. */
  readonly text: string;
}

/** Characters of a row that are kept as an example. */
export const EXAMPLE_CHARACTERS = 120;

/** The error for a rejected row where nothing takes rejections. */
export function rejection(file: string, { line, reason, message }: RejectedRow): InvalidDatasetError {
  return new InvalidDatasetError(`${file}, line ${line}: ${message}`, { file, line, reason });
}

/** The beginning of a row's bytes as text. */
export function exampleText(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    bytes.subarray(0, 4 * EXAMPLE_CHARACTERS),
  );
  return text.slice(0, EXAMPLE_CHARACTERS);
}
