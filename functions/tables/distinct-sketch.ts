/** Longest text that is kept of a value, in bytes. */
const KEPT_BYTES = 200;
const EMPTY = -1;
const HASH_RANGE = 2 ** 53;
const SMALLEST_TABLE = 64;

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
 * about (limit / 2)^-½. Open addressing: a value costs one probe and no object.
 */
export class DistinctSketch {
  readonly #limit: number;
  readonly #keepsTexts: boolean;
  #exact = true;
  #threshold = HASH_RANGE;
  #size = 0;
  #hashes = new Float64Array(SMALLEST_TABLE).fill(EMPTY);
  #counts = new Float64Array(SMALLEST_TABLE);
  #traits = new Uint32Array(SMALLEST_TABLE);
  #texts: string[] = [];

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
    return Math.round(((kept.length - 1) * HASH_RANGE) / kept.at(-1)!);
  }

  /** Values added, over distinct values kept: 1 when no value kept came twice. */
  get meanCount(): number {
    let total = 0;
    let n = 0;
    for (const { count } of this.values()) {
      total += count;
      n++;
    }
    return n === 0 ? 1 : total / n;
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
    const slot = this.#slotOf(hash);
    if (this.#hashes[slot] !== EMPTY) {
      this.#counts[slot]! += 1;
      return this.#traits[slot]!;
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
    for (const [slot, hash] of other.#hashes.entries()) {
      if (hash === EMPTY || hash >= this.#threshold) continue;
      this.#insert(hash, other.#counts[slot]!, other.#texts[slot] ?? '', other.#traits[slot]!);
    }
    if (!other.#exact) this.#forget();
  }

  /** The values kept, in no meaningful order but always the same. */
  *values(): Generator<SeenValue> {
    const kept = this.#kept();
    for (const hash of kept) {
      const slot = this.#slotOf(hash);
      yield { text: this.#texts[slot] ?? '', count: this.#counts[slot]!, traits: this.#traits[slot]! };
    }
  }

  toJSON(): EncodedSketch {
    const hashes = [...this.#kept()];
    const slots = hashes.map((hash) => this.#slotOf(hash));
    return {
      exact: this.#exact,
      hashes,
      counts: slots.map((slot) => this.#counts[slot]!),
      texts: this.#keepsTexts ? slots.map((slot) => this.#texts[slot] ?? '') : [],
      traits: slots.map((slot) => this.#traits[slot]!),
    };
  }

  #insert(hash: number, count: number, text: string, traits: number): void {
    const slot = this.#slotOf(hash);
    if (this.#hashes[slot] === EMPTY) {
      this.#hashes[slot] = hash;
      this.#traits[slot] = traits;
      if (this.#keepsTexts) this.#texts[slot] = text;
      this.#size++;
    }
    this.#counts[slot]! += count;
    if (this.#size > this.#limit) this.#forget();
    else if (2 * this.#size > this.#hashes.length) this.#rebuild(2 * this.#hashes.length, this.#threshold);
  }

  #slotOf(hash: number): number {
    const mask = this.#hashes.length - 1;
    const hashes = this.#hashes;
    // The remainder of a division by a power of two, without the division.
    let slot = hash & mask;
    while (hashes[slot] !== EMPTY && hashes[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  /** The hashes kept in the end, ascending: all of them, or the smallest. */
  #kept(): Float64Array {
    const sorted = this.#hashes.filter((hash) => hash !== EMPTY).sort();
    return this.#exact ? sorted : sorted.subarray(0, this.#limit >> 1);
  }

  /** Keeps the smallest hashes only. */
  #forget(): void {
    this.#exact = false;
    const kept = this.#kept();
    // Without this many values the sketch is one that another shard sampled: what it lacks lies above its last hash.
    if (kept.length > 0) this.#rebuild(this.#hashes.length, Math.min(this.#threshold, kept.at(-1)! + 1));
  }

  #rebuild(length: number, threshold: number): void {
    const [hashes, counts, traits, texts] = [this.#hashes, this.#counts, this.#traits, this.#texts];
    this.#hashes = new Float64Array(length).fill(EMPTY);
    this.#counts = new Float64Array(length);
    this.#traits = new Uint32Array(length);
    this.#texts = [];
    this.#threshold = threshold;
    this.#size = 0;
    for (let old = 0; old < hashes.length; old++) {
      const hash = hashes[old]!;
      if (hash === EMPTY || hash >= threshold) continue;
      const slot = this.#slotOf(hash);
      this.#hashes[slot] = hash;
      this.#counts[slot] = counts[old]!;
      this.#traits[slot] = traits[old]!;
      if (this.#keepsTexts) this.#texts[slot] = texts[old]!;
      this.#size++;
    }
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
