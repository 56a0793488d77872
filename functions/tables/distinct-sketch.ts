import { grown } from '../arrow/grown.ts';

/** Longest text that is kept of a value, in bytes. */
const KEPT_BYTES = 200;
const EMPTY = -1;
const HASH_RANGE = 2 ** 53;
const FIRST_VALUES = 64;

/** A value that was seen. */
export interface SeenValue {
  readonly text: string;
  readonly count: number;
  /** Whatever the caller knows of the text, see `cellTraits`. */
  readonly traits: number;
}

/** A sketch as JSON: parallel arrays, hashes ascending. */
export interface EncodedSketch {
  readonly exact: boolean;
  readonly hashes: readonly number[];
  readonly counts: readonly number[];
  readonly texts: readonly string[];
  readonly traits: readonly number[];
}

/**
 * Mergeable count of distinct values. Up to `limit` of them each is kept with its exact count; beyond that only those
 * with the `limit` / 2 smallest hashes are, still with exact counts: a uniform sample of the values, from which their
 * number follows (Bar-Yossef et al. 2002, "Counting distinct elements in a data stream"; Beyer et al. 2007). The sample
 * depends on the values alone, so that neither order nor sharding can change a result. The relative standard error is
 * about (limit / 2)^-½. Values lie in the order in which they came, and are found by open addressing: one probe, no object.
 */
export class DistinctSketch {
  readonly #limit: number;
  readonly #keepsTexts: boolean;
  #exact = true;
  #threshold = HASH_RANGE;
  #size = 0;
  #hashes = new Float64Array(FIRST_VALUES);
  #counts = new Float64Array(FIRST_VALUES);
  #traits = new Int32Array(FIRST_VALUES);
  #texts: string[] = [];
  /** Number of the value in each slot, of which at most half are taken. */
  #slots = new Int32Array(2 * FIRST_VALUES).fill(EMPTY);

  constructor(limit: number, keepsTexts = true) {
    this.#limit = limit;
    this.#keepsTexts = keepsTexts;
  }

  /** Reads what `toJSON` wrote. */
  static from({ exact, hashes, counts, texts, traits }: EncodedSketch, limit: number, keepsTexts = true) {
    const sketch = new DistinctSketch(limit, keepsTexts);
    for (const [i, hash] of hashes.entries()) sketch.#insert(hash, counts[i]!, texts[i] ?? '', traits[i]!);
    if (!exact) sketch.#forget();
    return sketch;
  }

  /** Whether every value is kept. */
  get exact(): boolean {
    return this.#exact;
  }

  /** Number of different values: exact, or an estimate rounded to a whole number. */
  get distinct(): number {
    if (this.#exact) return this.#size;
    const kept = this.#kept();
    return Math.round(((kept.length - 1) * HASH_RANGE) / this.#hashes[kept.at(-1)!]!);
  }

  /** Values added, over distinct values kept: 1 when no value kept came twice. */
  get meanCount(): number {
    const kept = this.#kept();
    let total = 0;
    for (const value of kept) total += this.#counts[value]!;
    return kept.length === 0 ? 1 : total / kept.length;
  }

  /**
   * Counts a value once more.
   * @param hash whole number in [0, 2^53)
   * @returns what is known of the value; where that is not kept, as of `traitsOf`
   */
  add(
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    traitsOf: (bytes: Uint8Array, start: number, end: number) => number,
  ): number {
    if (hash >= this.#threshold) return traitsOf(bytes, start, end);
    const value = this.#slots[this.#slotOf(hash)]!;
    if (value !== EMPTY) {
      this.#counts[value]! += 1;
      return this.#traits[value]!;
    }
    const text = this.#keepsTexts ? textOf(bytes, start, end) : '';
    const traits = traitsOf(bytes, start, end);
    this.#insert(hash, 1, end - start > KEPT_BYTES ? text.slice(0, KEPT_BYTES) : text, traits);
    return traits;
  }

  /** Counts a hash that stands for no text. */
  addHash(hash: number): void {
    if (hash < this.#threshold) this.#insert(hash, 1, '', 0);
  }

  /** Adds all values of another sketch of the same limit. */
  merge(other: DistinctSketch): void {
    for (let value = 0; value < other.#size; value++) {
      const hash = other.#hashes[value]!;
      if (hash >= this.#threshold) continue;
      this.#insert(hash, other.#counts[value]!, other.#texts[value] ?? '', other.#traits[value]!);
    }
    if (!other.#exact) this.#forget();
  }

  /** The values kept, in no meaningful order but always the same. */
  *values(): Generator<SeenValue> {
    for (const value of this.#kept()) {
      yield { text: this.#texts[value] ?? '', count: this.#counts[value]!, traits: this.#traits[value]! };
    }
  }

  toJSON(): EncodedSketch {
    const kept = [...this.#kept()];
    return {
      exact: this.#exact,
      hashes: kept.map((value) => this.#hashes[value]!),
      counts: kept.map((value) => this.#counts[value]!),
      texts: this.#keepsTexts ? kept.map((value) => this.#texts[value] ?? '') : [],
      traits: kept.map((value) => this.#traits[value]!),
    };
  }

  #insert(hash: number, count: number, text: string, traits: number): void {
    const slot = this.#slotOf(hash);
    const known = this.#slots[slot]!;
    if (known !== EMPTY) {
      this.#counts[known]! += count;
      return;
    }
    const value = this.#size++;
    if (value === this.#hashes.length) this.#grow();
    this.#hashes[value] = hash;
    this.#counts[value] = count;
    this.#traits[value] = traits;
    if (this.#keepsTexts) this.#texts[value] = text;
    this.#slots[slot] = value;
    if (this.#size > this.#limit) this.#forget();
    else if (2 * this.#size > this.#slots.length) this.#place(4 * this.#slots.length);
  }

  #slotOf(hash: number): number {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    // The remainder of a division by a power of two, without the division.
    let slot = hash & mask;
    while (slots[slot] !== EMPTY && hashes[slots[slot]!] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  /** Numbers of the values kept in the end, by hash: all of them, or those with the smallest. */
  #kept(): Int32Array {
    const hashes = this.#hashes.slice(0, this.#size).sort();
    const kept = this.#exact ? hashes : hashes.subarray(0, this.#limit >> 1);
    return Int32Array.from(kept, (hash) => this.#slots[this.#slotOf(hash)]!);
  }

  /** Keeps the values with the smallest hashes only. */
  #forget(): void {
    this.#exact = false;
    const kept = this.#kept();
    // Without this many values the sketch is one that another shard sampled: what it lacks lies above its last hash.
    if (kept.length > 0) this.#threshold = Math.min(this.#threshold, this.#hashes[kept.at(-1)!]! + 1);
    let size = 0;
    for (let value = 0; value < this.#size; value++) {
      if (this.#hashes[value]! >= this.#threshold) continue;
      this.#hashes[size] = this.#hashes[value]!;
      this.#counts[size] = this.#counts[value]!;
      this.#traits[size] = this.#traits[value]!;
      if (this.#keepsTexts) this.#texts[size] = this.#texts[value]!;
      size++;
    }
    this.#size = size;
    this.#texts.length = Math.min(size, this.#texts.length);
    this.#place(this.#slots.length);
  }

  /** Has room for more values. */
  #grow(): void {
    this.#hashes = grown(this.#hashes);
    this.#counts = grown(this.#counts);
    this.#traits = grown(this.#traits);
  }

  /** Finds each value a slot. */
  #place(nSlots: number): void {
    this.#slots = new Int32Array(nSlots).fill(EMPTY);
    for (let value = 0; value < this.#size; value++) this.#slots[this.#slotOf(this.#hashes[value]!)] = value;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= 24) {
    // Short ASCII is faster put together than decoded.
    let text = '';
    for (let i = start; i < end; i++) {
      if (bytes[i]! > 0x7f) return decoder.decode(bytes.subarray(start, end));
      text += String.fromCharCode(bytes[i]!);
    }
    return text;
  }
  return decoder.decode(bytes.subarray(start, Math.min(end, start + 4 * KEPT_BYTES)));
}
