import { FieldStops } from './field-stops.ts';

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const NUL = 0;

/** Longest record that is read: what is longer has an unclosed quote or is no text, and must not fill the memory. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** The bytes break the grammar of CSV. Whoever knows the file turns it into an InvalidDatasetError. */
export class MalformedRecord extends Error {
  override readonly name = 'MalformedRecord';
  /** Short machine-readable reason, e.g. `ragged_row`. */
  readonly reason: string;
  /** Line breaks between the first scanned byte and the record. */
  readonly line: number;

  constructor(reason: string, line: number, message: string) {
    super(message);
    this.reason = reason;
    this.line = line;
  }
}

/** How the scanned bytes are laid out. */
export interface CsvLayout {
  readonly delimiter: string;
  readonly nColumns: number;
  /** Columns (from 0) whose fields are kept, in the order of the slots. */
  readonly selected: readonly number[];
}

/** One record, valid during the callback only. Field `slot` is `bytes[starts[slot] … ends[slot])`, blanks trimmed. */
export interface CsvRecord {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1 where a quoted field holds doubled quotes. */
  readonly escaped: Uint8Array;
  /** Line breaks between the first scanned byte and this record. */
  readonly line: number;
  /** The whole record is `bytes[rowStart … rowEnd)`. */
  readonly rowStart: number;
  readonly rowEnd: number;
}

/** Takes a record that breaks the grammar but whose end is known: a row of another width, or text behind a quote. */
export type FaultSink = (fault: MalformedRecord, bytes: Uint8Array) => void;

/**
 * Byte-level reader of CSV records (RFC 4180; LF or CRLF; a quote inside an unquoted field is plain text; blank lines
 * are skipped). Fields that are not selected are stepped over, not decoded. Takes chunks of any size and holds one
 * chunk and one record at a time. Memory: one chunk and at most one record of `MAX_RECORD_BYTES`.
 */
export class CsvScanner implements CsvRecord {
  bytes: Uint8Array = new Uint8Array(0);
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly escaped: Uint8Array;
  line = 0;
  rowStart = 0;
  rowEnd = 0;
  readonly #delimiter: number;
  readonly #nColumns: number;
  /** Slot of each column, −1 for none. */
  readonly #slots: Int32Array;
  readonly #stops: FieldStops;
  readonly #onRecord: (record: CsvRecord) => void;
  readonly #onFault: FaultSink | undefined;
  #room = new Uint8Array(0);

  /**
   * @param onFault takes the rows that have another number of fields than the header, or text behind a closing quote;
   * without it such a row is an error. What leaves open where the row ends is one in any case.
   */
  constructor(
    { delimiter, nColumns, selected }: CsvLayout,
    onRecord: (record: CsvRecord) => void,
    onFault?: FaultSink,
  ) {
    this.#onFault = onFault;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#nColumns = nColumns;
    this.#onRecord = onRecord;
    this.#slots = new Int32Array(nColumns).fill(-1);
    for (const [slot, column] of selected.entries()) this.#slots[column] = slot;
    this.starts = new Int32Array(selected.length);
    this.ends = new Int32Array(selected.length);
    this.escaped = new Uint8Array(selected.length);
    this.#stops = new FieldStops(this.#delimiter);
  }

  /** @throws MalformedRecord */
  push(chunk: Uint8Array): void {
    if (this.bytes.length === 0) this.bytes = chunk;
    else {
      const size = this.bytes.length + chunk.length;
      // One room for all seams: a new buffer per chunk would keep the garbage collector busy.
      if (this.#room.length < size) this.#room = new Uint8Array(size * 2);
      this.#room.set(this.bytes);
      this.#room.set(chunk, this.bytes.length);
      this.bytes = this.#room.subarray(0, size);
    }
    const consumed = this.#scan(false);
    this.bytes = this.bytes.subarray(consumed);
    if (this.bytes.length > MAX_RECORD_BYTES) throw this.#tooLong();
  }

  /** Reads the last record, which may lack its line break. @throws MalformedRecord */
  end(): void {
    this.#scan(true);
    this.bytes = new Uint8Array(0);
  }

  /** Reads all whole records, or with `final` all of them; returns the offset after the last. */
  #scan(final: boolean): number {
    const { bytes, starts, ends, escaped } = this;
    const slots = this.#slots;
    this.#stops.find(bytes);
    const { places: stops, count: nStops } = this.#stops;
    /** The first stop at or after the byte that is looked at. */
    let stop = 0;
    const delimiter = this.#delimiter;
    const nColumns = this.#nColumns;
    const size = bytes.length;
    let recordStart = 0;
    while (recordStart < size) {
      let i = recordStart;
      let column = 0;
      let lineBreaks = 0;
      /** Field with text behind its closing quote; −1 for none. */
      let faulty = -1;
      for (;;) {
        let start = i;
        let end: number;
        let isEscaped = 0;
        if (bytes[i] === QUOTE) {
          start = ++i;
          for (; ; i++) {
            const byte = bytes[i];
            if (byte === QUOTE) {
              if (bytes[i + 1] !== QUOTE) break;
              isEscaped = 1;
              i++;
            } else if (byte === LF) lineBreaks++;
            else if (byte === NUL) throw this.#binary();
            else if (byte === undefined) {
              if (final) throw this.#unclosed();
              return recordStart;
            }
          }
          end = i++;
          if (i < size && bytes[i] !== delimiter && bytes[i] !== LF) {
            if (bytes[i] !== CR || (i + 1 < size && bytes[i + 1] !== LF)) {
              if (this.#onFault === undefined) throw this.#textAfterQuote(column);
              faulty = column;
              while (stop < nStops && stops[stop]! < i) stop++;
              i = stop < nStops ? stops[stop]! : size;
              if (bytes[i] === NUL) throw this.#binary();
            } else i++;
          }
          if (i >= size && !final) return recordStart;
        } else {
          while (stop < nStops && stops[stop]! < i) stop++;
          i = stop < nStops ? stops[stop]! : size;
          if (i >= size && !final) return recordStart;
          const byte = bytes[i];
          if (byte === NUL) throw this.#binary();
          end = i;
          if (byte !== delimiter && end > start && bytes[end - 1] === CR) end--;
        }
        const slot = column < nColumns ? slots[column]! : -1;
        if (slot >= 0) {
          while (start < end && (bytes[start] === SPACE || bytes[start] === TAB)) start++;
          while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
          starts[slot] = start;
          ends[slot] = end;
          escaped[slot] = isEscaped;
        }
        if (i >= size || bytes[i] === LF) break;
        column++;
        i++;
      }
      if (i - recordStart > MAX_RECORD_BYTES) throw this.#tooLong();
      if (faulty >= 0) this.#onFault?.(this.#textAfterQuote(faulty), bytes.subarray(recordStart, i));
      else if (column + 1 === nColumns) {
        this.rowStart = recordStart;
        this.rowEnd = i;
        this.#onRecord(this);
      } else if (column > 0 || !isBlank(bytes, recordStart, i)) {
        if (this.#onFault === undefined) throw this.#ragged(column + 1);
        this.#onFault(this.#ragged(column + 1), bytes.subarray(recordStart, i));
      }
      this.line += lineBreaks + 1;
      recordStart = i + 1;
    }
    return size;
  }

  #ragged(found: number): MalformedRecord {
    const delimiter = JSON.stringify(String.fromCharCode(this.#delimiter));
    return new MalformedRecord(
      'ragged_row',
      this.line,
      `the row has ${found} fields where the header has ${this.#nColumns}. Fields that hold the delimiter ${delimiter} ` +
        'must be quoted, and the file must not end in the middle of a row.',
    );
  }

  #unclosed(): MalformedRecord {
    return new MalformedRecord(
      'unclosed_quote',
      this.line,
      'a quoted field of the row that begins here is never closed. Close it; a quote inside a quoted field is written twice.',
    );
  }

  #textAfterQuote(column: number): MalformedRecord {
    return new MalformedRecord(
      'text_after_quote',
      this.line,
      `in the row that begins here, the closing quote of field ${column + 1} is followed by text: a quote is unclosed, ` +
        'or not written twice inside a quoted field.',
    );
  }

  #tooLong(): MalformedRecord {
    return new MalformedRecord(
      'record_too_long',
      this.line,
      `the row that begins here does not end within ${MAX_RECORD_BYTES} bytes: probably a quote is unclosed, or the file is no CSV.`,
    );
  }

  #binary(): MalformedRecord {
    return new MalformedRecord(
      'binary',
      this.line,
      'the row holds a NUL byte, so that the file is binary or UTF-16. Save it as CSV in UTF-8.',
    );
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (bytes[i] !== SPACE && bytes[i] !== TAB && bytes[i] !== CR) return false;
  }
  return true;
}
