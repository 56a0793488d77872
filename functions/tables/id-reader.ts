import type { Fields } from './record-block.ts';

const SLOTS = 1 << 13;
const MASK = SLOTS - 1;

/** What exports of other programs write for "no value"; compared as they stand. */
const MISSING = new Set(['NULL', 'null', 'NaN', 'nan', 'None', 'NA', 'N/A', '#N/A']);

/** Ids that went through a float column (`17850.0`) lose the fraction again; words for "no value" become empty. */
export function normaliseId(text: string): string {
  if (MISSING.has(text)) return '';
  return /^\d+\.0+$/.test(text) ? text.slice(0, text.indexOf('.')) : text;
}

/**
 * Reads id fields as normalised strings. Ids repeat from row to row: a cache keyed by their bytes saves decoding them
 * again, and gives equal ids as one string. Fixed memory.
 */
export class IdReader {
  readonly #raw = new Array<string>(SLOTS).fill('');
  readonly #ids = new Array<string>(SLOTS).fill('');
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** @returns undefined when the field is not UTF-8 */
  read({ bytes, starts, ends, escaped }: Fields, slot: number): string | undefined {
    const start = starts[slot]!;
    const end = ends[slot]!;
    let hash = end - start;
    let high = escaped[slot]! << 7;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      high |= byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    if (high >= 0x80) return this.#decode(bytes.subarray(start, end), escaped[slot] === 1);
    const place = (hash ^ (hash >>> 16)) & MASK;
    const raw = this.#raw[place]!;
    if (isText(raw, bytes, start, end)) return this.#ids[place];
    const text = this.#decoder.decode(bytes.subarray(start, end));
    this.#raw[place] = text;
    this.#ids[place] = normaliseId(text);
    return this.#ids[place];
  }

  #decode(bytes: Uint8Array, isEscaped: boolean): string | undefined {
    try {
      const text = this.#decoder.decode(bytes);
      return normaliseId(isEscaped ? text.replaceAll('""', '"') : text);
    } catch {
      return undefined;
    }
  }
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = start; i < end; i++) if (bytes[i] !== text.charCodeAt(i - start)) return false;
  return true;
}
