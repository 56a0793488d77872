import { MAX_RECORD_BYTES } from './csv-scanner.ts';

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;
const BLANKS: readonly (number | undefined)[] = [0x20, 0x09, CR];

/** Where in the grammar of CSV a byte may stand: the state before it is read. */
export const FIELD_START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
const QUOTE_IN_QUOTED = 3;
const STATES = [FIELD_START, UNQUOTED, QUOTED, QUOTE_IN_QUOTED];

/** State after a byte. A quote inside an unquoted field is plain text. */
export function nextState(state: number, byte: number, delimiter: number): number {
  if (state === QUOTED) return byte === QUOTE ? QUOTE_IN_QUOTED : QUOTED;
  if (byte === QUOTE && state !== UNQUOTED) return QUOTED;
  return byte === delimiter || byte === LF ? FIELD_START : UNQUOTED;
}

/** Whether a byte ends the record it stands in. */
export function endsRecord(state: number, byte: number): boolean {
  return byte === LF && state !== QUOTED;
}

/** What one assumption about the first byte of a window comes to. */
type Reading = { readonly recordStart: number | undefined } | 'refuted';

/**
 * Offset in a window of the first record that starts after its first byte, without knowing what lies before it.
 *
 * Method: a byte stands in one of four states of the CSV grammar. The window is read from each of them, and a reading
 * is refuted where it breaks the grammar: text after a closing quote, a whole record whose number of fields is not the
 * header's, a quote still open at the end of the file, a record longer than the scanner takes. In a well-formed file
 * the true state is never refuted; so where all readings that are left agree on a record start, it is the true one.
 *
 * @param atFileEnd whether the window reaches the end of the file
 * @returns undefined when the readings left do not agree, or none is left: a longer window or a scan must decide
 */
export function findRecordStart(
  window: Uint8Array,
  { delimiter, nColumns }: { readonly delimiter: string; readonly nColumns: number },
  atFileEnd: boolean,
): number | undefined {
  if (!window.includes(QUOTE)) {
    // All of it may stand within quotes, unless no record is that long; else every line feed ends a record.
    if (window.length <= MAX_RECORD_BYTES && !atFileEnd) return undefined;
    const lineEnd = window.indexOf(LF);
    return lineEnd < 0 ? (atFileEnd ? window.length : undefined) : lineEnd + 1;
  }
  let agreed: number | undefined;
  for (const state of STATES) {
    const reading = readFrom(state, window, delimiter.charCodeAt(0), nColumns, atFileEnd, agreed);
    if (reading === 'refuted') continue;
    if (reading.recordStart === undefined) return undefined;
    if (agreed !== undefined && agreed !== reading.recordStart) return undefined;
    agreed = reading.recordStart;
  }
  return agreed;
}

function readFrom(
  first: number,
  window: Uint8Array,
  delimiter: number,
  nColumns: number,
  atFileEnd: boolean,
  /** Record start of another reading that the window did not refute: one that gets there too goes on as that did. */
  agreed: number | undefined,
): Reading {
  const size = window.length;
  let state = first;
  let recordStart: number | undefined;
  /** Where the record at hand begins; of the first one only a part is seen, so that its fields prove nothing. */
  let begun = 0;
  let nFields = 1;
  for (let i = 0; i < size; i++) {
    const byte = window[i]!;
    if (state === QUOTED && byte !== QUOTE) {
      const quote = window.indexOf(QUOTE, i);
      i = (quote < 0 ? size : quote) - 1;
      continue;
    }
    if (state === UNQUOTED && byte !== delimiter && byte !== LF) {
      while (i + 1 < size && window[i + 1] !== delimiter && window[i + 1] !== LF) i++;
      continue;
    }
    if (state === QUOTE_IN_QUOTED && byte !== QUOTE && byte !== delimiter && byte !== LF && byte !== CR) {
      return 'refuted';
    }
    if (endsRecord(state, byte)) {
      const isRagged = nFields !== nColumns && !(nFields === 1 && isBlank(window, begun, i));
      if ((recordStart !== undefined && isRagged) || i - begun > MAX_RECORD_BYTES) return 'refuted';
      if (recordStart === undefined && i + 1 === agreed) return { recordStart: agreed };
      recordStart ??= i + 1;
      begun = i + 1;
      nFields = 1;
    } else if (byte === delimiter && state !== QUOTED) nFields++;
    state = nextState(state, byte, delimiter);
  }
  if (atFileEnd) return state === QUOTED ? 'refuted' : { recordStart: recordStart ?? size };
  return size - begun > MAX_RECORD_BYTES ? 'refuted' : { recordStart };
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!BLANKS.includes(bytes[i])) return false;
  return true;
}
