import { grown } from '../arrow/grown.ts';

const FIRST_SLOTS = 256;
const FIRST_BYTES = 4096;
const QUOTE = 0x22;

/**
 * Numbers different texts from 0 in the order of their first appearance, by their bytes: a text seen before costs one
 * hash and one comparison, and no string. Open addressing, at most half full.
 */
export class ByteDictionary {
  #bytes = new Uint8Array(FIRST_BYTES);
  #ends = new Int32Array(FIRST_SLOTS);
  #hashes = new Int32Array(FIRST_SLOTS);
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  #size = 0;
  #unescaped = new Uint8Array(256);

  /** Different texts so far. */
  get size(): number {
    return this.#size;
  }

  /** Number of the text in bytes [start, end). */
  code(bytes: Uint8Array, start: number, end: number): number {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let code = this.#slots[slot]!; code >= 0; code = this.#slots[slot]!) {
      if (this.#hashes[code] === hash && this.#isText(code, bytes, start, end)) return code;
      slot = (slot + 1) & mask;
    }
    return this.#add(hash, slot, bytes, start, end);
  }

  /** As `code`, for the inside of a quoted field in which quotes are doubled. */
  codeOfEscaped(bytes: Uint8Array, start: number, end: number): number {
    if (this.#unescaped.length < end - start) this.#unescaped = new Uint8Array(2 * (end - start));
    let length = 0;
    for (let i = start; i < end; i++) {
      this.#unescaped[length++] = bytes[i]!;
      if (bytes[i] === QUOTE) i++;
    }
    return this.code(this.#unescaped, 0, length);
  }

  /** The texts by number; undefined for one that is not UTF-8. */
  texts(): (string | undefined)[] {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return Array.from({ length: this.#size }, (_, code) => {
      const start = code === 0 ? 0 : this.#ends[code - 1]!;
      try {
        return decoder.decode(this.#bytes.subarray(start, this.#ends[code]));
      } catch {
        return undefined;
      }
    });
  }

  #isText(code: number, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.#bytes;
    const first = code === 0 ? 0 : this.#ends[code - 1]!;
    if (this.#ends[code]! - first !== end - start) return false;
    for (let i = start, j = first; i < end; i++, j++) if (bytes[i] !== own[j]) return false;
    return true;
  }

  #add(hash: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
    const code = this.#size++;
    const first = code === 0 ? 0 : this.#ends[code - 1]!;
    const last = first + end - start;
    if (last > this.#bytes.length) this.#bytes = grown(this.#bytes, last);
    this.#bytes.set(bytes.subarray(start, end), first);
    if (code === this.#ends.length) {
      this.#ends = grown(this.#ends);
      this.#hashes = grown(this.#hashes);
    }
    this.#ends[code] = last;
    this.#hashes[code] = hash;
    this.#slots[slot] = code;
    if (2 * this.#size > this.#slots.length) this.#rehash();
    return code;
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length).fill(-1);
    const mask = slots.length - 1;
    for (let code = 0; code < this.#size; code++) {
      let slot = this.#hashes[code]! & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = code;
    }
    this.#slots = slots;
  }
}
